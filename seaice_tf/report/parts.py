"""What a page is made of: plain records of numbers, names and arrays, which know no HTML.

A record's class says by its `kind` which template and which script draw it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from seaice_tf.report.pictures import Colours, Frames, Masks, Scenes, Swipe

Style = Literal["line", "dashes", "points", "dots", "band"]


@dataclass(frozen=True)
class Interval:
    """A number and the interval that it may lie in; a table's cell draws it as a bar."""

    value: float
    low: float
    high: float


Cell = str | float | Interval


@dataclass(frozen=True)
class Table:
    """Rows that can be sorted by any column.

    Attributes:
        title: stands above it.
        columns: the first names the rows.
        rows: cells, as many a row as there are columns; NaN is shown as a dash.
        text: stands below it.
        marked: names of rows to be printed bold.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: str = ""
    marked: Collection[str] = ()


@dataclass(frozen=True)
class Series:
    """One curve: a value for each x, NaN where there is none.

    A "band" is filled between `low` and `values`, and stands behind all others.
    """

    name: str
    values: Sequence[float]
    style: Style = "line"
    low: Sequence[float] = ()


@dataclass(frozen=True)
class Lines:
    """Curves over one axis.

    Attributes:
        title: stands above them.
        x: ascending numbers, or the names of as many steps.
        series: each with a value for each x.
        x_label, y_label: with the unit.
        text: stands below it.
        log: offer a logarithmic scale for the values.
        x_log: the scale of x is logarithmic.
    """

    kind: ClassVar[str] = "lines"
    title: str
    x: Sequence[float] | Sequence[str]
    series: Sequence[Series]
    x_label: str
    y_label: str
    text: str = ""
    log: bool = False
    x_log: bool = False


@dataclass(frozen=True)
class Heat:
    """A matrix of numbers as coloured cells; NaN stays empty.

    Attributes:
        title: stands above it.
        rows, columns: names.
        values: (rows, columns), shown with `digits` decimals.
        low, high: ends of the colours.
        corner: what rows and columns are.
    """

    kind: ClassVar[str] = "heat"
    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: np.ndarray
    low: float
    high: float
    corner: str = ""
    text: str = ""
    colours: Colours = "fraction"
    digits: int = 2


@dataclass(frozen=True)
class Prose:
    """Text in Markdown."""

    kind: ClassVar[str] = "prose"
    markdown: str


@dataclass(frozen=True)
class Choice:
    """Parts of which one set is shown at a time."""

    kind: ClassVar[str] = "choice"
    title: str
    options: Mapping[str, Sequence["Part"]]


@dataclass(frozen=True)
class Fold:
    """Parts that are shown when asked for."""

    kind: ClassVar[str] = "fold"
    title: str
    parts: Sequence["Part"]


Part = Table | Lines | Heat | Frames | Scenes | Masks | Swipe | Prose | Choice | Fold


@dataclass(frozen=True)
class Section:
    """A chapter of the page."""

    title: str
    parts: Sequence[Part]
    text: str = ""
