"""All scores of a period of monthly sea-ice forecasts, in one dict."""

from collections.abc import Iterable

import numpy as np

from seaice_tf.scores import contest, seaice
from seaice_tf.transforms import counts, grid, months
from seaice_tf.transforms.counts import FULL_ICE

Year = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def score(years: Iterable[Year]) -> dict[str, float]:
    """Score forecasts year by year, in bounded memory.

    Args:
        years: of (true, pred, decision, past, months): raw counts that came (n <= 12, rows,
            columns) on one of the grids; fractions forecast (12, rows, columns); those handed in
            to the contest, of the same shape; raw counts before (m, rows, columns); and (12,)
            datetime64[M].

    Returns:
        The contest's scores of the decision with all months pooled; the field's of the forecast
        as a mean over the months; and these for each calendar month, as in "month_09/iiee".
    """
    sums, monthly = contest.Sums(), []
    for true, pred, decision, past, period in years:
        sums += contest.sums(true, decision[: len(true)] * FULL_ICE)
        monthly += _months(true, pred, past, period)
    result = sums.scores() | _means([scores for _, scores in monthly])
    for number in sorted({number for number, _ in monthly}):
        chosen = _means([scores for n, scores in monthly if n == number])
        result |= {f"month_{number:02}/{name}": value for name, value in chosen.items()}
    return result


def _months(true, pred, past, period) -> list[tuple[int, dict[str, float]]]:
    """Each month's number and scores; anomalies are from the mean of the last 10 years."""
    climate = counts.mean(counts.by_year(past, 10)) / FULL_ICE
    icy = ((past >= counts.ICE_EDGE) & ~counts.flagged(past)).any(axis=0)
    truth = np.where(counts.flagged(true), np.nan, true / FULL_ICE)
    area = grid.of_shape(true.shape).cell_area()
    return [
        (months.number(month), seaice.month_scores(truth[i], pred[i], climate[i], icy, area))
        for i, month in enumerate(period[: len(true)])
    ]


def _means(entries: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the entries that have it; NaN if none has."""
    result = {}
    for name in entries[0]:
        known = [entry[name] for entry in entries if not np.isnan(entry[name])]
        result[name] = float(np.mean(known)) if known else float("nan")
    return result
