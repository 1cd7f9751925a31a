"""Scores of nowcasts by lead: MS-SSIM, mean absolute error, and CSI at thresholds of counts.

Windows are scored over the leads with truth, then averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids import bootstrap
from seaice_tf.nowcast.data.layout import FRAMES_OUT
from seaice_tf.nowcast.scores.ms_ssim import ms_ssim

# Counts. The histogram of a real afternoon (2020-04-01, Atlantic and British Isles) has two modes,
# sea and land near 100 and cloud near 450, with a minimum at 250, the threshold of cloud. 350 and
# 450 separate thicker cloud from thinner.
THRESHOLDS = (250, 350, 450)


@dataclass(frozen=True)
class LeadScores:
    """Scores of one window at each lead; NaN, and counts of 0, without truth.

    Attributes:
        ms_ssim: (24,) in [0, 1].
        mae: (24,) counts.
        events: (3, 24, 3) numbers of pixels by threshold: hits, misses, false alarms.
    """

    ms_ssim: np.ndarray
    mae: np.ndarray
    events: np.ndarray


def of_window(true: np.ndarray, pred: np.ndarray, known: np.ndarray) -> LeadScores:
    """Score one window.

    Args:
        true, pred: (24, 64, 64) counts; `true` is ignored at leads that are not `known`.
        known: (24,) bool, the leads with truth.

    Raises:
        InputError: `pred` has another shape, or NaN or infinity at a known lead.
    """
    if pred.shape != true.shape or known.shape != true.shape[:1]:
        raise InputError(f"nowcast: expected frames of shape {true.shape}, got {pred.shape}")
    true, pred = true[known].astype(np.float64), pred[known].astype(np.float64)
    if not np.isfinite(pred).all():
        raise InputError("nowcast: expected finite counts, got NaN or infinity; train it again")
    similarity, error = (np.full(len(known), np.nan) for _ in range(2))
    similarity[known] = ms_ssim(true, pred)
    error[known] = np.abs(true - pred).mean(axis=(1, 2))
    events = np.zeros((len(THRESHOLDS), len(known), 3), np.int64)
    for counted, threshold in zip(events, THRESHOLDS):
        cloud, forecast = true >= threshold, pred >= threshold
        kinds = (cloud & forecast, cloud & ~forecast, ~cloud & forecast)
        counted[known] = np.stack([kind.sum(axis=(1, 2)) for kind in kinds], axis=-1)
    return LeadScores(similarity, error, events)


def mean_scores(windows: Sequence[LeadScores]) -> dict[str, float]:
    """Means over windows of the means over their known leads; CSI of all pixels together.

    "ms_ssim" is the score of ClimateHack.AI, higher is better; "mae" is in counts; "csi_250" etc.
    are in [0, 1], NaN where a threshold is neither reached nor forecast. All are NaN without a
    window that has truth.
    """
    if not any(np.isfinite(window.mae).any() for window in windows):
        return dict.fromkeys(("ms_ssim", "mae", *map(_csi_name, THRESHOLDS)), np.nan)
    known = [window for window in windows if np.isfinite(window.mae).any()]
    pixels = np.sum([window.events for window in known], axis=(0, 2))
    return {
        "ms_ssim": float(np.mean([np.nanmean(window.ms_ssim) for window in known])),
        "mae": float(np.mean([np.nanmean(window.mae) for window in known])),
        **{_csi_name(t): float(value) for t, value in zip(THRESHOLDS, _csi(pixels))},
    }


def interval(places: Sequence[str], windows: Sequence[LeadScores]) -> tuple[float, float]:
    """95 % bootstrap interval of "ms_ssim".

    Windows of one place and day are nearly equal, so they are resampled together. (Clouds that
    extend over several windows make the true interval wider still.)

    Args:
        places: labels of the windows.
        windows: as in `mean_scores`.
    """
    values: dict[str, list[float]] = {}
    for place, window in zip(places, windows):
        if np.isfinite(window.mae).any():
            values.setdefault(place, []).append(float(np.nanmean(window.ms_ssim)))
    if not values:
        return np.nan, np.nan
    return bootstrap.interval_of_groups([np.array(each) for each in values.values()])


def by_lead(windows: Sequence[LeadScores]) -> dict[str, np.ndarray]:
    """Mean scores of each lead over the windows with truth: name -> (24,), NaN without any."""
    if not windows:
        return {
            n: np.full(FRAMES_OUT, np.nan) for n in ("ms_ssim", "mae", *map(_csi_name, THRESHOLDS))
        }
    known = np.isfinite([window.mae for window in windows])
    number = known.sum(axis=0)
    result = {}
    for name in ("ms_ssim", "mae"):
        values = np.array([getattr(window, name) for window in windows])
        with np.errstate(invalid="ignore"):
            result[name] = np.where(known, values, 0).sum(axis=0) / number
    csi = _csi(np.sum([window.events for window in windows], axis=0))
    return result | {_csi_name(t): values for t, values in zip(THRESHOLDS, csi)}


def _csi(events: np.ndarray) -> np.ndarray:
    """Critical success index, hits / (hits + misses + false alarms): (..., 3) -> (...)."""
    with np.errstate(invalid="ignore"):
        return events[..., 0] / events.sum(axis=-1)


def _csi_name(threshold: int) -> str:
    return f"csi_{threshold}"
