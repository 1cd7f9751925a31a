"""From probability maps to masks: a threshold, a smallest area, a gate and a shape per class."""

from dataclasses import dataclass

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.transforms import masks
from seaice_tf.transforms.cloud_classes import CLASSES

NUMBER = len(CLASSES)


@dataclass(frozen=True)
class Decisions:
    """How masks are decided, a value per class; the defaults are a plain threshold of one half.

    Attributes:
        thresholds: of the pixels' probability; a pixel at the threshold is in.
        min_areas: of a connected part, as a share of the picture; smaller ones are dropped.
        gates: of the image's probability to hold the class; below it the mask is emptied.
        shapes: of masks.SHAPES, put around what is left.
    """

    thresholds: tuple[float, ...] = (0.5,) * NUMBER
    min_areas: tuple[float, ...] = (0.0,) * NUMBER
    gates: tuple[float, ...] = (0.0,) * NUMBER
    shapes: tuple[str, ...] = ("none",) * NUMBER

    def __post_init__(self):
        for name, values in vars(self).items():
            if len(values) != NUMBER:
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


def decide(probabilities: np.ndarray, chances: np.ndarray, decisions: Decisions) -> np.ndarray:
    """The masks of one image: (rows, columns, 4) bool.

    Args:
        probabilities: (rows, columns, 4) of each pixel to belong to each class.
        chances: (4,) of the image to hold each class at all.
        decisions: per class.
    """
    result = np.zeros(probabilities.shape, bool)
    for i in range(NUMBER):
        if chances[i] >= decisions.gates[i]:
            raw = probabilities[..., i] >= decisions.thresholds[i]
            kept = masks.drop_small(raw, decisions.min_areas[i] * raw.size)
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
