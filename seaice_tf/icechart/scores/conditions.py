"""Scores of ice charts by conditions that vary from pixel to pixel.

The conditions are distance from land, uncertainty and class probability. Counts are added up over
scenes, so memory does not grow with their number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data import decision, downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK, physical
from seaice_tf.icechart.scores import autoice
from seaice_tf.icechart.scores.autoice import confusion
from seaice_tf.task import Case, Maps

ZONES = (10.5, 20.5, 30.5)  # of the zones of distance from land, 0 at the coast to 41
ZONE_NAMES = ("zone_01-10", "zone_11-20", "zone_21-30", "zone_31-41")
UNCERTAINTY_NAMES = ("01_certain", *(f"{n:02d}" for n in range(2, 10)), "10_uncertain")
LEVELS = 251  # of a quantised uncertainty in [0, 1]
BINS = 10
BLOCK = 1 << 20  # pixels counted at once


def confusion_by_group(
    true: np.ndarray, pred: np.ndarray, group: np.ndarray, groups: int, classes: int
):
    """Confusion matrix of the pixels of each group.

    Args:
        true: classes, (H, W), 255 where masked.
        pred: classes, (H, W).
        group: index of the group, (H, W); pixels with other values are ignored.
        groups: number of groups.
        classes: number of classes.

    Returns:
        (groups, classes, classes).
    """
    masked = [np.where(group == each, true, np.uint8(MASK)) for each in range(groups)]
    return np.stack([confusion(each, pred, classes) for each in masked])


def confusion_by_uncertainty(
    true: np.ndarray, pred: np.ndarray, uncertainty: np.ndarray, classes: int
) -> np.ndarray:
    """Confusion matrix at each level of an uncertainty in [0, 1]: (251, classes, classes)."""
    known = true != MASK
    level = np.clip(np.rint(uncertainty[known] * (LEVELS - 1)), 0, LEVELS - 1).astype(np.int32)
    total = np.zeros(LEVELS * classes**2, np.int64)
    truth, guess = true[known], pred[known]
    for first in range(0, truth.size, BLOCK):
        part = slice(first, first + BLOCK)
        codes = (level[part] * classes + truth[part]) * classes + guess[part]
        total += np.bincount(codes, minlength=total.size)
    return total.reshape(LEVELS, classes, classes)


def deciles(levels: np.ndarray) -> np.ndarray:
    """Group levels into deciles of the pixels: (251, n, n) -> (10, n, n), certain first.

    The pixels of a level are not divided, so a decile may be empty.
    """
    pixels = levels.sum(axis=(1, 2))
    middle = np.cumsum(pixels) - pixels / 2
    group = np.minimum((BINS * middle / max(pixels.sum(), 1)).astype(int), BINS - 1)
    result = np.zeros((BINS, *levels.shape[1:]), np.int64)
    np.add.at(result, group, levels)
    return result


def reliability_counts(true: np.ndarray, pred: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Counts of a reliability diagram.

    Args:
        true: classes, (H, W), 255 where masked.
        pred: classes, (H, W).
        probability: of the predicted class, (H, W).

    Returns:
        For ten bins of probability, the number of pixels, the sum of the probabilities and the
        number of correct pixels: (10, 3).
    """
    known = true != MASK
    stated, right = probability[known].astype(np.float64), true[known] == pred[known]
    which = np.minimum((stated * BINS).astype(int), BINS - 1)
    columns = (np.bincount(which, weights, BINS) for weights in (None, stated, right))
    return np.stack([column.astype(float) for column in columns], axis=-1)


def reliability(counts: np.ndarray) -> list[dict[str, float]]:
    """Number of pixels, mean stated probability and fraction that is right, for each bin.

    >>> reliability(np.array([[4, 1.0, 2]]))
    [{'pixels': 4.0, 'stated': 0.25, 'right': 0.5}]
    """
    pixels, stated, right = counts.T
    with np.errstate(invalid="ignore"):
        columns = zip(pixels, stated / pixels, right / pixels)
    return [{"pixels": float(n), "stated": float(p), "right": float(r)} for n, p, r in columns]


Counts = Mapping[str, np.ndarray]  # of each chart
Charts = Mapping[str, np.ndarray]  # at 80 m


@dataclass(frozen=True)
class Condition:
    """Scores by one condition.

    Attributes:
        count: (case, fields, charts at 80 m) -> counts of a scene, to be added up.
        rows: counts -> scores of each group by name.
    """

    count: Callable[[Case, Maps, Charts], Counts]
    rows: Callable[[Counts], dict[str, dict[str, float]]]


def added(total: Counts | None, counts: Counts) -> Counts:
    """Sum of counts; `total` is None before the first scene."""
    return {c: counts[c] + (0 if total is None else total[c]) for c in CHARTS}


def _distance(case: Case, fields: Maps, charts: Charts) -> Counts:
    scene = case.context.scene
    if "distance_map" not in scene.channels:
        return {c: np.zeros((len(ZONE_NAMES), *2 * (_classes(c),)), int) for c in CHARTS}
    zones = physical("distance_map", sar_scene.read_fine(scene, ["distance_map"])[..., 0])
    group = np.digitize(zones, ZONES)
    return {
        c: confusion_by_group(case.truth[c], charts[c], group, len(ZONE_NAMES), _classes(c))
        for c in CHARTS
    }


def _uncertainty(case: Case, fields: Maps, charts: Charts) -> Counts:
    levels = {c: np.zeros((LEVELS, *2 * (_classes(c),)), int) for c in CHARTS}
    if "uncertainty" in fields:
        for i, c in enumerate(CHARTS):
            uncertainty = _native(case, fields["uncertainty"][..., i])
            levels[c] = confusion_by_uncertainty(case.truth[c], charts[c], uncertainty, _classes(c))
    return levels


def _reliability(case: Case, fields: Maps, charts: Charts) -> Counts:
    counts = {c: np.zeros((BINS, 3)) for c in CHARTS}
    for name, c in zip(decision.PROBABILITIES, CHARTS):
        if name in fields:
            chosen = fields[c][..., None].astype(np.int64)
            taken = np.take_along_axis(fields[name], chosen, axis=-1)[..., 0]
            probability = _native(case, taken)
            counts[c] = reliability_counts(case.truth[c], charts[c], probability)
    return counts


def _native(case: Case, values: np.ndarray) -> np.ndarray:
    large = downscale.enlarge(values, case.context.factor, case.context.scene.shape)
    return decision.unpacked(large)


def _classes(chart: str) -> int:
    return len(CLASSES[chart])


def _scored(names: tuple[str, ...], total: Counts) -> dict[str, dict[str, float]]:
    return {
        name: {
            **autoice.scores({chart: total[chart][i] for chart in CHARTS}),
            "pixels": int(total["SIC"][i].sum()),
        }
        for i, name in enumerate(names)
    }


def _decile_scores(total: Counts) -> dict[str, dict[str, float]]:
    groups = {chart: deciles(levels) for chart, levels in total.items()}
    return _scored(UNCERTAINTY_NAMES, groups)


def _reliability_rows(total: Counts) -> dict[str, dict[str, float]]:
    return {
        f"{chart}_{10 * i:02d}-{10 * (i + 1)}": row
        for chart in CHARTS
        for i, row in enumerate(reliability(total[chart]))
    }


CONDITIONS = {
    "distance": Condition(_distance, lambda total: _scored(ZONE_NAMES, total)),
    "uncertainty": Condition(_uncertainty, _decile_scores),
    "reliability": Condition(_reliability, _reliability_rows),
}
