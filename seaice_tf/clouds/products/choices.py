"""How sure the choice between a mask and none was, for each class of a photo.

A class that is absent and has no mask scores 1, one of them without the other 0: a photo in which
both choices are worth nearly the same changes from a large mask to none at the slightest change of
its pixels, such as another compression.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.data.postprocessing import best_mask
from seaice_tf.files import atomic

CLOSE = 0.05  # of expected Dice
COLUMNS = (
    *("image", "class", "choice", "area"),
    *("class_probability", "expected_dice", "expected_dice_of_other", "sure"),
)


class Choice(NamedTuple):
    """The choice for one class of a photo.

    Attributes:
        area: fraction of the photo that the mask covers; 0 for none.
        class_probability: that the photo contains the class.
        expected_dice: of the choice, by the probabilities of the pixels.
        other: expected Dice of the other choice: no mask, or the best one.
    """

    area: float
    class_probability: float
    expected_dice: float
    other: float

    @property
    def sure(self) -> bool:
        """Whether the choice is worth clearly more than the other one."""
        return self.expected_dice - self.other >= CLOSE


def choices(
    probabilities: np.ndarray, class_probabilities: np.ndarray, masks: np.ndarray
) -> list[Choice]:
    """The choices of a photo, class by class.

    Args:
        probabilities: (rows, columns, 4) of the pixels.
        class_probabilities: (4,) of the photo.
        masks: (rows, columns, 4) bool, as they are delivered.
    """
    result = []
    for i, present in enumerate(np.asarray(class_probabilities, np.float64).tolist()):
        mask, pixels = masks[..., i], probabilities[..., i]
        if mask.any():
            given = np.clip(pixels / max(present, 1e-9), 0, 1).astype(np.float64)
            value = present * 2 * given[mask].sum() / (mask.sum() + given.sum())
            result.append(Choice(float(mask.mean()), present, float(value), 1 - present))
        else:
            result.append(Choice(0.0, present, 1 - present, best_mask(pixels, present)[1]))
    return result


def caption(found: list[Choice]) -> str:
    """The choices in a line, of which those that are not sure are marked.

    >>> caption([Choice(0.61, 0.5, 0.51, 0.5)] + 3 * [Choice(0, 0.1, 0.9, 0.1)])
    'Fish 50 % mask, close; Flower 10 % none; Gravel 10 % none; Sugar 10 % none'
    """
    return "; ".join(
        f"{kind} {100 * each.class_probability:.0f} % {'mask' if each.area else 'none'}"
        f"{'' if each.sure else ', close'}"
        for kind, each in zip(CLASSES, found)
    )


def write(path: Path, found: Mapping[str, list[Choice]]) -> Path:
    """Write a table with a row for each photo and class, ordered by name."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for name in sorted(found):
        for kind, each in zip(CLASSES, found[name], strict=True):
            numbers = (f"{value:.3f}" for value in each)
            area, *others = numbers
            choice = "mask" if each.area else "none"
            table.writerow([name, kind, choice, area, *others, "yes" if each.sure else "no"])
    return atomic.write_text(path, text.getvalue())
