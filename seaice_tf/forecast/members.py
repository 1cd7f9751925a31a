"""Members of a forecast: maps that together have its distribution, each as coherent as a past year.

The Schaake shuffle: in every cell and month the members are the quantiles of the forecast's own
distribution; which member gets which quantile is decided by the ranks of past years, so that
neighbouring cells and months go together as they did in those years. Sums over areas, such as the
extent, then have a distribution that can be trusted.

Source: Clark et al. 2004, The Schaake Shuffle, doi:10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.scores import damped_persistence

LEADS = 12
SHIFTS = (0, -1, 1)  # months by which the 12 months of a past year may begin earlier or later
NEAR = 9  # cells across of the means that order years in which a cell is the same


def levels(members: int) -> np.ndarray:
    """Probabilities of the quantiles that the members are: the middles of equal parts of (0, 1).

    >>> levels(4)
    array([0.125, 0.375, 0.625, 0.875])
    """
    return (np.arange(members) + 0.5) / members


def most(past: np.ndarray) -> int:
    """The largest number of members that the record has past years for."""
    return len(_starts(len(past)))


def _starts(months: int) -> list[int]:
    """Positions at which the 12 months of past years begin, those of the init's month first."""
    first = damped_persistence.FEWEST_YEARS * LEADS
    return [
        start
        for shift in SHIFTS
        for start in range(months - LEADS + shift, first - 1, -LEADS)
        if start + LEADS <= months
    ]


def templates(past: np.ndarray, members: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Sequences of 12 months of past years, as anomalies from the climatology before them.

    They are made a month at a time, for memory.

    Args:
        past: (months, rows, columns) uint8 raw counts with flags, up to the init.
        members: how many are wanted.
        seed: decides which years are taken, and their order.

    Returns:
        For each of the 12 months (members, rows, columns) float32, 0 where unknown.

    Raises:
        InputError: the record has fewer past years, counting those that begin a month earlier or
            later.
    """
    starts = _starts(len(past))
    if len(starts) < members:
        raise InputError(
            f"members: expected at most {len(starts)}, which the record has past years for, got "
            f"{members}; ask for fewer, or add earlier files"
        )
    icy = damped_persistence.ever_icy(past)
    rng = np.random.default_rng(seed)
    # Years that begin at the init's own month come first, the others fill up.
    own = sum(start % LEADS == len(past) % LEADS for start in starts)
    order = np.concatenate([rng.permutation(own), own + rng.permutation(len(starts) - own)])
    chosen = np.array([starts[i] for i in order[:members]], int)
    return (_of_lead(past, icy, chosen + lead) for lead in range(LEADS))


def _of_lead(past: np.ndarray, icy: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Anomalies of the months at some positions of the record: (members, rows, columns)."""
    result = np.zeros((len(positions), *icy.shape), np.float32)
    for calendar in np.unique(positions % LEADS):
        departure = np.nan_to_num(damped_persistence.anomalies(past[calendar::LEADS, icy]))
        for member in np.flatnonzero(positions % LEADS == calendar):
            result[member, icy] = departure[positions[member] // LEADS]
    return result


def of_forecast(quantiles: np.ndarray, past: np.ndarray, seed: int = 0) -> np.ndarray:
    """The members of a forecast, (members, 12, rows, columns).

    Args:
        quantiles: as of `shuffle`, at `levels`.
        past: (months, rows, columns) uint8 raw counts with flags, up to the init.
        seed: of the years drawn.
    """
    return shuffle(quantiles, templates(past, len(quantiles), seed))


def of_forecast_by_lead(
    quantiles: np.ndarray, past: np.ndarray, seed: int = 0
) -> Iterator[np.ndarray]:
    """The same, (members, rows, columns) of a month at a time, for memory."""
    return shuffled(quantiles, templates(past, len(quantiles), seed))


def shuffle(quantiles: np.ndarray, pattern: Iterable[np.ndarray]) -> np.ndarray:
    """Give each member the quantile of its template's rank, cell by cell and month by month.

    Args:
        quantiles: (members, 12, rows, columns) fraction, not falling along the first axis.
        pattern: (members, rows, columns) of each month, of `templates`.

    Returns:
        (members, 12, rows, columns): the same values in every cell, in another order.

    >>> shuffle(np.array([0.1, 0.5]).reshape(2, 1, 1, 1), [np.array([3, -1]).reshape(2, 1, 1)])[0]
    array([[[0.5]]])
    """
    result = np.empty_like(quantiles)
    for lead, own in enumerate(shuffled(quantiles, pattern)):
        result[:, lead] = own
    return result


def shuffled(quantiles: np.ndarray, pattern: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The members of `shuffle`, (members, rows, columns) of a month at a time, for memory."""
    for lead, own in enumerate(pattern):
        result = quantiles[:, lead].copy()
        uncertain = result[-1] > result[0]
        rising = result[:, uncertain]
        order = np.argsort(_by_rank(own)[:, uncertain], axis=0, kind="stable")
        moved = np.empty_like(rising)
        np.put_along_axis(moved, order, rising, axis=0)
        result[:, uncertain] = moved
        yield result


def _by_rank(pattern: np.ndarray) -> np.ndarray:
    """A month's anomalies, ties broken by the cells around and by all cells.

    Where a cell was open water or full ice in most years its anomalies are equal; without this
    their order would be the same for every cell, and not that of the ice around it.
    """
    from scipy import ndimage  # takes a third of a second to import

    near = ndimage.uniform_filter(pattern, (0, min(NEAR, pattern.shape[1]), NEAR))
    whole = pattern.mean(axis=(1, 2), keepdims=True)
    return pattern + 1e-2 * near + 1e-3 * whole


class CrossingDates:
    """When monthly concentration first crosses the ice edge, in months after the init.

    A month's mean stands for its middle, with straight lines in between; the last month observed
    lies at -0.5, lead 1 at 0.5. The months are added one at a time, for memory.

    Args:
        last: (rows, columns) fraction, of the last month observed.
        rising: True for freeze-up, from below the edge to above it; False for the date from which
            a cell is free of ice.

    Attributes:
        found: (..., rows, columns); infinite where none has crossed so far.

    >>> dates = CrossingDates(np.ones((1, 1)), rising=False)
    >>> for lead in range(12):
    ...     dates.add(np.full((1, 1), 0.9 - 0.1 * lead))
    >>> dates.found.round(1)
    array([[8.]])
    """

    before: np.ndarray
    found: np.ndarray | np.float32

    def __init__(self, last: np.ndarray, rising: bool):
        self.rising, self.lead = rising, 0
        self.before, self.found = last.astype(np.float32), np.float32(np.inf)

    def add(self, month: np.ndarray) -> None:
        """Add the next month, (..., rows, columns) fraction, which is kept until the one after."""
        low, high = (self.before, month) if self.rising else (month, self.before)
        crossed = (low < counts.EDGE) & (high >= counts.EDGE) & np.isinf(self.found)
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (counts.EDGE - self.before) / (month - self.before)
        self.found = np.where(crossed, self.lead - 0.5 + part, self.found)
        self.before, self.lead = month, self.lead + 1
