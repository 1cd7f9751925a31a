"""All scores of a period of monthly sea-ice forecasts, in one dict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.forecast.data import months
from seaice_tf.forecast.scores import dacon, ice_edge, probability
from seaice_tf.grids import counts, polar
from seaice_tf.grids.counts import FULL_ICE

GROUPS = {  # name -> the group of a map from its lead (1 is the first month forecast) and month
    "month": lambda lead, month: f"month_{months.number(month):02}",
    "lead": lambda lead, month: f"lead_{lead:02}",
}


@dataclass(frozen=True)
class Year:
    """A forecast of 12 months from any month on, and what came.

    Attributes:
        true: (n <= 12, rows, columns) raw counts on one of the grids.
        pred: (12, rows, columns) fraction.
        decision: of the same shape, what is handed in to the contest.
        past: (m, rows, columns) raw counts before.
        months: (12,) datetime64[M].
        probability: (12, rows, columns) of ice of at least 15 %; None for a forecast that is
            sure: 1 where `pred` has as much, 0 elsewhere.
        spread: (12, rows, columns) standard deviation of the forecast; None likewise.
        members: (members, 12, rows, columns) fraction, of an ensemble; goes before the spread.
    """

    true: np.ndarray
    pred: np.ndarray
    decision: np.ndarray
    past: np.ndarray
    months: np.ndarray
    probability: np.ndarray | None = None
    spread: np.ndarray | None = None
    members: np.ndarray | None = None

    def chance(self, i: int) -> np.ndarray:
        """Probability of ice in month `i`: (rows, columns)."""
        return self.pred[i] >= counts.EDGE if self.probability is None else self.probability[i]

    def crps(self, i: int, true: np.ndarray, cells: np.ndarray) -> float:
        """Mean CRPS in % over some cells of month `i`; NaN of none."""
        seen, mean = true[cells], self.pred[i][cells]
        if not seen.size:
            return np.nan
        if self.members is not None:
            return 100 * float(probability.crps(seen, self.members[:, i][:, cells]).mean())
        spread = np.zeros(seen.shape) if self.spread is None else self.spread[i][cells]
        return 100 * float(probability.crps_normal(seen, mean, spread).mean())


@dataclass(frozen=True)
class Entry:
    """One map or a part of it: the groups that it belongs to, and its scores."""

    groups: tuple[str, ...]
    scores: dict[str, float]
    odds: probability.Brier


def score(
    years: Iterable[Year],
    *,
    groups: Sequence[str] = ("month",),
    regions: Mapping[str, np.ndarray] | None = None,
    reliability: bool = False,
) -> dict[str, float]:
    """Score forecasts one by one, in bounded memory; they may overlap, as those issued monthly do.

    Args:
        years: forecasts.
        groups: of GROUPS; each adds the field's scores of its parts, under names like
            "month_09/iiee" (calendar month) and "lead_03/iiee" (months ahead).
        regions: name -> (rows, columns) bool; each adds the field's scores of its cells, under
            names like "region_barents/iiee".
        reliability: add "reliability_30/forecast", "reliability_30/observed" and
            "reliability_30/cells" for probabilities of ice from 30 to 40 %, and so on.

    Returns:
        The contest's scores of the decision with all months pooled; the field's of the forecast
        as a mean over the months, with the Brier score of the probability of ice in [0, 1] and
        the CRPS in % concentration, both over the cells that can hold ice; the error of
        calibration with all months pooled; and those of the groups and regions, NaN where a score
        is undefined in every month. A forecast that is sure has a CRPS equal to its MAE.
    """
    sums, entries = dacon.Sums(), []
    for year in years:
        sums += dacon.sums(year.true, year.decision[: len(year.true)] * FULL_ICE)
        entries += _entries(year, groups, regions or {})
    whole = [entry for entry in entries if "" in entry.groups]
    odds = sum((entry.odds for entry in whole[1:]), whole[0].odds)
    result = sums.scores() | _means(whole)
    result["calibration_error"] = odds.scores()["calibration_error"]
    for group in sorted({name for entry in entries for name in entry.groups} - {""}):
        chosen = _means([entry for entry in entries if group in entry.groups])
        result |= {f"{group}/{name}": value for name, value in chosen.items()}
    return result | (_reliability(odds.reliability) if reliability else {})


def _entries(year: Year, groups: Sequence[str], regions: Mapping[str, np.ndarray]) -> list[Entry]:
    """Scores of each month's map and of its regions, where cells outside have no truth.

    Anomalies are from the mean of the last 10 years.
    """
    climate = counts.mean(counts.by_year(year.past, 10)) / FULL_ICE
    icy = ((year.past >= counts.ICE_EDGE) & ~counts.flagged(year.past)).any(axis=0)
    truth = np.where(counts.flagged(year.true), np.nan, year.true / FULL_ICE)
    area = polar.of_shape(truth.shape).cell_area()
    result = []
    for i, month in enumerate(year.months[: len(truth)]):
        maps = {("", *(GROUPS[group](i + 1, month) for group in groups)): truth[i]}
        for region, mask in regions.items():
            maps[(f"region_{region}",)] = np.where(mask, truth[i], np.nan)
        for names, seen in maps.items():
            cells = icy & ~np.isnan(seen)
            odds = probability.brier(seen[cells], year.chance(i)[cells])
            scores = ice_edge.month_scores(seen, year.pred[i], climate[i], icy, area)
            scores["brier"] = odds.scores()["brier"]
            scores["crps"] = year.crps(i, seen, cells)
            result.append(Entry(names, scores, odds))
    return result


def _reliability(table: probability.Table) -> dict[str, float]:
    """The table of reliability by the lower end of each bin in %."""
    result: dict[str, float] = {}
    edges = 100 * probability.PROBABILITY_BINS[:-1]
    for edge, forecast, observed, cells in zip(edges, *table.means(), table.count):
        values = {"forecast": forecast, "observed": observed, "cells": cells}
        result |= {f"reliability_{edge:02.0f}/{name}": float(v) for name, v in values.items()}
    return result


def _means(entries: list[Entry]) -> dict[str, float]:
    """The mean of each score over the entries that have it; NaN if none has."""
    result = {}
    for name in entries[0].scores:
        known = [entry.scores[name] for entry in entries if not np.isnan(entry.scores[name])]
        result[name] = float(np.mean(known)) if known else float("nan")
    return result
