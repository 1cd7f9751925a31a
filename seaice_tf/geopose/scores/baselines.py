"""Baselines: mean heights, poses and flow of the training tiles of a city.

A city without training tiles gets the mean over all cities.
"""

from collections.abc import Sequence

import numpy as np

from seaice_tf.geopose.data.pose import Pose, TileStatistics, circular_mean, wrapped

ZERO_FLOW = Pose(0.0, 0.0)  # the pose of a view from directly above


def mean_height(training: Sequence[TileStatistics], city: str) -> float:
    """Mean of the known heights of a city's tiles, metres; 0 without any.

    >>> tile = TileStatistics("a", "ARG", 0.5, ZERO_FLOW, known=10, total=40.0)
    >>> mean_height([tile, tile._replace(city="JAX", total=0.0)], "ARG")
    4.0
    """
    tiles = _of(training, city)
    return sum(each.total for each in tiles) / max(sum(each.known for each in tiles), 1)


def height_variance(training: Sequence[TileStatistics], city: str) -> float:
    """Variance of the known heights of a city's tiles, square metres; 0 without any.

    >>> tile = TileStatistics("a", "ARG", 0.5, ZERO_FLOW, known=2, total=6.0, square=20.0)
    >>> height_variance([tile], "ARG")
    1.0
    """
    tiles = _of(training, city)
    square = sum(each.square for each in tiles) / max(sum(each.known for each in tiles), 1)
    return max(square - mean_height(training, city) ** 2, 0.0)


def mean_pose(training: Sequence[TileStatistics], city: str) -> Pose:
    """Mean scale and circular mean angle of a city's tiles; zero flow without any.

    The angle is 0 if the directions cancel out.
    """
    tiles = _of(training, city)
    if not tiles:
        return ZERO_FLOW
    angle = float(circular_mean(np.array([each.pose.angle for each in tiles])))
    return Pose(
        float(np.mean([each.pose.scale for each in tiles])), 0.0 if np.isnan(angle) else angle
    )


def mean_flow(training: Sequence[TileStatistics], city: str) -> Pose:
    """Pose of the mean flow vector per metre, whose scale decreases as directions differ.

    Of all constant poses its flow has the smallest squared error, if heights and poses are
    independent.
    """
    tiles = _of(training, city)
    if not tiles:
        return ZERO_FLOW
    vectors = [each.pose.scale * np.exp(1j * each.pose.angle) for each in tiles]
    mean = np.mean(vectors)
    return Pose(float(np.abs(mean)), float(wrapped(np.angle(mean))))


def constant(height: float, shape: tuple[int, int]) -> np.ndarray:
    """A constant height: (H, W) float32."""
    return np.full(shape, height, np.float32)


def fitted_scale(agl: np.ndarray, magnitude: np.ndarray) -> float:
    """Scale by least squares through the origin, of flow magnitudes on heights.

    Args:
        agl: (...) metres, NaN where unknown.
        magnitude: (...) pixels of flow, NaN where unknown.

    Returns:
        Pixels per metre; 0 if all known heights are 0.

    >>> fitted_scale(np.array([2.0, np.nan, 4.0]), np.array([1.0, 9.0, 2.0]))
    0.5
    """
    known = np.isfinite(agl) & np.isfinite(magnitude)
    heights, lengths = agl[known].astype(float), magnitude[known].astype(float)
    square = float(heights @ heights)
    return float(heights @ lengths) / square if square else 0.0


def _of(training: Sequence[TileStatistics], city: str) -> Sequence[TileStatistics]:
    return [each for each in training if each.city == city] or training
