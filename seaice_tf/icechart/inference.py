"""Inference on a scene of any size: overlapping tiles and test-time augmentation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids import tiles
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart.choices import alignment
from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.data.decision import FIELDS, PROBABILITIES
from seaice_tf.icechart.data.symmetry import TTA, WIND
from seaice_tf.icechart.settings import Settings
from seaice_tf.task import Maps

Serve = Callable[[np.ndarray], Maps]
Read = Callable[[Window], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """Options of inference."""

    tile: int = 512
    """Pixels along a side of the tiles of larger scenes."""
    halo: int | None = None
    """Overlap of tiles in pixels on each side. Default: the receptive field of the network, with
    which tiles give the same as the whole scene: 54 for 4 levels, 222 for 6, 894 for 8. In an
    ensemble it is that of the first run."""
    tta: Literal[tuple(TTA)] = "none"  # type: ignore[valid-type]
    """Test-time augmentation: average over none, the four flips or all eight symmetries (d4)."""

    def __post_init__(self):
        if self.tile < 1 or (self.halo or 0) < 0:
            raise InputError(
                f"tile, halo: expected a tile of at least 1 and a halo of at least 0, got "
                f"{self.tile} and {self.halo}"
            )

    def check(self, settings: Settings) -> None:
        """Raise InputError if the channels of the settings do not allow the augmentation."""
        if self.tta == "d4" and len(set(WIND) & set(settings.channels)) == 1:
            raise InputError(
                f"tta: expected channels with both of {', '.join(WIND)} or none, got one; rotating "
                f"the wind vector needs both: use --tta flips"
            )


def predict_scene(
    settings: Settings, options: PredictOptions, shape: tuple[int, int], read: Read, serve: Serve
) -> Maps:
    """Predict the fields of a scene, at once if it fits into a tile, else tile by tile.

    With several tiles, probabilities and uncertainty are stored in a byte each (see
    `decision.packed`), 31 bytes a pixel with the charts.

    Args:
        settings: of the run.
        options: tiles and test-time augmentation.
        shape: rows and columns of the downscaled scene.
        read: from a window to its channels, (height, width, C).
        serve: the SavedModel, from a batch of channels to the fields.

    Returns:
        The fields by name, (H, W, ...).
    """
    if max(shape) <= options.tile:
        return predict_image(settings, options.tta, read(whole(shape)), serve)
    levels = len(settings.filters)
    from seaice_tf.networks.unet import context  # needs TensorFlow

    halo = context(levels) if options.halo is None else options.halo
    fields: dict[str, np.ndarray] = {chart: np.empty(shape, np.uint8) for chart in CHARTS}
    fields["concentration"] = np.empty(shape, np.float16)
    for name, chart in zip(PROBABILITIES, CHARTS):
        fields[name] = np.empty((*shape, len(CLASSES[chart])), np.uint8)
    fields["uncertainty"] = np.empty((*shape, len(CHARTS)), np.uint8)
    for band in tiles.parts(shape, options.tile, halo, alignment(levels)):
        for window, around in band:
            found = predict_image(settings, options.tta, read(around), serve)
            for name, values in fields.items():
                part = tiles.inside(found[name], window, around)
                values[window.slices] = decision.stored(part, values.dtype)
    return fields


def predict_image(settings: Settings, tta: str, image: np.ndarray, serve: Serve) -> Maps:
    """Predict the fields of an image (H, W, C), averaged over the symmetries of `tta`."""
    symmetries = TTA[tta]
    if len(symmetries) == 1:
        return {name: values[0] for name, values in serve(image[None]).items()}
    height, width = image.shape[:2]
    align = alignment(len(settings.filters))
    # Padded as in the network, but before the symmetries are applied.
    padded = np.pad(image, [(0, -height % align), (0, -width % align), (0, 0)])
    found = [
        serve(symmetry.apply_to_channels(padded, settings.channels)[None])
        for symmetry in symmetries
    ]
    mean = {
        name: np.mean(
            [symmetry.invert(each[name][0]) for symmetry, each in zip(symmetries, found)], axis=0
        )
        for name in FIELDS
    }
    mean = {name: values[:height, :width] for name, values in mean.items()}
    uncertainty = decision.uncertainty(mean, settings.uncertainty)
    return {**decision.decide(mean, settings.consistent), **mean, "uncertainty": uncertainty}
