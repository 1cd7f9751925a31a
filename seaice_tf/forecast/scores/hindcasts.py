"""Scores of forecasts from many inits, pooled by lead, target month, and init and target.

All cell means are weighted by true cell areas and taken over the cells that have had at least 15 %
ice in the target's calendar month before the init, without land, pole hole and missing cells; every
score is kept as sums, so that any groups of maps can be pooled before it is taken.

Sources: Goessling et al. 2016, doi:10.1002/2015GL067232 (IIEE); Goessling and Jung 2018,
doi:10.1002/qj.3242 (spatial probability score, SPS); Brier 1950; Gneiting and Raftery 2007,
doi:10.1198/016214506000001437 (CRPS); Fortin et al. 2014, doi:10.1175/JHM-D-14-0008.1 (spread and
error).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.counts import EDGE, FULL_ICE
from seaice_tf.forecast.scores import probability

SUMS = (
    *("cells", "error2", "error", "correct", "brier", "crps", "spread2"),
    *("anomaly2", "forecast_anomaly2", "product"),
    *("maps", "iiee", "sps", "extent_error", "extent_error2"),
)


@dataclass(frozen=True)
class Forecast:
    """A forecast of one month; all fields are (rows, columns).

    Attributes:
        concentration: fraction.
        probability: of at least 15 % ice; 1 or 0 by the concentration if the forecast gives none.
        deviation: standard deviation of the forecast as a fraction, 0 of one that gives none.
        crps: continuous ranked probability score of each cell as a fraction; None takes that of a
            normal distribution with its tails moved to 0 and 1, the absolute error without a
            deviation.
    """

    concentration: np.ndarray
    probability: np.ndarray
    deviation: np.ndarray
    crps: np.ndarray | None = None

    @staticmethod
    def certain(concentration: np.ndarray) -> "Forecast":
        """A forecast without uncertainty."""
        edge = (concentration >= EDGE).astype(np.float32)
        return Forecast(concentration, edge, np.zeros_like(concentration))


@dataclass(frozen=True)
class Target:
    """What one month's forecast is compared with.

    Attributes:
        init: last month observed, datetime64[M].
        lead: 1 is the month after it.
        true: (rows, columns) uint8 raw counts with flags.
        climatology: (rows, columns) fraction, from which anomalies are taken.
        icy: (rows, columns) bool, cells that have had ice in this calendar month before the init.
        area: (rows, columns) km2.
    """

    init: np.datetime64
    lead: int
    true: np.ndarray
    climatology: np.ndarray
    icy: np.ndarray
    area: np.ndarray

    @property
    def month(self) -> np.datetime64:
        return self.init + self.lead

    def groups(self) -> list[str]:
        """Names of the groups that this month's scores are pooled in; "" is all."""
        init, target = months.number(self.init), months.number(self.month)
        return [
            "",
            f"lead_{self.lead:02}",
            f"month_{target:02}",
            f"init_{init:02}_month_{target:02}",
            f"year_{self.init.astype('datetime64[Y]')}",
        ]


def icy_cells(past: np.ndarray, lead: int) -> np.ndarray:
    """Cells with at least 15 % ice in any earlier year of the target's calendar month.

    Args:
        past: (months, rows, columns) uint8 raw counts up to the init.
        lead: of the target.
    """
    first = (len(past) - 1 + lead) % 12
    own = past[first::12]
    return ((own >= counts.ICE_EDGE) & ~counts.flagged(own)).any(axis=0)


def sums(target: Target, forecast: Forecast) -> dict[str, float]:
    """One map's contribution to each of SUMS."""
    known = ~counts.flagged(target.true)
    mask = known & target.icy
    weight = target.area[mask].astype(np.float64)
    true = target.true[mask] / FULL_ICE
    pred, p_ice, deviation, usual = (
        np.asarray(field)[mask].astype(np.float64)
        for field in (
            forecast.concentration,
            forecast.probability,
            forecast.deviation,
            target.climatology,
        )
    )
    ice = true >= EDGE
    crps = (
        probability.crps_normal(true, pred, deviation)
        if forecast.crps is None
        else forecast.crps[mask]
    )
    cells = {
        "cells": np.ones_like(true),
        "error2": (pred - true) ** 2,
        "error": np.abs(pred - true),
        "correct": (p_ice >= 0.5) == ice,
        "brier": (p_ice - ice) ** 2,
        "crps": crps,
        "spread2": deviation**2,
        "anomaly2": (true - usual) ** 2,
        "forecast_anomaly2": (pred - usual) ** 2,
        "product": (true - usual) * (pred - usual),
    }
    result = {name: float((weight * values).sum()) for name, values in cells.items()}
    return result | _map_sums(target, forecast, known)


