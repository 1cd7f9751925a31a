"""The AutoICE score of ice charts, from confusion matrices added up over scenes.

The unmasked pixels of all scenes are pooled for each chart: R2 of the classes of SIC, F1 weighted
by support of those of SOD and FLOE; the score is (2 SIC + 2 SOD + FLOE) / 5. The values are those
of scikit-learn's `r2_score` and `f1_score(average="weighted")`; AutoICE rounds each to three
decimals of a percent. Source: Stokholm et al. 2024, doi:10.5194/tc-18-3471-2024.
"""

from collections.abc import Hashable, Iterable, Mapping

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK

WEIGHTS = {"SIC": 2, "SOD": 2, "FLOE": 1}
BYTES = 256  # values of a byte
BLOCK = 1 << 18  # pixels counted at once
Matrices = Mapping[str, np.ndarray]


def confusion(true: np.ndarray, pred: np.ndarray, classes: int) -> np.ndarray:
    """Confusion matrix: pixels of each true class (rows) by predicted class (columns).

    Args:
        true: classes; pixels with 255 are ignored.
        pred: classes, of the same shape.
        classes: number of classes.

    Returns:
        (classes, classes) int64.

    Raises:
        InputError: the shapes differ, or an unmasked pixel has no class in either chart.
    """
    if true.shape != pred.shape:
        raise InputError(
            f"ice charts: expected pred of the shape of true, {true.shape}, got {pred.shape}; "
            f"resample the chart to the pixels of the scene"
        )
    counts = np.zeros(BYTES**2, np.int64)
    truth, guess = _flat_bytes("true", true), _flat_bytes("pred", pred)
    # In blocks, because bincount converts its input to int64, 8 bytes a pixel.
    for first in range(0, truth.size, BLOCK):
        pairs = truth[first : first + BLOCK].astype(np.uint16) << 8
        counts += np.bincount(pairs | guess[first : first + BLOCK], minlength=BYTES**2)
    scored = counts.reshape(BYTES, BYTES)[:MASK]
    for name, strange in (("true", scored[classes:]), ("pred", scored[:, classes:])):
        if strange.any():
            raise InputError(
                f"ice charts: expected classes 0 to {classes - 1} in {name} where true is not "
                f"{MASK}, got others; predict a class for every pixel with truth"
            )
    return scored[:classes, :classes].copy()


def _flat_bytes(name: str, values: np.ndarray) -> np.ndarray:
    """Integers as flat uint8; values outside its range become one that is not a class."""
    if not np.issubdtype(values.dtype, np.integer):
        # A conversion would silently truncate fractions to classes.
        raise InputError(
            f"ice charts: expected integers in {name}, got {values.dtype}; round it to classes"
        )
    if values.dtype != np.uint8:
        values = np.where((values >= 0) & (values <= MASK), values, MASK - 1).astype(np.uint8)
    return values.reshape(-1)


def matrices(true: Mapping[str, np.ndarray], pred: Mapping[str, np.ndarray]) -> dict:
    """Confusion matrices of a scene, by chart."""
    return {chart: confusion(true[chart], pred[chart], len(CLASSES[chart])) for chart in CHARTS}


def pooled(scenes: Iterable[Matrices]) -> dict[str, np.ndarray]:
    """Sum of the matrices of all scenes; zeros without any."""
    total = {chart: np.zeros((len(CLASSES[chart]),) * 2, np.int64) for chart in CHARTS}
    for scene in scenes:
        for chart in CHARTS:
            total[chart] = total[chart] + scene[chart]
    return total


def scores(total: Matrices) -> dict[str, float]:
    """SIC, SOD, FLOE and the combined `score`, in percent.

    At most 100; SIC, and so `score`, may be negative. NaN for a chart without pixels (for SIC, with
    less than two), and then for `score`.

    >>> perfect = {c: np.eye(len(CLASSES[c]), dtype=int) for c in CHARTS}
    >>> scores(perfect)
    {'SIC': 100.0, 'SOD': 100.0, 'FLOE': 100.0, 'score': 100.0}
    """
    rules = {"SIC": r2, "SOD": weighted_f1, "FLOE": weighted_f1}
    result = {chart: 100 * rules[chart](total[chart]) for chart in CHARTS}
    combined = sum(WEIGHTS[chart] * result[chart] for chart in CHARTS) / sum(WEIGHTS.values())
    return {**result, "score": combined}


def r2(matrix: np.ndarray) -> float:
    """Coefficient of determination of the class numbers: (n, n) -> at most 1.

    NaN for less than two pixels. If all true pixels are of one class, 1 for a perfect chart and 0
    for any other, as in scikit-learn.
    """
    kinds = np.arange(len(matrix), dtype=float)
    support = matrix.sum(axis=1)
    number = support.sum()
    if number < 2:
        return np.nan
    residual = (matrix * (kinds[:, None] - kinds) ** 2).sum()
    spread = (support * (kinds - (support * kinds).sum() / number) ** 2).sum()
    if np.count_nonzero(support) == 1:
        return float(residual == 0)
    return float(1 - residual / spread)


def weighted_f1(matrix: np.ndarray) -> float:
    """F1 of the classes weighted by support: (n, n) -> [0, 1]; NaN without pixels."""
    support = matrix.sum(axis=1)
    return float((support * f1(matrix)).sum() / support.sum()) if support.sum() else np.nan


def f1(matrix: np.ndarray) -> np.ndarray:
    """F1 of each class: (n, n) -> (n,) in [0, 1]; 0 for a class without pixels."""
    either = matrix.sum(axis=0) + matrix.sum(axis=1)
    return 2 * np.diag(matrix) / np.maximum(either, 1)


def by_class(total: Matrices) -> dict[str, list[dict]]:
    """For each chart a row per class: class, pixels, charted, precision, recall, f1.

    `pixels` counts the true and `charted` the predicted pixels. precision is NaN for a class that
    is never predicted, recall for one without true pixels.
    """
    return {chart: _rows(total[chart], CLASSES[chart]) for chart in CHARTS}


def _rows(matrix: np.ndarray, names: tuple[str, ...]) -> list[dict]:
    hits, pixels, charted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    with np.errstate(invalid="ignore"):
        precision, recall = hits / charted, hits / pixels
    columns = zip(names, pixels, charted, precision, recall, f1(matrix))
    return [
        {
            "class": name,
            "pixels": int(number),
            "charted": int(predicted),
            "precision": float(right),
            "recall": float(found),
            "f1": float(both),
        }
        for name, number, predicted, right, found, both in columns
    ]


def by_condition(
    scenes: Iterable[Matrices], conditions: Iterable[Hashable]
) -> dict[Hashable, dict[str, float]]:
    """Scores of the scenes that share a condition, such as a month, an area or a service.

    Args:
        scenes: the matrices of each scene.
        conditions: of each scene.

    Returns:
        By condition the scores, and the number of scenes as "scenes".
    """
    groups: dict[Hashable, list[Matrices]] = {}
    for scene, condition in zip(scenes, conditions, strict=True):
        groups.setdefault(condition, []).append(scene)
    ordered = sorted(groups, key=str)
    return {
        condition: {**scores(pooled(groups[condition])), "scenes": len(groups[condition])}
        for condition in ordered
    }
