"""A forecast against what came, beside the baselines."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import maps
from seaice_tf.files.synthetic_cache import cache_folder
from seaice_tf.forecast.cases import EvaluateOptions
from seaice_tf.forecast.data import regions
from seaice_tf.forecast.products import verification_maps
from seaice_tf.forecast.scores import baselines, ensemble
from seaice_tf.forecast.scores import score as scores
from seaice_tf.forecast.scores.knn import knn
from seaice_tf.task import Case, Pairs, Predictor

Fields = Mapping[str, np.ndarray]
REGION_MASK = Path("psn25", "RegionMask_NH_ps25km_304x448_2021.bin")


def decision(fields: Fields) -> np.ndarray:
    """What is handed in to the contest: the concentration, unless a predictor tells them apart."""
    return fields.get("contest_decision", fields["concentration"])


def score(
    pairs: Iterable[tuple[Case, Fields]], options: EvaluateOptions | None = None
) -> dict[str, float]:
    """The contest's and the field's scores of a period, always by calendar month too."""
    options = options or EvaluateOptions()
    return scores.score(
        (
            scores.Year(
                case.truth,
                fields["concentration"],
                decision(fields),
                case.context.past,
                case.context.months,
                fields.get("probability"),
                fields.get("spread"),
                fields.get("members"),
            )
            for case, fields in pairs
        ),
        groups=sorted({"month", *options.by} & set(scores.GROUPS)),
        regions=region_masks(options) if "region" in options.by else None,
        reliability="reliability" in options.by,
    )


def region_masks(options: EvaluateOptions) -> dict[str, np.ndarray]:
    root = os.environ.get("SEAICE_TF_DATA")
    if not options.regions and not root:
        raise InputError(
            "--by region: expected a mask of the seas, got none; give --regions the 25 km mask of "
            "the north of NSIDC-0780, or set SEAICE_TF_DATA"
        )
    return regions.read(Path(options.regions) if options.regions else Path(root or "", REGION_MASK))


def combine(members: Sequence[Fields]) -> dict[str, np.ndarray]:
    """Maps of several runs to those of their ensemble.

    Runs that give odds of their own are mixed, each with the same weight; of others the odds are
    those of the concentrations, which are kept as "members" for the scores.
    """
    result = ensemble.summary(np.stack([member["concentration"] for member in members]))
    if all("spread" in member and "probability" in member for member in members):
        result |= ensemble.mixture(
            *(
                np.stack([member[name] for member in members])
                for name in ("concentration", "spread", "probability")
            )
        )
    else:
        result["members"] = np.stack([member["concentration"] for member in members])
    if all("contest_decision" in member for member in members):
        result["contest_decision"] = np.mean([m["contest_decision"] for m in members], axis=0)
    return result


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """Maps of each forecast's errors, and of the edges of the ice in truth and forecast."""
    return [path for case, fields in pairs for path in _verify(case, fields, out, model)]


def _verify(case: Case, fields: Fields, out: Path, model: str) -> list[Path]:
    period, source = case.context.months, f"{model} on {case.context.source}"
    return [
        maps.write(out / name, figure(period, fields["concentration"], case.truth, source))
        for name, figure in (
            (f"{case.name}-errors.png", verification_maps.errors),
            (f"{case.name}-edges.png", verification_maps.edges),
        )
    ]


def _baseline(function, **options) -> Predictor:
    return lambda case: {"concentration": function(case.context.past, **options)}


BASELINES = {
    "last_year": _baseline(baselines.last_year),
    "mean_5_years": _baseline(baselines.mean, years=5),
    "mean_10_years": _baseline(baselines.mean, years=10),
    "mean_15_years": _baseline(baselines.mean, years=15),
    "linear_trend": _baseline(baselines.trend),
    "damped_anomaly": _baseline(baselines.damped_anomaly),
}
SLOW_BASELINES: dict[str, Predictor] = {
    "knn": lambda case: {"concentration": knn(case.context.past, cache=cache_folder() / "knn")},
}
