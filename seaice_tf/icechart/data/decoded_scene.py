"""Real scenes decoded from a published figure: grey levels and classes at about 1.2 km."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import npz
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK
from seaice_tf.icechart.data.names import SceneName

GREYS = ("HH", "HV", "IA")


@dataclass(frozen=True)
class DecodedScene:
    """A scene whose channels are 8-bit grey levels of a figure: for display, not for scores."""

    name: SceneName
    greys: dict[str, np.ndarray]  # HH, HV and incidence angle, each (H, W) uint8
    charts: dict[str, np.ndarray]  # (H, W) uint8, 255 where masked
    sea: np.ndarray  # (H, W) bool, True where the figure shows data


def read(path: Path) -> DecodedScene:
    """Read `<time>_<service>_decoded_<W>x<H>.npz`.

    Raises:
        InputError: missing arrays, or arrays of another type, shape or range.
    """
    name = scene_names.parse("_".join(path.stem.split("_")[:2]))
    arrays = {key: npz.mapped(path, key) for key in (*GREYS, *CHARTS, "mask")}
    for key, values in arrays.items():
        if values.dtype != np.uint8 or values.ndim != 2 or values.shape != arrays["mask"].shape:
            raise InputError(
                f"{path}: expected {key} as uint8 of the {arrays['mask'].shape} pixels of mask, "
                f"got {values.dtype} {values.shape}; use the decoded scene of the data folder"
            )
    charts = {chart: arrays[chart] for chart in CHARTS}
    for chart, values in charts.items():
        if ((values >= len(CLASSES[chart])) & (values != MASK)).any():
            raise InputError(f"{path}: expected classes of {chart}, got others; decode it again")
    return DecodedScene(name, {grey: arrays[grey] for grey in GREYS}, charts, arrays["mask"] == 0)
