"""Scenes mirrored and turned by quarters, with the wind turned along."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data.charts import physical, standardise

# Components of the wind in the frame of the image, which the set calls rotated: towards higher
# samples, and towards lower lines. That the second points up is how we read its manual.
WIND = ("u10m_rotated", "v10m_rotated")


@dataclass(frozen=True)
class Turn:
    """Mirrored from left to right or not, then turned by so many quarters against the clock."""

    quarters: int = 0
    mirrored: bool = False

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values (H, W, ...) seen so; a view of them."""
        return np.rot90(values[:, ::-1] if self.mirrored else values, self.quarters)

    def back(self, values: np.ndarray) -> np.ndarray:
        """What `of` was given, from what it gave."""
        straight = np.rot90(values, -self.quarters)
        return straight[:, ::-1] if self.mirrored else straight

    def image(self, image: np.ndarray, channels: Sequence[str]) -> np.ndarray:
        """Ready-to-train channels (H, W, C) seen so: the array itself if that is as it is.

        A quarter turn of the wind takes both of its components.
        """
        if self == Turn():
            return image
        result = np.array(self.of(image))
        places = {name: list(channels).index(name) for name in WIND if name in channels}
        if not places:
            return result
        known = {name: physical(name, result[..., at]) for name, at in places.items()}
        right, up = (known.get(name, np.zeros(1, np.float32)) for name in WIND)
        right = -right if self.mirrored else right
        for _ in range(self.quarters % 4):
            right, up = -up, right
        for name, values in zip(WIND, (right, up)):
            if name in places:
                result[..., places[name]] = standardise(name, values)
        return result


VIEWS = {
    "one": (Turn(),),
    "flips": tuple(Turn(quarters, mirrored) for quarters in (0, 2) for mirrored in (False, True)),
    "all": tuple(Turn(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)),
}
