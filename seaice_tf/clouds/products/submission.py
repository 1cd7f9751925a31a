"""Label tables of the competition: writing train.csv and submission.csv, and validation."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data import labels, photos, rle
from seaice_tf.clouds.data.labels import CLASSES, COLUMNS, SCORE_SHAPE, join_label
from seaice_tf.errors import InputError
from seaice_tf.files import atomic

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet evaluates what begins with these
CHOICES = "choices.csv"  # written beside it, for the reader
LISTED = 6  # names in an error message


def encode(masks: np.ndarray) -> list[str]:
    """Run-length codes of a submission.

    Args:
        masks: (rows, columns, 4) bool of any size.

    Returns:
        The codes of the four classes on 350 x 525, empty for an empty mask.
    """
    planes: Iterable[np.ndarray] = np.moveaxis(masks, -1, 0)
    if masks.shape[:2] != SCORE_SHAPE:
        planes = [rle.resize(plane, SCORE_SHAPE) for plane in planes]
    return [rle.encode(plane) for plane in planes]


def write(path: Path, codes: Mapping[str, Sequence[str]]) -> Path:
    """Write a table with four rows per image, ordered by name and class.

    Args:
        path: of the table.
        codes: image name -> run-length codes of the four classes, empty for no mask.

    Returns:
        The path.

    Raises:
        InputError: a spreadsheet would evaluate a name as a formula.
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


def check(path: Path, target: Path | None = None) -> list[str] | None:
    """Problems of a submission.

    Args:
        path: of the table.
        target: folder of the photos that it must contain.

    Returns:
        One sentence for each problem; None for a file that is no submission.
    """
    if path.suffix != ".csv" or path.is_dir() or path.name == CHOICES:
        return None
    return validate(path, photos.read_unlabelled(target).names if target else None)


def validate(path: Path, names: Iterable[str] | None = None) -> list[str]:
    """Problems for which the competition would reject a submission.

    Args:
        path: of submission.csv.
        names: of the images that it must contain; None skips this check.

    Returns:
        One sentence for each problem; empty for a valid submission.
    """
    try:
        table = labels.read(path)
    except InputError as error:
        return [str(error)]
    problems = list(table.problems)
    for name, row in table.codes.items():
        for kind, code in row.items():
            try:
                rle.code_runs(code, SCORE_SHAPE, f"{path}: {join_label(name, kind)}")
            except InputError as error:
                problems.append(str(error))
    if names is not None:
        expected, got = set(names), set(table.codes)
        rows = f"{len(CLASSES) * len(expected)} rows of {len(expected)} images"
        if missing := sorted(expected - got):
            problems.append(
                f"{path}: expected {rows}, got none of {_listed(missing)}; predict the folder again"
            )
        if unexpected := sorted(got - expected):
            problems.append(
                f"{path}: expected {rows}, got others of {_listed(unexpected)}; remove them"
            )
    return problems


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