def _map_sums(target: Target, forecast: Forecast, known: np.ndarray) -> dict[str, float]:
    """What is summed over all known cells, in 10^6 km2."""
    ice = known & (target.true >= counts.ICE_EDGE)
    edge = known & (forecast.probability >= 0.5)
    p_ice = np.where(known, forecast.probability, 0.0)
    area = target.area / 1e6
    # The expected extent: a mean map has ice of 15 % where most outcomes have none.
    extent = float(((p_ice - ice) * area).sum())
    return {
        "maps": 1.0,
        "iiee": float(((edge != ice) * area).sum()),
        "sps": float(((p_ice - ice) ** 2 * area).sum()),
        "extent_error": extent,
        "extent_error2": extent**2,
    }


def scores(total: Mapping[str, float]) -> dict[str, float]:
    """Scores of pooled sums.

    Returns:
        rmse, mae, crps in % concentration; iiee, sps, extent_bias and extent_rmse in 10^6 km2, of
        the expected extent where the forecast has a probability;
        binary_accuracy and brier in [0, 1]; anomaly_correlation in [-1, 1], NaN where anomalies
        are constant; spread_error, the root mean forecast variance over the RMSE, 1 for a reliable
        forecast, NaN for one without uncertainty.
    """
    cells, maps = total["cells"] or np.nan, total["maps"] or np.nan
    rmse = np.sqrt(total["error2"] / cells)
    spread = np.sqrt(total["spread2"] / cells)
    norm = np.sqrt(total["anomaly2"] * total["forecast_anomaly2"])
    result = {
        "rmse": 100 * rmse,
        "mae": 100 * total["error"] / cells,
        "iiee": total["iiee"] / maps,
        "binary_accuracy": total["correct"] / cells,
        "anomaly_correlation": total["product"] / norm if norm > 0 else np.nan,
        "brier": total["brier"] / cells,
        "crps": 100 * total["crps"] / cells,
        "sps": total["sps"] / maps,
        "spread_error": spread / rmse if spread > 0 and rmse > 0 else np.nan,
        "extent_bias": total["extent_error"] / maps,
        "extent_rmse": np.sqrt(total["extent_error2"] / maps),
    }
    return {name: float(value) for name, value in result.items()}


Totals = dict[str, dict[str, float]]


def add(totals: Totals, target: Target, forecast: Forecast) -> None:
    """Add one map's sums to those of its groups."""
    own = sums(target, forecast)
    for group in target.groups():
        held = totals.setdefault(group, dict.fromkeys(SUMS, 0.0))
        for name, value in own.items():
            held[name] += value


def results(totals: Totals) -> dict[str, float]:
    """Scores over all maps and by groups.

    Returns:
        "rmse" and the others over all; "lead_03/rmse" by lead; "month_09/rmse" by target month;
        "init_05_month_09/rmse" by calendar months of init and target; "year_2010/rmse" by the year
        of the init, with "year_2010/cells" and "year_2010/maps", the weights of the year.
    """
    result: dict[str, float] = {}
    for group, total in sorted(totals.items()):
        prefix = f"{group}/" if group else ""
        result |= {f"{prefix}{name}": value for name, value in scores(total).items()}
        if group.startswith("year_"):
            result |= {f"{prefix}{name}": total[name] for name in ("cells", "maps")}
    return result


def pooled(pairs: Iterable[tuple[Target, Forecast]]) -> dict[str, float]:
    """`results` of all maps, one in memory at a time."""
    totals: Totals = {}
    for target, forecast in pairs:
        add(totals, target, forecast)
    return results(totals)
