"""What comes of masks: the submission, a picture of each photo, and a sheet of the worst."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.clouds.products import maps as cloud_maps
from seaice_tf.clouds.products import submission
from seaice_tf.clouds.products.maps import Panel
from seaice_tf.files import maps


def write(
    out: Path, codes: Mapping[str, Sequence[str]], panels: Iterable[Panel], caption: str
) -> list[Path]:
    """Write submission.csv and overlays/<title>.png.

    Args:
        out: folder.
        codes: image's name -> the codes of the four classes (cloud_submission.encode).
        panels: photos to be drawn, as many as are wanted, titled by the image's name.
        caption: what the masks were made by, and from what data.
    """
    paths = [submission.write(out / "submission.csv", codes)]
    for panel in panels:
        place = out / "overlays" / f"{Path(panel.title).stem}.png"
        paths.append(maps.write(place, cloud_maps.figure([panel], caption)))
    return paths


def worst_sheet(
    path: Path, values: np.ndarray, panel: Callable[[int], Panel], caption: str, number: int = 12
) -> Path:
    """Write a contact sheet of the images with the lowest Dice, the worst first.

    Args:
        path: of the PNG.
        values: (n, 4) Dice of each image and class.
        panel: index of an image -> it, with its truth.
        caption: what the masks were made by, and from what data.
        number: of images shown.
    """
    worst = np.argsort(values.mean(axis=1), kind="stable")[:number]
    panels = [_scored(panel(int(i)), values[i]) for i in worst]
    return maps.write(path, cloud_maps.figure(panels, caption, columns=4))


def comparison(panel: Panel, caption: str) -> np.ndarray:
    """A photo with its masks as (H, W, 3) uint8, for TensorBoard."""
    return maps.pixels(cloud_maps.figure([panel], caption))


def _scored(panel: Panel, values: np.ndarray) -> Panel:
    dice = "  ".join(f"{kind} {value:.2f}" for kind, value in zip(CLASSES, values))
    return panel._replace(title=f"{panel.title}: Dice {values.mean():.2f}\n{dice}")
