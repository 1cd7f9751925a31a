"""All scores of a period of monthly sea-ice forecasts, in one dict."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from seaice_tf.scores import contest, seaice
from seaice_tf.transforms import counts, grid, months
from seaice_tf.transforms.counts import FULL_ICE

Year = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Entry = tuple[tuple[str, ...], dict[str, float]]  # the groups that a map belongs to, and its scores
GROUPS = {  # name -> the group of a map from its lead (1 is the first month forecast) and month
    "month": lambda lead, month: f"month_{months.number(month):02}",
    "lead": lambda lead, month: f"lead_{lead:02}",
}


def score(
    years: Iterable[Year],
    *,
    groups: Sequence[str] = ("month",),
    regions: Mapping[str, np.ndarray] | None = None,
) -> dict[str, float]:
    """Score forecasts one by one, in bounded memory.

    Args:
        years: of (true, pred, decision, past, months): raw counts that came (n <= 12, rows,
            columns) on one of the grids; fractions forecast (12, rows, columns); those handed in
            to the contest, of the same shape; raw counts before (m, rows, columns); and (12,)
            datetime64[M]. They may begin in any month and overlap, as forecasts issued every
            month do.
        groups: of GROUPS; each adds the field's scores of its parts, under names like
            "month_09/iiee" (calendar month) and "lead_03/iiee" (months ahead).
        regions: name -> (rows, columns) bool; each adds the field's scores of its cells, under
            names like "region_barents/iiee".

    Returns:
        The contest's scores of the decision with all months pooled; the field's of the forecast
        as a mean over the months; and those of the groups and regions, NaN where a score is
        undefined in every month.
    """
    sums, entries = contest.Sums(), []
    for true, pred, decision, past, period in years:
        sums += contest.sums(true, decision[: len(true)] * FULL_ICE)
        entries += _entries(true, pred, past, period, groups, regions or {})
    result = sums.scores() | _means([scores for names, scores in entries if "" in names])
    for group in sorted({name for names, _ in entries for name in names} - {""}):
        chosen = _means([scores for names, scores in entries if group in names])
        result |= {f"{group}/{name}": value for name, value in chosen.items()}
    return result


def _entries(true, pred, past, period, groups, regions) -> list[Entry]:
    """Scores of each month's map and of its regions, where cells outside have no truth.

    Anomalies are from the mean of the last 10 years.
    """
    climate = counts.mean(counts.by_year(past, 10)) / FULL_ICE
    icy = ((past >= counts.ICE_EDGE) & ~counts.flagged(past)).any(axis=0)
    truth = np.where(counts.flagged(true), np.nan, true / FULL_ICE)
    area = grid.of_shape(true.shape).cell_area()
    result = []
    for i, month in enumerate(period[: len(true)]):
        maps = {("", *(GROUPS[group](i + 1, month) for group in groups)): truth[i]}
        for region, mask in regions.items():
            maps[(f"region_{region}",)] = np.where(mask, truth[i], np.nan)
        result += [
            (names, seaice.month_scores(seen, pred[i], climate[i], icy, area))
            for names, seen in maps.items()
        ]
    return result


def _means(entries: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the entries that have it; NaN if none has."""
    result = {}
    for name in entries[0]:
        known = [entry[name] for entry in entries if not np.isnan(entry[name])]
        result[name] = float(np.mean(known)) if known else float("nan")
    return result
