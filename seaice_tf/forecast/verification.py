"""Forecasts against observations, beside the baselines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.files.synthetic_cache import cache_folder
from seaice_tf.forecast.cases import EvaluateOptions
from seaice_tf.forecast.data import regions
from seaice_tf.forecast.scores import baselines, hindcasts, period, probability
from seaice_tf.forecast.scores.damped_persistence import damped_persistence
from seaice_tf.forecast.scores.knn import knn
from seaice_tf.forecast.scores.references import REFERENCES
from seaice_tf.task import Case, Pairs, Predictor

Fields = Mapping[str, np.ndarray]


def decision(fields: Fields) -> np.ndarray:
    """Submission to the Dacon contest: the concentration, unless a network has a head for it."""
    return fields.get("contest_decision", fields["concentration"])


def score(
    pairs: Iterable[tuple[Case, Fields]], options: EvaluateOptions | None = None
) -> dict[str, float]:
    """Scores of a period, by calendar month too: see scores/period.py.

    Of forecasts from every month those of scores/hindcasts.py take the place of scores of the same
    name, by lead, target month, and init and target.
    """
    options = options or EvaluateOptions()
    totals: hindcasts.Totals = {}
    masks: dict[str, np.ndarray] = {}

    def forecasts() -> Iterator[period.Forecast]:
        for case, fields in pairs:
            if "region" in options.by and not masks:
                masks.update(regions.of_scores(case.context.grid, options.regions))
            crps = fields.get("crps")
            if "members" in fields:
                crps = period.distribution_crps(case.truth, fields["members"].swapaxes(0, 1))
            if options.init_frequency == "monthly":
                add_maps(totals, case, fields, crps)
            forecast = period.Forecast(
                case.truth,
                fields["concentration"],
                decision(fields),
                case.context.past,
                case.context.months,
                fields.get("probability"),
                fields.get("spread"),
                crps,
                case.context.grid,
            )
            del fields  # the members, while the next forecast is made
            yield forecast

    found = period.score(
        forecasts(),
        groups=sorted({"month", *options.by} & set(period.GROUPS)),
        regions=masks,
        reliability="reliability" in options.by,
    )
    return found | hindcasts.results(totals)


def add_maps(
    totals: hindcasts.Totals, case: Case, fields: Fields, crps: np.ndarray | None = None
) -> None:
    """Add the maps of one forecast, and its CRPS by cell, to the sums of its leads and months."""
    past, init = case.context.past, case.context.months[0] - 1
    climatology = baselines.climatology(past, years=10)
    area = case.context.grid.cell_area()
    for i, truth in enumerate(case.truth):
        icy = hindcasts.icy_cells(past, i + 1)
        target = hindcasts.Target(init, i + 1, truth, climatology[i], icy, area)
        forecast = hindcasts.Forecast.certain(fields["concentration"][i])
        if "probability" in fields:
            spread = fields.get("spread", np.zeros_like(fields["concentration"]))
            forecast = hindcasts.Forecast(
                fields["concentration"][i],
                fields["probability"][i],
                spread[i],
                None if crps is None else crps[i],
            )
        hindcasts.add(totals, target, forecast)


def combine(members: Sequence[Fields]) -> dict[str, np.ndarray]:
    """Maps of the ensemble of several runs.

    Runs with a probability and a spread are mixed with equal weights, the members of all together
    being those of the mixture; if all have quantiles, the ensemble has those of the mixture. Of
    other runs both are those of the ensemble of concentrations, which is kept as "members" for the
    scores.
    """
    result = probability.summary(np.stack([member["concentration"] for member in members]))
    if all("spread" in member and "probability" in member for member in members):
        result |= probability.mixture(
            *(
                np.stack([member[name] for member in members])
                for name in ("concentration", "spread", "probability")
            )
        )
        if all("members" in member for member in members):
            result["members"] = np.concatenate([member["members"] for member in members])
        for name in ("quantiles", "member_quantiles"):
            if all(name in member for member in members):
                quantiles = [member[name] for member in members]
                result[name] = probability.mixture_quantiles(quantiles)
    else:
        result["members"] = np.stack([member["concentration"] for member in members])
    if all("contest_decision" in member for member in members):
        result["contest_decision"] = np.mean([m["contest_decision"] for m in members], axis=0)
    return result


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """Maps of the errors of each forecast, and of its ice edge beside the observed one."""
    return [path for case, fields in pairs for path in _verify(case, fields, out, model)]


def _verify(case: Case, fields: Fields, out: Path, model: str) -> list[Path]:
    from seaice_tf.files import maps  # with matplotlib
    from seaice_tf.forecast.products import plots

    source = f"{model} on {case.context.source}"
    of_case = case.context.months, fields["concentration"], case.truth, source, case.context.grid
    return [
        maps.write(out / name, figure(*of_case))
        for name, figure in (
            (f"{case.name}-errors.png", plots.errors),
            (f"{case.name}-edges.png", plots.edges),
        )
    ]


def _baseline(function: Callable[[np.ndarray], np.ndarray]) -> Predictor:
    return lambda case: {"concentration": function(case.context.past)}


def damped_anomaly_persistence(case: Case) -> Fields:
    """Damped anomaly persistence, with the CRPS of its errors in past years."""
    reference = damped_persistence(case.context.past)
    return {
        "concentration": reference.concentration,
        "probability": reference.probability,
        "spread": reference.spread,
        "crps": period.distribution_crps(case.truth, reference.members()),
    }


BASELINES: dict[str, Predictor] = {
    **{name: _baseline(function) for name, function in REFERENCES.items()},
    "damped_anomaly_persistence": damped_anomaly_persistence,
}
RENAMED = {
    "last_year": "seasonal_persistence",
    "mean_5_years": "climatology_5_years",
    "mean_10_years": "climatology_10_years",
    "mean_15_years": "climatology_15_years",
    "damped_anomaly": "damped_anomaly_persistence",
}
SLOW_BASELINES: dict[str, Predictor] = {
    "knn": lambda case: {"concentration": knn(case.context.past, cache=cache_folder() / "knn")},
}

MEANING = {
    "contest_score": "score of the Dacon contest 235706, contest_mae / contest_f1; lower is better",
    "contest_mae": "mean absolute error of its submission over the whole array, counts of 0 to 250",
    "contest_f1": "F1 of ice at 15 % over cells of 5 to 50 % true concentration, 0 to 1",
    "iiee": "integrated ice-edge error, million km²",
    "extent_bias": "mean error of the extent, million km²",
    "extent_rmse": "root mean square error of the extent, million km²",
    "area_bias": "mean error of the ice area, million km²",
    "mae": "mean absolute error of concentration, %, over cells that can hold ice",
    "rmse": "root mean square error of concentration, %, over cells that can hold ice",
    "binary_accuracy": "fraction of cells with ice or no ice as forecast, 0 to 1",
    "anomaly_correlation": "correlation of anomalies from the climatology, -1 to 1",
    "brier": "Brier score of the probability of at least 15 % ice, 0 to 1; lower is better",
    "crps": "continuous ranked probability score of concentration, %; lower is better",
    "calibration_error": "mean difference of that probability and the observed frequency, 0 to 1",
    "sps": "spatial probability score, million km²; lower is better",
    "spread_error": "spread of the forecast over its RMSE; 1 if the spread is right",
}
