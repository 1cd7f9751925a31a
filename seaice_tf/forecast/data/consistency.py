"""Each month and day of a record compared with the record's own climate.

A month is judged by how it differs from the same calendar month of other years, from the months
beside it, and from the land mask of most months. The limits leave a margin to the most unusual
months of the observed records of both hemispheres to 2012, given beside each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.forecast.data import months as calendar
from seaice_tf.forecast.data.counts import COAST, FULL_ICE, ICE_EDGE, LAND, POLE_HOLE, flagged, land
from seaice_tf.forecast.data.formats import Problem

OTHERS = 4  # years with the same calendar month that a comparison needs
CELLS = 5_000_000  # values that are compared; of larger records every n-th cell
SHARE = 0.995  # of the sea at 0 or at 100 % that no month has; observed are up to 0.93 and 0.11
MISSING_SHARE = 0.2  # of the sea that may be missing from a month
DEVIATION = 2.8  # times the typical departure from the calendar month's mean; observed 1.96
MOST_DEVIATION = 1.6  # times the departure that a tenth of the other years exceed
OTHER_MONTH = {1: 2.0, 2: 1.6}  # by distance in months: own over other departure; 1.66 and 1.38
DEPARTURE = 10  # % (root mean square) that is no reason for alarm, whatever is typical
DISTINCT = 1.5  # times the typical departure by which two calendar months differ at least
AREA_DEVIATION, AREA_SPREADS = 0.5, 4  # of extent or mean from the median; observed .46
CORRELATION = 0.3  # below the typical correlation with a month beside it; observed .14
REPEATED = 0.2  # of the months that may be copies of others before the record is idealised
DAY_DEVIATION = 0.25  # of the mean concentration from both days beside it; observed .08
DAY_GAP = 5  # days to the one beside it at most
LAND_SHARE = 0.02  # of the land cells that may differ from most months
NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class _Sea:
    """Concentrations of the cells that can hold ice, in percent; NaN where flagged."""

    months: np.ndarray  # (n,) datetime64[M]
    values: np.ndarray  # (n, cells) float32

    @property
    def calendar(self) -> np.ndarray:
        """Calendar month of each, 0 to 11."""
        return self.months.astype(int) % 12


def month_problems(where: str, months: np.ndarray, counts: np.ndarray) -> list[Problem]:
    """The months that are unlike the record.

    Args:
        where: the folder, or whatever begins a message.
        months: (n,) datetime64[M].
        counts: (n, rows, columns) uint8; months without an observed cell are not judged.
    """
    judged = (~flagged(counts)).any(axis=(1, 2))
    months, counts = months[judged], counts[judged]
    if not len(months):
        return []
    found = _land_problems(where, months, counts)
    mostly_land = land(counts).mean(axis=0) > 0.5
    cells = np.flatnonzero(~(mostly_land | (counts == POLE_HOLE).any(axis=0)))
    if not cells.size:
        return found
    step = max(1, -(-cells.size * len(months) // CELLS))
    raw = counts.reshape(len(counts), -1)[:, cells[::step]]
    reasons: dict[int, str] = {}
    sea = _Sea(months, _percent(raw))
    for check in (_shares, _repeated, _departures, _areas, _correlations):
        for i, text in check(sea).items():
            reasons.setdefault(i, text)
    for i in sorted(reasons):
        advice = f"look at the files of {months[i]}, download them again or move them away"
        found.append(Problem(f"{where}: {months[i]}: {reasons[i]}; {advice}", "climate"))
    return found


def _percent(raw: np.ndarray) -> np.ndarray:
    values = raw.astype(np.float32) * np.float32(100 / FULL_ICE)
    values[flagged(raw)] = np.nan
    return values


def _shares(sea: _Sea) -> dict[int, str]:
    """Months whose sea is all open, all ice, or missing."""
    found = {}
    for i, values in enumerate(sea.values):
        seen = values[~np.isnan(values)]
        missing = 1 - seen.size / values.size
        if not seen.size or missing > MISSING_SHARE:
            found[i] = f"expected at most {MISSING_SHARE:.0%} of the sea missing, got {missing:.0%}"
        elif (seen == 0).mean() > SHARE:
            found[i] = f"expected ice somewhere, got 0 in {(seen == 0).mean():.1%} of the sea"
        elif (seen == 100).mean() > SHARE:
            found[i] = f"expected open water, got 100 % in {(seen == 100).mean():.1%} of the sea"
    return found


def _repeated(sea: _Sea) -> dict[int, str]:
    """Months that are the same as an earlier one; an idealised record, which repeats, has none."""
    first: dict[bytes, int] = {}
    found = {}
    for i, values in enumerate(sea.values):
        before = first.setdefault(values.tobytes(), i)
        if before != i and np.nanstd(values) > 0:
            found[i] = f"expected a map of its own, got that of {sea.months[before]} again"
    return found if len(found) <= REPEATED * len(sea.values) else {}


def _departures(sea: _Sea) -> dict[int, str]:
    """Months far from the mean of their calendar month, or nearer to that of another one."""
    own = sea.calendar
    number = np.bincount(own, minlength=12)
    if number.max() <= OTHERS:
        return {}
    means = np.full((12, sea.values.shape[1]), np.nan, np.float32)
    for month in np.flatnonzero(number > OTHERS):
        means[month] = _nanmean(sea.values[own == month], axis=0)
    rms = np.full((len(own), 12), np.nan)
    for i, values in enumerate(sea.values):
        for month in np.flatnonzero(number > OTHERS):
            mean = means[month]
            if month == own[i]:  # without the month itself
                mean = (mean * number[month] - values) / (number[month] - 1)
            rms[i, month] = np.sqrt(_nanmean((values - mean) ** 2))
    found = {}
    typical = {m: np.nanmedian(rms[own == m, m]) for m in np.flatnonzero(number > OTHERS)}
    for i, month in enumerate(own):
        departure = rms[i, month]
        if np.isnan(departure) or number[month] <= OTHERS:
            continue
        best = int(np.nanargmin(rms[i]))
        distance = abs((best - month + 6) % 12 - 6)
        between = np.sqrt(_nanmean((means[best] - means[month]) ** 2))
        other = distance and departure > OTHER_MONTH[min(distance, 2)] * rms[i, best]
        if other and min(departure, between) > max(DISTINCT * typical[month], DEPARTURE):
            found[i] = f"expected a map like other {NAMES[month]}s, got one like {NAMES[best]}s"
        others = rms[(own == month) & (np.arange(len(own)) != i), month]
        most = MOST_DEVIATION * np.nanquantile(others, 0.9)
        if i not in found and departure > max(DEVIATION * typical[month], most, DEPARTURE):
            found[i] = (
                f"expected a map like other {NAMES[month]}s, within {typical[month]:.0f} % of "
                f"their mean (root mean square), got {departure:.0f} %"
            )
    return found


def _areas(sea: _Sea) -> dict[int, str]:
    """Months whose extent or mean concentration is far from that of the calendar month."""
    edge = 100 * ICE_EDGE / FULL_ICE
    series = {
        "an extent": np.array([_nanmean(_above(values, edge)) for values in sea.values]),
        "a mean concentration": np.array([_nanmean(values / 100) for values in sea.values]),
    }
    found = {}
    for i, month in enumerate(sea.calendar):
        others = np.flatnonzero((sea.calendar == month) & (np.arange(len(sea.months)) != i))
        others = others[np.abs(sea.months[others] - sea.months[i]).astype(int) <= 120]
        if others.size < OTHERS:
            continue
        for name, values in series.items():
            median = np.nanmedian(values[others])
            spread = 1.4826 * np.nanmedian(np.abs(values[others] - median))
            off = abs(values[i] - median)
            if off > AREA_DEVIATION * median and off > AREA_SPREADS * spread:
                found[i] = (
                    f"expected {name} of about {median:.1%} of the sea, as in other "
                    f"{NAMES[month]}s, got {values[i]:.1%}"
                )
    return found


def _correlations(sea: _Sea) -> dict[int, str]:
    """Months that resemble none of the months beside them, where most do."""
    between = np.full(max(len(sea.months) - 1, 0), np.nan)
    for i, (before, after) in enumerate(zip(sea.values, sea.values[1:])):
        if sea.months[i + 1] - sea.months[i] == np.timedelta64(1, "M"):
            between[i] = _correlation(before, after)
    best = np.fmax(np.append(np.nan, between), np.append(between, np.nan))
    if np.isfinite(best).sum() <= OTHERS:
        return {}
    typical = np.nanmedian(best)
    return {
        int(i): f"expected a correlation of about {typical:.2f} with the month before or after, "
        f"got {best[i]:.2f}"
        for i in np.flatnonzero(best < typical - CORRELATION)
    }


def _land_problems(where: str, months: np.ndarray, counts: np.ndarray) -> list[Problem]:
    """Months whose land and coast differ from those of most months."""
    masks = [counts == flag for flag in (COAST, LAND)]
    found = []
    for label, mask in zip(("coast", "land"), masks):
        most = mask.mean(axis=0) > 0.5
        different = (mask != most).sum(axis=(1, 2))
        for fatal in (True, False):
            limit = LAND_SHARE * max(land(counts[0]).sum(), 1)
            odd = (different > limit) if fatal else (different > 0) & (different <= limit)
            if not odd.any():
                continue
            cells = different[odd]
            size = " to ".join(map(str, sorted({cells.min(), cells.max()})))
            found.append(
                Problem(
                    f"{where}: the {label} of {odd.sum()} months differs: expected that of the "
                    f"other {len(months) - odd.sum()}, got {size} cells unlike it in "
                    f"{calendar.ranges(months[odd])}; check that these files are of the same "
                    f"grid and version, and the right way up",
                    "land",
                    fatal,
                )
            )
    return found


def day_problems(
    where: str, days: np.ndarray, counts: np.ndarray, names: Sequence[str]
) -> list[Problem]:
    """The days of a month that are unlike those beside them.

    Args:
        where: begins a message.
        days: (n,) datetime64[D] in order.
        counts: (n, rows, columns) uint8.
        names: (n,) of the files.
    """
    seen = ~flagged(counts)
    judged = [i for i in range(len(days)) if seen[i].any()]
    empty = {i for i in judged if not (counts[i] * seen[i]).any()}
    full = {i for i in judged if (counts[i] >= FULL_ICE).all()}
    found = []
    for i in judged:
        beside = [
            j
            for j in _beside(judged, i)
            if abs(days[j] - days[i]).astype(int) <= DAY_GAP and j not in empty | full
        ]
        changes = [_change(counts[j, ::2, ::2], counts[i, ::2, ::2]) for j in beside]
        if i in empty or i in full:
            reason = f"expected ice and open water, got {0 if i in empty else 100} % everywhere"
        elif changes and min(map(abs, changes)) > DAY_DEVIATION:
            nearest = min(changes, key=abs)
            reason = (
                f"expected a mean concentration within {DAY_DEVIATION:.0%} of the days beside it, "
                f"got {nearest:+.0%}"
            )
        else:
            continue
        found.append(
            Problem(
                f"{where}: {days[i]}: {reason} ({names[i]}); download the file again or move it "
                f"away",
                "climate",
            )
        )
    return found


def _beside(judged: list[int], i: int) -> list[int]:
    at = judged.index(i)
    return judged[max(at - 1, 0) : at] + judged[at + 1 : at + 2]


def _change(before: np.ndarray, after: np.ndarray) -> float:
    """Relative change of the mean over the cells that both observe; 0 where none holds ice."""
    both = ~flagged(before) & ~flagged(after)
    first, second = before[both].mean(dtype=float), after[both].mean(dtype=float)
    return (second - first) / first if first else 0.0


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    both = ~(np.isnan(one) | np.isnan(other))
    one, other = one[both], other[both]
    if one.size < 2 or not one.std() or not other.std():
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def _above(values: np.ndarray, edge: float) -> np.ndarray:
    return np.where(np.isnan(values), np.nan, values >= edge)


def _nanmean(values: np.ndarray, axis=None) -> np.ndarray:
    """The mean without NaN; NaN where there is nothing else."""
    valid = ~np.isnan(values)
    total = np.where(valid, values, 0).sum(axis=axis, dtype=np.float64)
    return np.where(valid.sum(axis=axis) > 0, total / np.maximum(valid.sum(axis=axis), 1), np.nan)
