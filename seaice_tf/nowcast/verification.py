"""Forecast frames against those that came, beside the baselines."""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from seaice_tf.nowcast.cases import EvaluateOptions
from seaice_tf.nowcast.scores import baselines as baselines_nowcast
from seaice_tf.nowcast.scores import score as scores
from seaice_tf.task import Maps, Pairs, Predictor


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """Means over windows with the 95 % interval of MS-SSIM, and those at each lead if asked for."""
    places, windows = [], []
    for case, fields in pairs:
        places.append(case.context.place)
        windows.append(scores.of_window(case.truth, fields["frames"], case.context.known))
    low, high = scores.interval(places, windows)
    result = {**scores.scores(windows), "ms_ssim_low": low, "ms_ssim_high": high}
    if "lead" in (options or EvaluateOptions()).by:
        table = scores.by_lead(windows)
        for lead in np.flatnonzero(np.isfinite(table["mae"])):
            for name, values in table.items():
                result[f"lead_{lead + 1:02d}/{name}"] = float(values[lead])
    return result


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """The mean frames of several runs, and their mean flow."""
    return {name: np.mean([member[name] for member in members], axis=0) for name in members[0]}


def _predictor(baseline: Callable[[np.ndarray], np.ndarray]) -> Predictor:
    return lambda case: {"frames": baseline(case.context.past)}


BASELINES: dict[str, Predictor] = {
    name: _predictor(cast(Callable, baseline))
    for name, baseline in baselines_nowcast.BASELINES.items()
}
