"""From probability maps to masks: a threshold, a smallest area, a gate and a shape per class."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from seaice_tf.clouds.data import masks
from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.errors import InputError

NUMBER = len(CLASSES)
RULES = ("thresholds", "expected_dice")


@dataclass(frozen=True)
class Decisions:
    """How masks are decided, a value per class; the defaults are a plain threshold of one half.

    Attributes:
        rule: masks by the thresholds and gates, or by `expected_dice`, which has neither.
        thresholds: of the pixels' probability; a pixel at the threshold is in.
        min_areas: of a connected part, as a share of the picture; smaller ones are dropped.
        gates: of the image's probability to hold the class; below it the mask is emptied.
        shapes: of masks.SHAPES, put around what is left.
    """

    rule: Literal["thresholds", "expected_dice"] = "thresholds"
    thresholds: tuple[float, ...] = (0.5,) * NUMBER
    min_areas: tuple[float, ...] = (0.0,) * NUMBER
    gates: tuple[float, ...] = (0.0,) * NUMBER
    shapes: tuple[str, ...] = ("none",) * NUMBER

    def __post_init__(self):
        if self.rule not in RULES:
            raise InputError(
                f"decisions: expected the rule {' or '.join(RULES)}, got {self.rule!r}"
            )
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
        if unknown := set(self.shapes) - set(masks.SHAPES):
            raise InputError(
                f"decisions: expected shapes of {', '.join(masks.SHAPES)}, got {sorted(unknown)}"
            )


PLAIN = Decisions()


def table(decisions: Decisions) -> np.ndarray:
    """Decisions as numbers: (5, classes), a row per attribute, rule and shapes by their index."""
    rule = [RULES.index(decisions.rule)] * NUMBER
    shapes = [masks.SHAPES.index(shape) for shape in decisions.shapes]
    return np.array([rule, decisions.thresholds, decisions.min_areas, decisions.gates, shapes])


def from_table(values: np.ndarray) -> Decisions:
    """Undo `table`, for values of any float type."""
    rows = np.round(np.asarray(values, np.float64), 6).tolist()
    thresholds, min_areas, gates = (tuple(row) for row in rows[1:4])
    shapes = tuple(masks.SHAPES[int(i)] for i in rows[4])
    return Decisions(RULES[int(rows[0][0])], thresholds, min_areas, gates, shapes)  # type: ignore


def decide(probabilities: np.ndarray, chances: np.ndarray, decisions: Decisions) -> np.ndarray:
    """The masks of one image: (rows, columns, 4) bool.

    Args:
        probabilities: (rows, columns, 4) of each pixel to belong to each class.
        chances: (4,) of the image to hold each class at all.
        decisions: per class.
    """
    return finish(propose(probabilities, chances, decisions), decisions)


def propose(probabilities: np.ndarray, chances: np.ndarray, decisions: Decisions) -> np.ndarray:
    """Masks by rule, thresholds and gates alone; arguments and result as those of `decide`."""
    if decisions.rule == "expected_dice":
        return expected_dice(probabilities, chances)
    return (probabilities >= decisions.thresholds) & (chances >= np.array(decisions.gates))


def finish(raw: np.ndarray, decisions: Decisions) -> np.ndarray:
    """Masks (rows, columns, 4) bool without their small parts, in the shapes decided on."""
    result = np.zeros_like(raw)
    for i in range(NUMBER):
        kept = masks.drop_small(raw[..., i], decisions.min_areas[i] * raw[..., i].size)
        result[..., i] = masks.fit(kept, decisions.shapes[i])
    return result


def expected_dice(probabilities: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """The masks of one image with the largest expected Dice: (rows, columns, 4) bool.

    Of all thresholds, per image and class, the one with the largest chance x 2 E|X and Y| /
    (|X| + E|Y|), given that the class is there; or no mask, where the chance of none is higher.
    The ratio of expectations stands for the expectation of the ratio, as if the pixels were many
    and independent (Dai and Li 2023, "RankSEG", show how near that comes).

    Args:
        probabilities: (rows, columns, 4) of each pixel to belong to each class.
        chances: (4,) of the image to hold each class at all.
    """
    result = np.zeros(probabilities.shape, bool)
    for i, chance in enumerate(np.asarray(chances, np.float64)):
        if chance > 0:
            given = np.clip(probabilities[..., i] / chance, 0, 1)  # that the class is there
            ranked = np.sort(given, axis=None)[::-1].astype(np.float64)
            pixels = np.arange(1, ranked.size + 1)
            value = chance * 2 * np.cumsum(ranked) / (pixels + ranked.sum())
            best = int(value.argmax())
            if value[best] > 1 - chance:
                result[..., i] = given >= ranked[best]
    return result
