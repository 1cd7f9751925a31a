"""Verification of nowcasts: scores, ensemble mean and baselines."""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from seaice_tf.nowcast.cases import EvaluateOptions
from seaice_tf.nowcast.scores import baselines, frame_scores
from seaice_tf.task import Maps, Pairs, Predictor


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """Mean scores over windows with the 95 % interval of MS-SSIM, and of each lead on request."""
    places, windows = [], []
    for case, fields in pairs:
        places.append(case.context.place)
        windows.append(frame_scores.of_window(case.truth, fields["frames"], case.context.known))
    low, high = frame_scores.interval(places, windows)
    result = {**frame_scores.mean_scores(windows), "ms_ssim_low": low, "ms_ssim_high": high}
    if "lead" in (options or EvaluateOptions()).by:
        table = frame_scores.by_lead(windows)
        for lead in np.flatnonzero(np.isfinite(table["mae"])):
            for name, values in table.items():
                result[f"lead_{lead + 1:02d}/{name}"] = float(values[lead])
    return result


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """Mean frames and mean flow of several runs."""
    return {name: np.mean([member[name] for member in members], axis=0) for name in members[0]}


def _predictor(baseline: Callable[[np.ndarray], np.ndarray]) -> Predictor:
    return lambda case: {"frames": baseline(case.context.past)}


BASELINES: dict[str, Predictor] = {
    name: _predictor(cast(Callable, baseline)) for name, baseline in baselines.BASELINES.items()
}

MEANING = {
    "ms_ssim": "multi-scale structural similarity, 0 to 1; higher is better",
    "mae": "mean absolute error, counts of 0 to 1023",
    "csi": "critical success index of counts above the threshold, 0 to 1",
}
