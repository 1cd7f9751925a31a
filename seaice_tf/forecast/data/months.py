"""Calendar months as numpy datetime64[M]."""

import re

import numpy as np

from seaice_tf.errors import InputError


def parse(text: str) -> np.datetime64:
    """The month written "YYYY-MM"; InputError if it is not one."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise InputError(f"month: expected YYYY-MM, got {text!r}")
    return np.datetime64(text, "M")


def number(month) -> int:
    """Calendar month, 1 to 12.

    >>> number(np.datetime64("2012-09"))
    9
    """
    return int(month.astype("datetime64[M]").astype(int)) % 12 + 1


def span(first, last) -> np.ndarray:
    """All months from `first` to `last`, both included."""
    return np.arange(first, last + 1, dtype="datetime64[M]")
