"""Whether a submission file is what the contest accepts."""

from collections.abc import Iterable
from pathlib import Path

from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data import table as cloud_table
from seaice_tf.clouds.data.classes import CLASSES, SCORE_SHAPE, join_label
from seaice_tf.errors import InputError

SHOWN = 6  # names in a message


def validate_submission(path: Path, names: Iterable[str] | None = None) -> list[str]:
    """All that is wrong with a submission; an empty list for one that is right.

    Args:
        path: of submission.csv.
        names: of the images that were to be predicted, if they are known.
    """
    try:
        table = cloud_table.read(path)
    except InputError as error:
        return [str(error)]
    troubles = list(table.troubles)
    for name, row in table.codes.items():
        for kind, code in row.items():
            try:
                rle.runs(code, SCORE_SHAPE, f"{path}: {join_label(name, kind)}")
            except InputError as error:
                troubles.append(str(error))
    if names is not None:
        wanted, got = set(names), set(table.codes)
        rows = f"{len(CLASSES) * len(wanted)} rows of {len(wanted)} images"
        if missing := sorted(wanted - got):
            troubles.append(
                f"{path}: expected {rows}, got none of {_some(missing)}; predict the folder again"
            )
        if strange := sorted(got - wanted):
            troubles.append(
                f"{path}: expected {rows}, got others of {_some(strange)}; take them out"
            )
    return troubles


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
