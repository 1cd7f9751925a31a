"""The AutoICE score of ice charts, from confusion matrices that any number of scenes add to.

Per chart the unmasked pixels of all scenes are pooled: R2 on the classes of SIC, F1 weighted by
support on those of SOD and FLOE; the score is (2 SIC + 2 SOD + FLOE) / 5. The numbers are those of
scikit-learn's `r2_score` and `f1_score(average="weighted")`; the contest rounds each to three
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
    """Pixels of each true class (rows) charted as each class (columns): (classes, classes) int64.

    Pixels that `true` masks by 255 are left out, whatever `pred` says there.

    Raises:
        InputError: the shapes differ, or an unmasked pixel holds no class in either chart.
    """
    if true.shape != pred.shape:
        raise InputError(
            f"ice charts: expected pred of the shape of true, {true.shape}, got {pred.shape}; "
            f"bring the chart to the pixels of the scene"
        )
    counts = np.zeros(BYTES**2, np.int64)
    truth, guess = _flat_bytes("true", true), _flat_bytes("pred", pred)
    # A block of pixels at a time: bincount turns its input into int64, 8 bytes a pixel.
    for first in range(0, truth.size, BLOCK):
        pairs = truth[first : first + BLOCK].astype(np.uint16) << 8
        counts += np.bincount(pairs | guess[first : first + BLOCK], minlength=BYTES**2)
    scored = counts.reshape(BYTES, BYTES)[:MASK]
    for name, strange in (("true", scored[classes:]), ("pred", scored[:, classes:])):
        if strange.any():
            raise InputError(
                f"ice charts: expected classes 0 to {classes - 1} in {name} where true is not "
                f"{MASK}, got others; chart every pixel that has truth, in classes"
            )
    return scored[:classes, :classes].copy()


def _flat_bytes(name: str, values: np.ndarray) -> np.ndarray:
    """Integers as bytes in a row; those that no byte can hold become one that is no class."""
    if not np.issubdtype(values.dtype, np.integer):
        # A fraction would be cut to a class without a word.
        raise InputError(
            f"ice charts: expected integers in {name}, got {values.dtype}; round it to classes"
        )
    if values.dtype != np.uint8:
        values = np.where((values >= 0) & (values <= MASK), values, MASK - 1).astype(np.uint8)
    return values.reshape(-1)


def matrices(true: Mapping[str, np.ndarray], pred: Mapping[str, np.ndarray]) -> dict:
    """Confusion matrix of each chart of one scene, by chart."""
    return {chart: confusion(true[chart], pred[chart], len(CLASSES[chart])) for chart in CHARTS}


def pooled(scenes: Iterable[Matrices]) -> dict[str, np.ndarray]:
    """The matrices of all scenes together; zeros for no scene at all."""
    total = {chart: np.zeros((len(CLASSES[chart]),) * 2, np.int64) for chart in CHARTS}
    for scene in scenes:
        for chart in CHARTS:
            total[chart] = total[chart] + scene[chart]
    return total


def scores(total: Matrices) -> dict[str, float]:
    """SIC, SOD, FLOE and `score`, in percent, at most 100; SIC, and so `score`, may be negative.

    NaN for a chart without pixels (for SIC, with less than two), and then for `score`.

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
    for any other, as scikit-learn has it.
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
    """Mean of the classes' F1, weighted by their true pixels: (n, n) -> [0, 1]; NaN for none."""
    support = matrix.sum(axis=1)
    return float((support * f1(matrix)).sum() / support.sum()) if support.sum() else np.nan


def f1(matrix: np.ndarray) -> np.ndarray:
    """F1 of each class: (n, n) -> (n,) in [0, 1]; 0 where a class is neither true nor charted."""
    either = matrix.sum(axis=0) + matrix.sum(axis=1)
    return 2 * np.diag(matrix) / np.maximum(either, 1)


def by_class(total: Matrices) -> dict[str, list[dict]]:
    """For each chart a row per class: class, pixels, charted, precision, recall, f1.

    precision is NaN for a class that was never charted, recall for one that has no true pixel.
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
            "charted": int(guessed),
            "precision": float(right),
            "recall": float(found),
            "f1": float(both),
        }
        for name, number, guessed, right, found, both in columns
    ]


def by_condition(
    scenes: Iterable[Matrices], conditions: Iterable[Hashable]
) -> dict[Hashable, dict[str, float]]:
    """Scores of the scenes that share a condition (a month, an area, a service), by condition.

    Args:
        scenes: the matrices of each scene.
        conditions: the condition of each scene, in the same order.
    """
    groups: dict[Hashable, list[Matrices]] = {}
    for scene, condition in zip(scenes, conditions, strict=True):
        groups.setdefault(condition, []).append(scene)
    ordered = sorted(groups, key=str)
    return {
        condition: {**scores(pooled(groups[condition])), "scenes": len(groups[condition])}
        for condition in ordered
    }
