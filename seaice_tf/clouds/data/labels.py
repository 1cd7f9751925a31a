"""Classes and label tables of the competition "Understanding Clouds from Satellite Images".

`train.csv` and a submission share one format: a row for each image and class, with the run-length
code of the mask (see `rle`), empty where the image does not contain the class.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seaice_tf.errors import InputError

CLASSES = ("Fish", "Flower", "Gravel", "Sugar")  # in the order of the competition's files
LABEL_SHAPE = (1400, 2100)  # (rows, columns) of the masks encoded in train.csv
SCORE_SHAPE = (350, 525)  # (rows, columns) of the masks of a submission, on which it is scored
COLUMNS = ("Image_Label", "EncodedPixels")  # of train.csv and of a submission
LONGEST_CODE = 2**31 - 1  # characters; csv's own limit is shorter than the code of a large mask


def split_label(label: str) -> tuple[str, str] | None:
    """Image name and class of a table's label; None if the class is not one of the four.

    >>> split_label("0011165.jpg_Fish")
    ('0011165.jpg', 'Fish')
    """
    name, _, kind = label.rpartition("_")
    return (name, kind) if name and kind in CLASSES else None


def join_label(name: str, kind: str) -> str:
    """Label of an image name and a class; the inverse of `split_label`."""
    return f"{name}_{kind}"


@dataclass(frozen=True)
class Table:
    """Content of a label table.

    Attributes:
        codes: image name -> class -> run-length code, in the order of the file.
        problems: one sentence for each row that could not be used.
    """

    codes: dict[str, dict[str, str]]
    problems: tuple[str, ...]


def read(path: Path) -> Table:
    """Read train.csv or a submission without decoding its run-length codes.

    Args:
        path: of the table.

    Returns:
        The codes of all valid rows, and the problems of the others.

    Raises:
        InputError: the file is missing, is not a text of comma-separated values, or has other
            columns.
    """
    codes: dict[str, dict[str, str]] = {}
    problems = []
    for line, row in _rows(path):
        if len(row) != len(COLUMNS):
            problems.append(
                f"{path} line {line}: expected 2 columns, got {len(row)}; correct the row"
            )
            continue
        label, code = row
        if (parts := split_label(label)) is None:
            problems.append(
                f"{path} line {line}: expected <image>_<{'|'.join(CLASSES)}>, got {label[:60]!r}; "
                "correct the name"
            )
            continue
        name, kind = parts
        if kind in codes.setdefault(name, {}):
            problems.append(
                f"{path} line {line}: expected one row for {label}, got another; remove one of them"
            )
            continue
        codes[name][kind] = code.strip()
    for name, found in codes.items():
        if missing := [kind for kind in CLASSES if kind not in found]:
            problems.append(
                f"{path}: expected a row for each of the four classes of {name}, got none for "
                f"{', '.join(missing)}; add it, with an empty code for no mask"
            )
    return Table(codes, tuple(problems))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row after the header, blank lines skipped."""
    if not path.is_file():
        raise InputError(f"{path}: expected a table {' and '.join(COLUMNS)}, got no such file")
    with _long_fields(), path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.reader(file)
        try:
            if (header := next(table, [])) != list(COLUMNS):
                raise InputError(
                    f"{path}: expected the columns {','.join(COLUMNS)}, got "
                    f"{','.join(header)[:60]!r}; use the competition's train.csv"
                )
            for row in table:
                if row:
                    yield table.line_num, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}: expected a text of comma-separated values, got {error} after line "
                f"{table.line_num}; download the file again"
            ) from error


@contextmanager
def _long_fields():
    """Raise the csv module's limit on the length of a field, and restore it afterwards."""
    previous = csv.field_size_limit(LONGEST_CODE)
    try:
        yield
    finally:
        csv.field_size_limit(previous)
