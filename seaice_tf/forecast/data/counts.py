"""Raw counts of sea-ice concentration (NSIDC-0051): 0 to 250, and flags above.

All functions take (..., rows, columns) uint8.
"""

from typing import Literal, get_args

import numpy as np

from seaice_tf.errors import InputError

FULL_ICE = 250  # raw count of 100 % concentration
POLE_HOLE, UNUSED, COAST, LAND, MISSING = 251, 252, 253, 254, 255
EDGE = 0.15  # the field's edge of the ice, as a fraction
ICE_EDGE = EDGE * FULL_ICE  # the same as a count
OPEN_ICE = 0.4  # fraction, below which ice is very open (WMO: up to 3 tenths)
RING = 2  # cells: width of the ring of neighbours from which the pole hole is filled

PoleHoleFill = Literal["neighbours", "image_median"]


def flagged(counts: np.ndarray) -> np.ndarray:
    """True where a cell carries a flag instead of a concentration."""
    return counts > FULL_ICE


def land(counts: np.ndarray) -> np.ndarray:
    """True on land and coast."""
    return (counts == LAND) | (counts == COAST)


def unobserved(counts: np.ndarray) -> np.ndarray:
    """A month without any observation: the land and coast of another, all else missing."""
    return np.where(land(counts), counts, MISSING).astype(np.uint8)


def fill_missing(years: np.ndarray) -> np.ndarray:
    """Replace missing cells of (years, ...) counts by those of the year before.

    In the first year they are replaced by those of the year after.
    """
    if len(years) == 1:
        return years
    return np.where(years == MISSING, np.concatenate([years[1:2], years[:-1]]), years)


def block_mean(counts: np.ndarray) -> np.ndarray:
    """The mean of each block of 2 x 2 cells: (rows, columns) to (rows / 2, columns / 2).

    Of a block with fewer than two observed cells the lowest flag stays, as in `month_of_days`.
    """
    rows, columns = counts.shape
    blocks = counts.reshape(rows // 2, 2, columns // 2, 2).transpose(1, 3, 0, 2)
    cells = blocks.reshape(4, rows // 2, columns // 2)
    flags = np.where(flagged(cells), cells, MISSING).min(axis=0)
    observed = (~flagged(cells)).sum(axis=0)
    return np.where(observed < 2, flags, np.rint(mean(cells))).astype(np.uint8)


def by_year(past: np.ndarray, years: int) -> np.ndarray:
    """The last `years` years of consecutive months, or as many as there are.

    Args:
        past: (months, rows, columns), up to the last month observed.

    Returns:
        (years, 12, rows, columns); [-1, k] lies 12 months before the forecast's lead k + 1.
    """
    years = min(years, len(past) // 12)
    return past[-12 * years :].reshape(years, 12, *past.shape[1:])


def mean(counts: np.ndarray) -> np.ndarray:
    """Mean over the first axis of the cells that carry no flag: float64, 0 where none does."""
    valid = ~flagged(counts)
    total = np.where(valid, counts, 0).sum(axis=0, dtype=np.float64)
    return total / np.maximum(valid.sum(axis=0), 1)


def month_of_days(days: np.ndarray) -> np.ndarray:
    """A month from (days, rows, columns): each cell's mean of its unflagged days, as a count.

    The mean is rounded, a half to the even count. A cell that no day observed keeps its flag; the
    lowest if the days differ, so that a reason such as the pole hole goes before "missing".
    """
    if len(days) == 1:
        return days[0]  # the same, without the work, for every file of a monthly record
    return np.where(flagged(days).all(axis=0), days.min(axis=0), np.rint(mean(days))).astype(
        np.uint8
    )


def filled_fraction(counts: np.ndarray, without: float = 0.0) -> np.ndarray:
    """Fractions of one month of raw counts, the pole hole filled, `without` at all other flags."""
    filled = fill_hole(counts)
    return np.where(flagged(filled), without, filled / FULL_ICE)


def require_pole_hole_fill(how: str) -> None:
    """InputError for a way of filling the pole hole that is none."""
    if how not in get_args(PoleHoleFill):
        known = " or ".join(get_args(PoleHoleFill))
        raise InputError(f"pole_hole_fill: expected {known}, got {how!r}")


def fill_hole(counts: np.ndarray, how: PoleHoleFill = "neighbours") -> np.ndarray:
    """Give the pole hole one concentration a month; all other flags stay.

    Args:
        counts: (rows, columns) uint8, one month.
        how: "neighbours", the median of the valid cells within 2 cells of the hole;
            "image_median", the median of the month's whole image, which is 0 in many months.

    Returns:
        A copy. A month without a valid cell to take the median of is filled with 0.

    Raises:
        InputError: any other `how`.
    """
    require_pole_hole_fill(how)
    hole = counts == POLE_HOLE
    lines = [np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0)]
    if not lines[0].size:
        return counts.astype(np.uint8)
    source, near = counts, np.ones_like(hole)
    if how == "neighbours":
        box = tuple(slice(max(at[0] - RING, 0), at[-1] + RING + 1) for at in lines)
        source, near = counts[box], square_dilation(hole[box], RING)
    filling = lower_median(source[near & ~flagged(source)])
    return np.where(hole, filling, counts).astype(np.uint8)


def square_dilation(mask: np.ndarray, cells: int) -> np.ndarray:
    """`mask` grown by `cells` in all eight directions."""
    from scipy import ndimage  # takes a third of a second to import

    return ndimage.binary_dilation(mask, np.ones((3, 3), bool), iterations=cells)


def lower_median(values: np.ndarray) -> int:
    """The lower of the two middle values, so that a median of counts is a count; 0 if empty."""
    return int(np.sort(values)[(values.size - 1) // 2]) if values.size else 0
