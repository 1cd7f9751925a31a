"""Post-processing of probability maps: thresholds, minimum areas, gates and fitted shapes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.errors import InputError
from seaice_tf.settings import Checked

NUMBER = len(CLASSES)
RULES = ("thresholds", "expected_dice")
SHAPES = ("none", "box", "hull", "one_box", "one_hull")
CONNECTIVITY = np.ones((3, 3), bool)  # pixels that touch at a corner are connected


@dataclass(frozen=True)
class Decisions(Checked):
    """Post-processing parameters, one value per class; by default a threshold of 0.5.

    Attributes:
        rule: "thresholds" thresholds the pixels and gates by class probability; "expected_dice"
            maximises the expected Dice, see `expected_dice`, and uses neither.
        thresholds: pixel probability from which a pixel belongs to the mask.
        min_areas: smallest connected component that is kept, as a fraction of the image.
        gates: class probability of the image below which its mask is empty.
        shapes: shape of `SHAPES` fitted around the components, see `fit_shape`.
    """

    rule: Literal[RULES] = "thresholds"  # type: ignore[valid-type]
    thresholds: tuple[float, ...] = (0.5,) * NUMBER
    min_areas: tuple[float, ...] = (0.0,) * NUMBER
    gates: tuple[float, ...] = (0.0,) * NUMBER
    shapes: tuple[Literal[SHAPES], ...] = ("none",) * NUMBER  # type: ignore[valid-type]

    def __post_init__(self):
        super().__post_init__()
        for name in ("thresholds", "min_areas", "gates", "shapes"):
            if len(values := getattr(self, name)) != NUMBER:
                raise InputError(
                    f"decisions: expected {NUMBER} {name}, one per class, got {len(values)}"
                )
        for name in ("thresholds", "min_areas", "gates"):
            if not all(0 <= value <= 1 for value in getattr(self, name)):
                raise InputError(
                    f"decisions: expected {name} from 0 to 1, got {getattr(self, name)}"
                )


DEFAULT = Decisions()


def to_array(decisions: Decisions) -> np.ndarray:
    """Decisions as an array.

    Returns:
        (5, classes) float64: rule (index in `RULES`), threshold, minimum area, gate and shape
        (index in `SHAPES`).
    """
    rule = [RULES.index(decisions.rule)] * NUMBER
    shapes = [SHAPES.index(shape) for shape in decisions.shapes]
    return np.array([rule, decisions.thresholds, decisions.min_areas, decisions.gates, shapes])


def from_array(values: np.ndarray) -> Decisions:
    """Decisions of an array of any float type; the inverse of `to_array`."""
    rows = np.round(np.asarray(values, np.float64), 6).tolist()
    thresholds, min_areas, gates = (tuple(row) for row in rows[1:4])
    shapes = tuple(SHAPES[int(i)] for i in rows[4])
    return Decisions(RULES[int(rows[0][0])], thresholds, min_areas, gates, shapes)  # type: ignore


def masks(
    probabilities: np.ndarray, class_probabilities: np.ndarray, decisions: Decisions
) -> np.ndarray:
    """Final masks of one image.

    Args:
        probabilities: (rows, columns, 4) probability of each pixel to belong to each class.
        class_probabilities: (4,) probability that the image contains each class.
        decisions: post-processing parameters.

    Returns:
        (rows, columns, 4) bool.
    """
    return refine(binarise(probabilities, class_probabilities, decisions), decisions)


def binarise(
    probabilities: np.ndarray, class_probabilities: np.ndarray, decisions: Decisions
) -> np.ndarray:
    """Masks by rule, thresholds and gates alone; arguments and result as those of `masks`."""
    if decisions.rule == "expected_dice":
        return expected_dice(probabilities, class_probabilities)
    gates = np.array(decisions.gates)
    return (probabilities >= decisions.thresholds) & (class_probabilities >= gates)


def refine(raw: np.ndarray, decisions: Decisions) -> np.ndarray:
    """Masks (rows, columns, 4) bool with small components removed and shapes fitted."""
    result = np.zeros_like(raw)
    for i in range(NUMBER):
        kept = remove_small(raw[..., i], decisions.min_areas[i] * raw[..., i].size)
        result[..., i] = fit_shape(kept, decisions.shapes[i])
    return result


def expected_dice(probabilities: np.ndarray, class_probabilities: np.ndarray) -> np.ndarray:
    """Masks of one image that maximise the expected Dice coefficient.

    For each class the threshold with the largest p 2 E|X and Y| / (|X| + E|Y|) is chosen, where p
    is the class probability and the expectations are conditional on the class being present; the
    mask is empty where 1 - p is larger. The ratio of expectations approximates the expectation of
    the ratio, as for many independent pixels (Dai and Li 2023, "RankSEG", give the error).

    Args:
        probabilities: (rows, columns, 4) probability of each pixel to belong to each class.
        class_probabilities: (4,) probability that the image contains each class.

    Returns:
        (rows, columns, 4) bool.
    """
    result = np.zeros(probabilities.shape, bool)
    for i, present in enumerate(np.asarray(class_probabilities, np.float64)):
        mask, value = best_mask(probabilities[..., i], present)
        if value > 1 - present:
            result[..., i] = mask
    return result


def best_mask(probabilities: np.ndarray, present: float) -> tuple[np.ndarray, float]:
    """The mask of one class with the largest expected Dice, and that Dice; see `expected_dice`.

    Args:
        probabilities: (rows, columns) probability of each pixel.
        present: probability that the image contains the class.

    Returns:
        (rows, columns) bool, and a value in [0, 1].
    """
    if present <= 0:
        return np.zeros(probabilities.shape, bool), 0.0
    given = np.clip(probabilities / present, 0, 1)  # conditional on the class
    ranked = np.sort(given, axis=None)[::-1].astype(np.float64)
    pixels = np.arange(1, ranked.size + 1)
    value = present * 2 * np.cumsum(ranked) / (pixels + ranked.sum())
    best = int(value.argmax())
    return given >= ranked[best], float(value[best])


def remove_small(mask: np.ndarray, area: float) -> np.ndarray:
    """Remove the connected components of fewer than `area` pixels from a mask (rows, columns)."""
    if area <= 1:
        return mask
    components, _ = ndimage.label(mask, CONNECTIVITY)
    keep = np.bincount(components.ravel()) >= area
    keep[0] = False  # the background
    return keep[components]


def fit_shape(mask: np.ndarray, shape: str) -> np.ndarray:
    """Fit boxes or convex hulls around a mask.

    Args:
        mask: (rows, columns) bool.
        shape: of `SHAPES`. "box" and "hull" enclose each connected component, "one_box" and
            "one_hull" all of them together, "none" leaves the mask as it is.

    Returns:
        (rows, columns) bool, which contains the mask.
    """
    if shape == "none" or not mask.any():
        return mask
    if shape.startswith("one_"):
        return _box(mask) if shape == "one_box" else convex_hull(mask)
    components, _ = ndimage.label(mask, CONNECTIVITY)
    result = mask.copy()
    for i, window in enumerate(ndimage.find_objects(components)):
        result[window] |= True if shape == "box" else convex_hull(components[window] == i + 1)
    return result


def _box(mask: np.ndarray) -> np.ndarray:
    result = np.zeros_like(mask)
    result[ndimage.find_objects(mask.astype(np.uint8))[0]] = True
    return result


def convex_hull(mask: np.ndarray) -> np.ndarray:
    """Pixels whose centres lie in the convex hull of the centres of a mask's pixels: bool."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return mask
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    inner = np.arange(rows[0], rows[-1] + 1)
    start = np.ceil(_lower_hull(rows, left, inner) - 1e-9)
    end = np.floor(-_lower_hull(rows, -right, inner) + 1e-9)
    result = np.zeros_like(mask)
    columns = np.arange(mask.shape[1])
    result[inner] = (columns >= start[:, None]) & (columns <= end[:, None])
    return result


def _lower_hull(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The lower convex hull of points by Andrew's monotone chain, interpolated to `at`."""
    hull: list[tuple[int, int]] = []
    for point in zip(x.tolist(), y.tolist()):
        while len(hull) > 1 and _on_or_above(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return np.interp(at, *np.transpose(hull))


def _on_or_above(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b lies on or above the line from a to c."""
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
