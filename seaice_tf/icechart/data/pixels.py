"""A downscaled scene with its charts, in bands of rows of which a patch touches few."""

from dataclasses import dataclass

import numpy as np

from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data.charts import MASK
from seaice_tf.icechart.data.names import SceneName

WHOLE = 255  # share of a pixel that is all valid


@dataclass(frozen=True)
class Band:
    """Some rows of a scene, in memory or mapped from a file."""

    channels: np.ndarray  # (rows, columns, C) float16
    share: np.ndarray  # (rows, columns) uint8, valid SAR pixels in each, 255 for all of them
    charts: np.ndarray  # (rows, columns, 3) uint8 of CHARTS in turn, 255 masked


@dataclass(frozen=True)
class Pixels:
    """All bands of a scene, from the top."""

    name: SceneName
    area: str
    bands: tuple[Band, ...]

    @property
    def shape(self) -> tuple[int, int]:
        return sum(len(band.share) for band in self.bands), self.bands[0].share.shape[1]

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Channels (h, w, C) as they are held and charts (h, w, 3) uint8 of a window of the scene.

        A chart is masked where there is no SAR.
        """
        shape = window.height, window.width
        first = self.bands[0].channels
        channels = np.empty((*shape, first.shape[-1]), first.dtype)
        charts = np.empty((*shape, self.bands[0].charts.shape[-1]), np.uint8)
        top = 0
        for band in self.bands:
            bottom = top + len(band.share)
            if top < window.bottom and window.top < bottom:
                rows = slice(max(window.top - top, 0), window.bottom - top)
                here = rows, slice(window.left, window.right)
                there = slice(max(top - window.top, 0), bottom - window.top)
                channels[there] = band.channels[here]
                charts[there] = band.charts[here]
                charts[there][band.share[here] == 0] = MASK
            top = bottom
        return channels, charts

    def counted(self) -> np.ndarray:
        """Where there are SAR and a chart: (H, W) bool."""
        return np.concatenate(
            [(band.share > 0) & (_all_bits(band.charts) != MASK) for band in self.bands]
        )


def _all_bits(charts: np.ndarray) -> np.ndarray:
    """MASK, all bits set, where all three charts are masked; any() over three is slower."""
    return charts[..., 0] & charts[..., 1] & charts[..., 2]
