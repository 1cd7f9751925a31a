"""What a format of sea-ice concentration files is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.forecast.data.file_names import Name


@dataclass(frozen=True)
class Field:
    """The raw counts of one file."""

    counts: np.ndarray  # (rows, columns) uint8; above 250 a flag, see transforms.counts
    synthetic: bool = False  # the file says of itself that it was not observed


@dataclass(frozen=True)
class Format:
    """How files of one product are told by their names, and read.

    Attributes:
        title: the product and its version.
        names: how its files are called, for messages.
        citation: what a product made of them refers to.
        parse_name: what a file's name says; None for the name of anything else.
        read_file: the file of that name as counts; InputError if it is damaged.
    """

    title: str
    names: str
    citation: str
    parse_name: Callable[[str], Name | None]
    read_file: Callable[[Path, Name], Field]
