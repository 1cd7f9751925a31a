"""Heights and poses that need no image: what any network must beat; and a scale that needs two.

They learn from the facts of the training tiles. A city without one gets what all tiles give.
"""

from collections.abc import Sequence

import numpy as np

from seaice_tf.geopose.data import circular
from seaice_tf.geopose.data.pose import Facts, Pose

STILL = Pose(0.0, 0.0)  # no flow: as if seen from straight above


def mean_height(training: Sequence[Facts], city: str) -> float:
    """Mean of the known heights of the city's tiles, metres; 0 without any.

    >>> tile = Facts("a", "ARG", 0.5, STILL, known=10, total=40.0)
    >>> mean_height([tile, tile._replace(city="JAX", total=0.0)], "ARG")
    4.0
    """
    tiles = _of(training, city)
    return sum(each.total for each in tiles) / max(sum(each.known for each in tiles), 1)


def height_variance(training: Sequence[Facts], city: str) -> float:
    """Variance of the known heights of the city's tiles, square metres; 0 without any.

    >>> height_variance([Facts("a", "ARG", 0.5, STILL, known=2, total=6.0, square=20.0)], "ARG")
    1.0
    """
    tiles = _of(training, city)
    square = sum(each.square for each in tiles) / max(sum(each.known for each in tiles), 1)
    return max(square - mean_height(training, city) ** 2, 0.0)


def mean_pose(training: Sequence[Facts], city: str) -> Pose:
    """Mean scale and circular mean angle of the city's tiles; no flow without any.

    No direction is right on average where they cancel out: the angle is 0 then.
    """
    tiles = _of(training, city)
    if not tiles:
        return STILL
    angle = float(circular.mean(np.array([each.pose.angle for each in tiles])))
    return Pose(
        float(np.mean([each.pose.scale for each in tiles])), 0.0 if np.isnan(angle) else angle
    )


def mean_flow(training: Sequence[Facts], city: str) -> Pose:
    """The pose of the mean vector: its scale is less, the more the directions differ.

    Of all poses that are the same for every tile its flow has the least squared error, if heights
    and poses have nothing to do with each other.
    """
    tiles = _of(training, city)
    if not tiles:
        return STILL
    vectors = [each.pose.scale * np.exp(1j * each.pose.angle) for each in tiles]
    mean = np.mean(vectors)
    return Pose(float(np.abs(mean)), float(circular.wrapped(np.angle(mean))))


def constant(height: float, shape: tuple[int, int]) -> np.ndarray:
    """The same height everywhere: (H, W) float32."""
    return np.full(shape, height, np.float32)


def fitted_scale(agl: np.ndarray, magnitude: np.ndarray) -> float:
    """Pixels a metre by least squares through the origin, of magnitudes on heights.

    Args:
        agl: (...) metres, NaN where unknown.
        magnitude: (...) pixels of flow, likewise.

    Returns:
        The scale; 0 where no height is known but 0.

    >>> fitted_scale(np.array([2.0, np.nan, 4.0]), np.array([1.0, 9.0, 2.0]))
    0.5
    """
    known = np.isfinite(agl) & np.isfinite(magnitude)
    heights, lengths = agl[known].astype(float), magnitude[known].astype(float)
    square = float(heights @ heights)
    return float(heights @ lengths) / square if square else 0.0


def _of(training: Sequence[Facts], city: str) -> Sequence[Facts]:
    return [each for each in training if each.city == city] or training
