"""Products of one algorithm joined to one record: its parts, its seams, and how they differ."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seaice_tf.forecast.data.counts import FULL_ICE, ICE_EDGE, flagged
from seaice_tf.forecast.data.formats import Product
from seaice_tf.grids.polar import Grid

OVERLAP = 12  # months that two products are compared over, those nearest to the seam


@dataclass(frozen=True)
class Part:
    """Consecutive months of one product."""

    product: Product
    daily: bool
    first: np.datetime64
    last: np.datetime64

    @property
    def name(self) -> str:
        return self.product.title + (" daily" if self.daily else "")


@dataclass(frozen=True)
class Seam:
    """Where one product follows another.

    Attributes:
        month: the first of the later product.
        before, after: names of the products.
        months: that both give, of which the differences are the mean; 0 if there is none.
        concentration: later minus earlier, in percent, over cells where either has ice.
        extent: the same in 10^6 km2.
    """

    month: np.datetime64
    before: str
    after: str
    months: int = 0
    concentration: float = np.nan
    extent: float = np.nan

    def __str__(self) -> str:
        text = f"{self.after} follows {self.before} in {self.month}"
        if not self.months:
            return f"{text}; no month is given by both, so their difference is not known"
        return (
            f"{text}; over {self.months} months that both give, later minus earlier is "
            f"{self.concentration:+.2f} % of concentration and {self.extent:+.3f} million km2 of "
            f"extent"
        )


def parts(chosen: Mapping[np.datetime64, tuple[Product, bool]]) -> tuple[Part, ...]:
    """The parts of a record.

    Args:
        chosen: product and "daily" by month, in order of time; months without an observation
            are left out.
    """
    found: list[Part] = []
    for month, (product, daily) in chosen.items():
        if found and (found[-1].product, found[-1].daily) == (product, daily):
            found[-1] = Part(product, daily, found[-1].first, month)
        else:
            found.append(Part(product, daily, month, month))
    return tuple(found)


def kind(record: tuple[Part, ...], grid: Grid) -> str:
    """Products, periods and hemisphere, the usual ones left out.

    Of a record with a single seam both products and the seam, of any other their names.
    """
    south = "" if grid.name == "north" else " south"
    names = list(dict.fromkeys(part.name for part in record))
    if len(record) == 2:
        return f"{names[0]}{south} to {record[0].last}, then {names[1]}"
    return " with ".join(names) + south


def title(kind: str, synthetic: bool, first: np.datetime64, last: np.datetime64) -> str:
    """Name of a record, for titles and tables."""
    return f"{'synthetic, not observed' if synthetic else kind}, {first} to {last}"


def provenance(record: tuple[Part, ...], seams: tuple[Seam, ...]) -> str:
    """What a product made of the record refers to: citations, months of each, seams."""
    if len(record) == 1:
        return record[0].product.citation
    months = [f"{part.first} to {part.last} from {part.product.citation}" for part in record]
    return "; ".join([*months, *map(str, seams)])


def difference(earlier: np.ndarray, later: np.ndarray, grid: Grid) -> tuple[float, float]:
    """Later minus earlier: mean concentration in percent, and extent in 10^6 km2.

    Args:
        earlier, later: (rows, columns) uint8 counts of the same month; cells that both observe
            are compared, the concentration where either has ice.
    """
    both = ~flagged(earlier) & ~flagged(later)
    ice = both & ((earlier > 0) | (later > 0))
    change = later.astype(float) - earlier
    concentration = 100 / FULL_ICE * change[ice].mean() if ice.any() else 0.0
    edge = (later >= ICE_EDGE).astype(float) - (earlier >= ICE_EDGE)
    return float(concentration), float((edge * grid.cell_area())[both].sum() / 1e6)
