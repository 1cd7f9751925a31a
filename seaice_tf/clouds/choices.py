"""Choices of the settings that networks implement, without TensorFlow."""

from typing import Literal

Loss = Literal["binary_crossentropy", "focal", "dice", "bce_dice"]
# Test-time augmentation: the axes along which copies of a photo are flipped, 1 rows, 2 columns.
TTA: dict[str, tuple[tuple[int, ...], ...]] = {
    "none": ((),),
    "horizontal_flip": ((), (2,)),
    "flips": ((), (2,), (1,), (1, 2)),
}
