"""A report page as one HTML file that loads nothing from the network."""

import base64
import hashlib
import importlib.resources
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.report import encode
from seaice_tf.report.parts import Heat, Interval, Section, Table

LIMIT = 5_000_000  # bytes of a page
SCRIPTS = ("core", "tables", "choices", "lines", "frames", "scenes", "masks", "swipe", "start")


@dataclass(frozen=True)
class Page:
    """The contents of a page.

    Attributes:
        title: of the page.
        subtitle: name of the data.
        sections: in order.
        facts: key numbers at the top: name -> (value, remark).
        warnings: shown above the sections.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    facts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def write(path: Path, page: Page) -> Path:
    """Write a page; InputError if it exceeds LIMIT."""
    content = render(page).encode()
    if len(content) > LIMIT:
        raise InputError(
            f"{path}: expected a page of at most {LIMIT / 1e6:.0f} MB, got "
            f"{len(content) / 1e6:.1f}; name fewer runs"
        )
    return atomic.write_bytes(path, content)


def render(page: Page) -> str:
    """The page as HTML; names and texts are escaped."""
    script = "\n".join(
        [_file("vendor/uplot/uPlot.iife.min.js"), *(_file(f"static/{n}.js") for n in SCRIPTS)]
    )
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            style=Markup(_file("vendor/uplot/uPlot.min.css") + _file("static/page.css")),
            script=Markup(script),
            # Only the script with this hash runs, none that came with the data.
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            palettes=encode.palettes(),
        )
    )


def markdown(text: str) -> Markup:
    """Markdown as HTML; HTML in it is escaped, and images are removed, as they would be loaded."""
    return Markup(MarkdownIt("js-default").disable("image").render(text))


def number(value: float, digits: int | None = None) -> str:
    """Format a number with about four digits; integers without a point, NaN as a dash.

    >>> number(3.14159), number(1234567.0), number(float("nan")), number(0.000123)
    ('3.142', '1,234,567', '-', '0.000123')
    """
    if not math.isfinite(value):
        return "-"
    if digits is not None:
        return f"{value:,.{digits}f}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    size = abs(value)
    return f"{value:.3g}" if size < 0.01 else f"{value:,.{_decimals(size)}f}"


def _decimals(size: float) -> int:
    return 3 if size < 10 else 2 if size < 100 else 1


def _digits(table: Table) -> list[int | None]:
    """Number of decimals of each column; None for a column without a common number."""
    result: list[int | None] = []
    for column in range(len(table.columns)):
        cells = [row[column] for row in table.rows]
        known = [abs(c) for c in cells if isinstance(c, int | float) and math.isfinite(c)]
        whole = all(float(size).is_integer() for size in known)
        tiny = any(0 < size < 0.01 for size in known)
        result.append(0 if whole else None if tiny else _decimals(max(known)))
    return result


def _file(name: str) -> str:
    return importlib.resources.files("seaice_tf.report").joinpath(name).read_text("utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _file(f"templates/{name}")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # classes keep their order
    counter = itertools.count(1)
    environment.globals |= {
        "fresh": lambda: f"part-{next(counter)}",
        "shade": _shade,
        "limits": _limits,
        "digits": _digits,
    }
    environment.filters.update(number=number, plain=encode.plain, markdown=markdown)
    environment.tests |= {
        "interval": lambda cell: isinstance(cell, Interval),
        "finite": lambda cell: not isinstance(cell, str) and math.isfinite(cell),
    }
    return environment


def _shade(heat: Heat, value: float) -> str:
    """CSS of a cell of a matrix: its colour, and black or white text."""
    # Floats: a colour map takes an integer 1 for its second colour.
    fraction = min(max((value - heat.low) / (heat.high - heat.low), 0.0), 1.0)
    red, green, blue, _ = encode.COLOURS[heat.colours](fraction, bytes=True)
    light = 0.299 * red + 0.587 * green + 0.114 * blue > 130
    return f"background:#{red:02x}{green:02x}{blue:02x};color:{'#000' if light else '#fff'}"


def _limits(table: Table, column: int) -> tuple[float, float]:
    """Range of the intervals in a column, the scale of its bars."""
    ends = [
        end
        for row in table.rows
        if isinstance(cell := row[column], Interval)
        for end in (cell.low, cell.high, cell.value)
        if math.isfinite(end)
    ]
    low, high = min(ends), max(ends)
    return (low, high) if low < high else (low - 0.5, high + 0.5)
