"""The contest's tables: a row per image and class with the run-length code of its mask."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seaice_tf.clouds.data.classes import CLASSES, COLUMNS, split_label
from seaice_tf.errors import InputError

LONGEST_CODE = 2**31 - 1  # characters; csv's own limit is shorter than a large mask's code


@dataclass(frozen=True)
class Table:
    """The codes by image and class in the order of the file, and what is wrong with the rest."""

    codes: dict[str, dict[str, str]]
    troubles: tuple[str, ...]


def read(path: Path) -> Table:
    """Read train.csv or a submission; an empty code is no mask. Codes are not decoded.

    Raises:
        InputError: no such file, not a text of two columns, or other names of the columns.
    """
    codes: dict[str, dict[str, str]] = {}
    troubles = []
    for line, row in _rows(path):
        if len(row) != len(COLUMNS):
            troubles.append(f"{path} line {line}: expected 2 columns, got {len(row)}; mend the row")
            continue
        label, code = row
        if (parts := split_label(label)) is None:
            troubles.append(
                f"{path} line {line}: expected <image>_<{'|'.join(CLASSES)}>, got {label[:60]!r}; "
                "correct the name"
            )
            continue
        name, kind = parts
        if kind in codes.setdefault(name, {}):
            troubles.append(
                f"{path} line {line}: expected one row for {label}, got another; remove one of them"
            )
            continue
        codes[name][kind] = code.strip()
    for name, found in codes.items():
        if missing := [kind for kind in CLASSES if kind not in found]:
            troubles.append(
                f"{path}: expected a row for each of the four classes of {name}, got none for "
                f"{', '.join(missing)}; add it, with an empty code for no mask"
            )
    return Table(codes, tuple(troubles))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of the rows after the header, blank lines left out."""
    if not path.is_file():
        raise InputError(f"{path}: expected a table {' and '.join(COLUMNS)}, got no such file")
    with _long_fields(), path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.reader(file)
        try:
            if (header := next(table, [])) != list(COLUMNS):
                raise InputError(
                    f"{path}: expected the columns {','.join(COLUMNS)}, got "
                    f"{','.join(header)[:60]!r}; use the contest's train.csv"
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
    usual = csv.field_size_limit(LONGEST_CODE)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
