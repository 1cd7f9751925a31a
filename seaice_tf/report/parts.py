"""The parts of a report page: records of numbers, names and arrays, without HTML.

The `kind` of a class selects its template and script.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from seaice_tf.report.pictures import Colours, Frames, Masks, Scenes, Swipe

Style = Literal["line", "dashes", "points", "dots", "band"]


@dataclass(frozen=True)
class Interval:
    """A number with its confidence interval, drawn as a bar in the cell of a table."""

    value: float
    low: float
    high: float


Cell = str | float | Interval


@dataclass(frozen=True)
class Table:
    """A table that can be sorted by any column.

    Attributes:
        title: heading.
        columns: names of the columns; the first column has the names of the rows.
        rows: cells, one per column; NaN is shown as a dash.
        text: note below.
        marked: names of the rows in bold type.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: str = ""
    marked: Collection[str] = ()


@dataclass(frozen=True)
class Series:
    """A curve.

    Attributes:
        name: in the legend.
        values: at each x, NaN where missing.
        style: of the curve; a "band" is filled between `low` and `values`, behind all others.
        low: lower edge of a band.
        colour: as "#56b4e9", where the curve is of something that has a colour of its own on the
            page; by default one by its place.
    """

    name: str
    values: Sequence[float]
    style: Style = "line"
    low: Sequence[float] = ()
    colour: str = ""


@dataclass(frozen=True)
class Lines:
    """Curves over one axis.

    Attributes:
        title: heading.
        x: ascending numbers, or names of steps.
        series: the curves.
        x_label, y_label: with units.
        text: note below.
        log: offer a logarithmic scale of the values.
        x_log: use a logarithmic scale of x.
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
    """A matrix of numbers in coloured cells; NaN stays empty.

    Attributes:
        title: heading.
        rows, columns: names.
        values: (rows, columns).
        low, high: range of the colours.
        corner: label of the top left cell.
        text: note below.
        colours: colour map.
        digits: number of decimals.
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
    """Sets of parts, of which one is shown at a time."""

    kind: ClassVar[str] = "choice"
    title: str
    options: Mapping[str, Sequence["Part"]]


@dataclass(frozen=True)
class Fold:
    """Parts that are hidden until the reader opens them."""

    kind: ClassVar[str] = "fold"
    title: str
    parts: Sequence["Part"]


Part = Table | Lines | Heat | Frames | Scenes | Masks | Swipe | Prose | Choice | Fold


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    title: str
    parts: Sequence[Part]
    text: str = ""
