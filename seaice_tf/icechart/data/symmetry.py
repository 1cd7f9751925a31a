"""Symmetries of the square (dihedral group D4) applied to scenes, wind components included."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data.charts import physical, standardise

# Wind components in the frame of the image, named "rotated" in the data set: towards higher
# samples, and towards lower lines. That the second points up is our reading of the manual.
WIND = ("u10m_rotated", "v10m_rotated")


@dataclass(frozen=True)
class Symmetry:
    """An optional left-right flip followed by counterclockwise rotations of 90 degrees.

    Attributes:
        rot90: number of rotations by 90 degrees.
        flip: whether to flip left to right first.
    """

    rot90: int = 0
    flip: bool = False

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Transform an array (H, W, ...); returns a view."""
        return np.rot90(values[:, ::-1] if self.flip else values, self.rot90)

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Undo `apply`; returns a view."""
        upright = np.rot90(values, -self.rot90)
        return upright[:, ::-1] if self.flip else upright

    def apply_to_channels(self, image: np.ndarray, channels: Sequence[str]) -> np.ndarray:
        """Transform standardised channels, rotating the wind vector with the image.

        Args:
            image: (H, W, C).
            channels: names of the C channels. A rotation by 90 degrees needs both wind components
                or none.

        Returns:
            The transformed image, (H, W, C) or (W, H, C); `image` itself for the identity.
        """
        if self == Symmetry():
            return image
        result = np.array(self.apply(image))
        places = {name: list(channels).index(name) for name in WIND if name in channels}
        if not places:
            return result
        wind = {name: physical(name, result[..., at]) for name, at in places.items()}
        right, up = (wind.get(name, np.zeros(1, np.float32)) for name in WIND)
        right = -right if self.flip else right
        for _ in range(self.rot90 % 4):
            right, up = -up, right
        for name, values in zip(WIND, (right, up)):
            if name in places:
                result[..., places[name]] = standardise(name, values)
        return result


# Symmetries whose predictions are averaged by test-time augmentation.
TTA: dict[str, tuple[Symmetry, ...]] = {
    "none": (Symmetry(),),
    "flips": tuple(Symmetry(rot90, flip) for rot90 in (0, 2) for flip in (False, True)),
    "d4": tuple(Symmetry(rot90, flip) for rot90 in range(4) for flip in (False, True)),
}
