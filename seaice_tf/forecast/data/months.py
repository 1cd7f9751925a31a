"""Calendar months as numpy datetime64[M]."""

import re
from collections.abc import Iterable

import numpy as np

from seaice_tf.errors import InputError


def parse(text: str, where: str = "month") -> np.datetime64:
    """The month written "YYYY-MM"; InputError, which begins with `where`, if it is not one."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise InputError(f"{where}: expected YYYY-MM, got {text!r}")
    return np.datetime64(text, "M")


def require(record: object, *names: str) -> None:
    """Check the named fields of a record: each is a month or empty; InputError if one is not."""
    for name in names:
        if text := getattr(record, name):
            parse(text, name)


def number(month) -> int:
    """Calendar month, 1 to 12.

    >>> number(np.datetime64("2012-09"))
    9
    """
    return int(month.astype("datetime64[M]").astype(int)) % 12 + 1


def span(first, last) -> np.ndarray:
    """All months from `first` to `last`, both included."""
    return np.arange(first, last + 1, dtype="datetime64[M]")


def ranges(months: Iterable, most: int = 6) -> str:
    """Months in words, consecutive ones as a period; of more than `most` periods the number.

    >>> ranges(np.array(["2001-01", "2001-02", "2001-03", "2004-07"], "datetime64[M]"))
    '2001-01 to 2001-03 (3 months) and 2004-07'
    """
    ordered = np.unique(np.array(list(months), "datetime64[M]"))
    if not ordered.size:
        return "no month"
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered).astype(int) > 1) + 1)
    texts = [
        str(group[0]) if len(group) == 1 else f"{group[0]} to {group[-1]} ({len(group)} months)"
        for group in groups
    ]
    if len(texts) > most:
        shown = ", ".join(texts[: most - 1])
        return f"{shown} and {len(texts) - most + 1} more gaps, {ordered.size} months in all"
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
