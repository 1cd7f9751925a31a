"""The contest's table of masks: train.csv and submission.csv have the same form."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data import masks, rle
from seaice_tf.clouds.data.classes import CLASSES, COLUMNS, SCORE_SHAPE, join_label
from seaice_tf.errors import InputError
from seaice_tf.files import atomic

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def encode(layers: np.ndarray) -> list[str]:
    """The codes on 350 x 525 of masks (rows, columns, 4) bool of any size, as a submission has."""
    planes: Iterable[np.ndarray] = np.moveaxis(layers, -1, 0)
    if layers.shape[:2] != SCORE_SHAPE:
        planes = [masks.resize(plane, SCORE_SHAPE) for plane in planes]
    return [rle.encode(plane) for plane in planes]


def write(path: Path, codes: Mapping[str, Sequence[str]]) -> Path:
    """Write four rows per image, by name and then by class.

    Args:
        path: of the table.
        codes: image's name -> the codes of the four classes, empty for no mask.

    Raises:
        InputError: a spreadsheet would run a name as a formula.
    """
    if formulas := [name for name in codes if name.startswith(FORMULA)]:
        raise InputError(
            f"{path}: expected names of images, got {formulas[0]!r}, which a spreadsheet takes for "
            f"a formula; rename the image"
        )
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for name in sorted(codes):
        for kind, code in zip(CLASSES, codes[name], strict=True):
            table.writerow([join_label(name, kind), code])
    return atomic.write_text(path, text.getvalue())
