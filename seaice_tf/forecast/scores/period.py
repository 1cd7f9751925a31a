"""All scores of the monthly sea-ice forecasts of a period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.scores import dacon, ice_edge, probability
from seaice_tf.grids import polar

GROUPS = {  # kind -> name of a map's group, from its lead (1 is the first month) and month
    "month": lambda lead, month: f"month_{months.number(month):02}",
    "lead": lambda lead, month: f"lead_{lead:02}",
}


@dataclass(frozen=True)
class Forecast:
    """A forecast of 12 months and the observations.

    Attributes:
        true: (n <= 12, rows, columns) raw counts on one of the grids.
        pred: (12, rows, columns) fraction.
        decision: (12, rows, columns) fraction, the submission to the Dacon contest.
        past: (m, rows, columns) raw counts up to the month of initialisation.
        months: (12,) datetime64[M].
        probability: (12, rows, columns) of ice at 15 % or more; None for a deterministic forecast.
        spread: (12, rows, columns) standard deviation of the forecast; None for a deterministic
            forecast.
        distribution_crps: (n, rows, columns) continuous ranked probability score of each cell as a
            fraction, as of `distribution_crps`; None takes that of a normal distribution with
            `spread`, censored at 0 and 1.
        grid: of the maps; None for the polar stereographic grid of their shape.
    """

    true: np.ndarray
    pred: np.ndarray
    decision: np.ndarray
    past: np.ndarray
    months: np.ndarray
    probability: np.ndarray | None = None
    spread: np.ndarray | None = None
    distribution_crps: np.ndarray | None = None
    grid: polar.Grid | None = None

    def probability_of_ice(self, i: int) -> np.ndarray:
        """Probability of ice at 15 % or more in month `i`: (rows, columns)."""
        return self.pred[i] >= counts.EDGE if self.probability is None else self.probability[i]

    def crps(self, i: int, true: np.ndarray, cells: np.ndarray) -> float:
        """Mean CRPS in % concentration over the `cells` of month `i`; NaN without any."""
        observed, mean = true[cells], self.pred[i][cells]
        if not observed.size:
            return np.nan
        if self.distribution_crps is not None:
            return 100 * float(self.distribution_crps[i][cells].mean())
        spread = np.zeros(observed.shape) if self.spread is None else self.spread[i][cells]
        return 100 * float(probability.crps_normal(observed, mean, spread).mean())


def distribution_crps(true: np.ndarray, members: Iterable[np.ndarray]) -> np.ndarray:
    """CRPS of each cell by the members, which are the whole distribution; 0 where flagged.

    Args:
        true: (n, rows, columns) raw counts.
        members: (m, rows, columns) fraction, of each of n months or more.

    Returns:
        (n, rows, columns) fraction.
    """
    result = np.zeros(true.shape, np.float32)
    for own, observed, each in zip(result, true, members):
        cells = ~counts.flagged(observed) & ((observed > 0) | (each > 0).any(axis=0))
        own[cells] = probability.crps(observed[cells] / FULL_ICE, each[:, cells])
    return result


@dataclass(frozen=True)
class Entry:
    """Scores of one map or a region of it, and the groups that it belongs to."""

    groups: tuple[str, ...]
    scores: dict[str, float]
    brier: probability.Brier


def score(
    forecasts: Iterable[Forecast],
    *,
    groups: Sequence[str] = ("month",),
    regions: Mapping[str, np.ndarray] | None = None,
    reliability: bool = False,
) -> dict[str, float]:
    """Score forecasts one at a time, in bounded memory; their months may overlap.

    Args:
        forecasts: the forecasts of the period.
        groups: of GROUPS; each adds the scores of its groups, by names like "month_09/iiee"
            (calendar month) and "lead_03/iiee" (lead time in months).
        regions: name -> (rows, columns) bool; each adds the scores of its cells, by names like
            "region_barents/iiee".
        reliability: whether to add "reliability_30/forecast", "reliability_30/observed" and
            "reliability_30/cells" for probabilities of ice from 30 to 40 %, and so on.

    Returns:
        contest_score, contest_mae, contest_f1: the Dacon scores of the submission, all months
            pooled.
        iiee and the others of `ice_edge.month_scores`: means over the months.
        brier, crps: means over the months; of the probability of ice in [0, 1] and in %
            concentration, over the cells that can hold ice. The CRPS of a deterministic forecast
            is its MAE.
        calibration_error: all months pooled.
        The scores of the groups and regions. NaN where a score is undefined in every month.
    """
    sums, entries = dacon.Sums(), []
    for forecast in forecasts:
        sums += dacon.sums(forecast.true, forecast.decision[: len(forecast.true)] * FULL_ICE)
        entries += _entries(forecast, groups, regions or {})
    whole = [entry for entry in entries if "" in entry.groups]
    brier = sum((entry.brier for entry in whole[1:]), whole[0].brier)
    result = sums.scores() | _means(whole)
    result["calibration_error"] = brier.scores()["calibration_error"]
    for group in sorted({name for entry in entries for name in entry.groups} - {""}):
        chosen = _means([entry for entry in entries if group in entry.groups])
        result |= {f"{group}/{name}": value for name, value in chosen.items()}
    return result | (_reliability(brier.reliability) if reliability else {})


def _entries(
    forecast: Forecast, groups: Sequence[str], regions: Mapping[str, np.ndarray]
) -> list[Entry]:
    """Scores of the map of each month and of its regions.

    Anomalies are those from the climatology of the last 10 years.
    """
    climate = counts.mean(counts.by_year(forecast.past, 10)) / FULL_ICE
    icy = ((forecast.past >= counts.ICE_EDGE) & ~counts.flagged(forecast.past)).any(axis=0)
    truth = np.where(counts.flagged(forecast.true), np.nan, forecast.true / FULL_ICE)
    area = (forecast.grid or polar.of_shape(truth.shape)).cell_area()
    result = []
    for i, month in enumerate(forecast.months[: len(truth)]):
        maps = {("", *(GROUPS[group](i + 1, month) for group in groups)): truth[i]}
        for region, mask in regions.items():
            if mask.shape != truth.shape[1:]:
                raise InputError(
                    f"region_{region}: expected maps of {mask.shape} as the region mask, got "
                    f"{truth.shape[1:]}; leave out --by region"
                )
            maps[(f"region_{region}",)] = np.where(mask, truth[i], np.nan)
        for names, observed in maps.items():
            cells = icy & ~np.isnan(observed)
            likely = forecast.probability_of_ice(i)
            brier = probability.brier(observed[cells], likely[cells])
            scores = ice_edge.month_scores(
                observed, forecast.pred[i], climate[i], icy, area, likely
            )
            scores["brier"] = brier.scores()["brier"]
            scores["crps"] = forecast.crps(i, observed, cells)
            result.append(Entry(names, scores, brier))
    return result


def _reliability(table: probability.Table) -> dict[str, float]:
    """The reliability table by the lower limit of each bin in %."""
    result: dict[str, float] = {}
    edges = 100 * probability.PROBABILITY_BINS[:-1]
    for edge, forecast, observed, cells in zip(edges, *table.means(), table.count):
        values = {"forecast": forecast, "observed": observed, "cells": cells}
        result |= {f"reliability_{edge:02.0f}/{name}": float(v) for name, v in values.items()}
    return result


def _means(entries: list[Entry]) -> dict[str, float]:
    """Mean of each score over the entries where it is defined; NaN without any."""
    result = {}
    for name in entries[0].scores:
        known = [entry.scores[name] for entry in entries if not np.isnan(entry.scores[name])]
        result[name] = float(np.mean(known)) if known else float("nan")
    return result
