"""Pose and flow of oblique images, means of angles, and the symmetries of the square.

Heights above ground (AGL) are metres, float32 with NaN where unknown; scales are pixels per metre.
The ground point below a pixel is displaced from it by its flow, x to the right and y down. The
angle of the flow is 0 downwards and increases counterclockwise. Files of the Overhead Geopose data
set hold centimetres and pixels per centimetre.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CITIES = ("ARG", "ATL", "JAX", "OMA")
CITY_NAMES = {"ARG": "San Fernando", "ATL": "Atlanta", "JAX": "Jacksonville", "OMA": "Omaha"}
UNKNOWN = 65535  # in AGL files: no lidar return
HIGHEST = UNKNOWN - 1  # cm, the largest height of an AGL file
CENTIMETRES = 100  # in a metre


class Pose(NamedTuple):
    """Pose of an image.

    Attributes:
        scale: pixels of flow per metre of height.
        angle: of the flow, radians in [0, 2 pi).
    """

    scale: float
    angle: float


@dataclass(frozen=True)
class View:
    """An image with its labels.

    Attributes:
        image: (H, W, 3) uint8.
        agl: (H, W) float32 height above ground in metres, NaN where unknown.
        pose: of the image.
        gsd: ground sample distance, metres per pixel.
    """

    image: np.ndarray
    agl: np.ndarray
    pose: Pose
    gsd: float


class TileStatistics(NamedTuple):
    """Statistics of a labelled tile, of which the baselines are means.

    Attributes:
        id: of the tile.
        city: of CITIES.
        gsd: ground sample distance, metres per pixel.
        pose: of the image.
        known: number of pixels of known height.
        total: sum of the known heights, metres.
        square: sum of their squares, square metres.
    """

    id: str
    city: str
    gsd: float
    pose: Pose
    known: int
    total: float
    square: float = 0.0


def one_hot(city: str) -> np.ndarray:
    """One-hot vector of a city: (4,) float32.

    >>> one_hot("JAX")
    array([0., 0., 1., 0.], dtype=float32)
    """
    return np.array([city == each for each in CITIES], np.float32)


def flow(agl: np.ndarray, pose: Pose) -> np.ndarray:
    """Flow vectors of heights.

    Args:
        agl: (...) metres.
        pose: of the image.

    Returns:
        (..., 2) pixels, x and y.

    >>> flow(np.array([[10.0]]), Pose(0.5, np.pi / 2)).round(6)
    array([[[5., 0.]]])
    """
    # A plain tuple of floats keeps float32 heights float32.
    x, y = (float(part) for part in direction(pose.angle))
    magnitude = agl * float(pose.scale)
    return np.stack([magnitude * x, magnitude * y], axis=-1)


def direction(angle: np.ndarray | float) -> np.ndarray:
    """Unit vector (x, y) of an angle: (...) -> (..., 2)."""
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def angle_of(vector: np.ndarray) -> np.ndarray:
    """Angle of vectors (x, y) of any length, in [0, 2 pi): (..., 2) -> (...).

    >>> angle_of(np.array([[0.0, -2.0]])).round(4)
    array([3.1416])
    """
    return wrapped(np.arctan2(vector[..., 0], vector[..., 1]))


def expected_flow_pose(scale: float, angle: float, certainty: float) -> Pose:
    """Pose whose flow has the smallest expected squared error: shortened by the certainty."""
    return Pose(float(scale * certainty), float(angle))


def downsampled(pose: Pose, factor: float) -> Pose:
    """Pose of an image after downsampling by `factor`."""
    return Pose(pose.scale / factor, pose.angle)


def decode_agl(centimetres: np.ndarray) -> np.ndarray:
    """Content of an AGL file in metres: uint16 -> float32, NaN where unknown."""
    metres = centimetres.astype(np.float32) / CENTIMETRES
    metres[centimetres == UNKNOWN] = np.nan
    return metres


def encode_agl(metres: np.ndarray) -> np.ndarray:
    """Content of an AGL file: clipped at 0, rounded to cm, uint16, 65535 for NaN.

    >>> encode_agl(np.array([-1, 0.014, 1e6, np.nan]))
    array([    0,     1, 65534, 65535], dtype=uint16)
    """
    centimetres = np.clip(np.rint(metres * np.float64(CENTIMETRES)), 0, HIGHEST)
    return np.where(np.isnan(centimetres), UNKNOWN, centimetres).astype(np.uint16)


def decode_pose(scale: float, angle: float) -> Pose:
    """Pose of a VFLOW file's content: pixels per cm and any angle."""
    return Pose(scale * CENTIMETRES, wrapped(angle))


def encode_pose(pose: Pose) -> dict[str, float]:
    """Content of a VFLOW file."""
    return {"scale": float(pose.scale) / CENTIMETRES, "angle": wrapped(float(pose.angle))}


def wrapped(angle):
    """An angle wrapped to [0, 2 pi).

    >>> wrapped(-1e-20)
    0.0
    """
    # A tiny negative angle plus 2 pi is 2 pi itself.
    return angle % (2 * np.pi) % (2 * np.pi)


def circular_mean(
    angles: np.ndarray, weights: np.ndarray | None = None, axis: int = 0
) -> np.ndarray:
    """Circular mean: the direction of the sum of unit vectors.

    Args:
        angles: radians.
        weights: of the angles; None for equal weights.
        axis: along which the mean is taken.

    Returns:
        Radians in [0, 2 pi); NaN where the vectors cancel out.

    >>> float(np.degrees(circular_mean(np.radians([350, 30]))).round(6))
    10.0
    """
    vector = _vector_sum(np.asarray(angles, float), weights, axis)
    return np.where(np.abs(vector) < 1e-12, np.nan, wrapped(np.angle(vector)))[()]


def resultant_length(angles: np.ndarray, axis: int = 0) -> np.ndarray:
    """Mean resultant length: 1 if all angles are equal, 0 if they cancel out."""
    return np.abs(_vector_sum(np.asarray(angles, float), None, axis)) / np.shape(angles)[axis]


def angle_difference(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Signed difference a - b of angles, in [-pi, pi)."""
    return wrapped(np.subtract(a, b) + np.pi) - np.pi


def _vector_sum(angles: np.ndarray, weights: np.ndarray | None, axis: int) -> np.ndarray:
    return (np.exp(1j * angles) * (1 if weights is None else weights)).sum(axis=axis)


class Symmetry(NamedTuple):
    """A symmetry of the square: an optional horizontal flip, then quarter turns.

    Attributes:
        rot90: counterclockwise quarter turns, as in numpy.rot90.
        flipped: flipped left to right first.
    """

    rot90: int
    flipped: bool


# The dihedral group of the square, the identity first.
SYMMETRIES = tuple(Symmetry(rot90, flipped) for flipped in (False, True) for rot90 in range(4))


def transform(image: np.ndarray, symmetry: Symmetry, axes: tuple[int, int] = (0, 1)) -> np.ndarray:
    """Transform an image.

    Args:
        image: with rows and columns.
        symmetry: the transformation.
        axes: of the rows and of the columns.

    Returns:
        A view of the image.
    """
    if symmetry.flipped:
        image = np.flip(image, axes[1])
    return np.rot90(image, symmetry.rot90, axes)


def inverse_transform(
    image: np.ndarray, symmetry: Symmetry, axes: tuple[int, int] = (0, 1)
) -> np.ndarray:
    """The inverse of `transform`."""
    image = np.rot90(image, -symmetry.rot90, axes)
    return np.flip(image, axes[1]) if symmetry.flipped else image


def transform_angle(angle, symmetry: Symmetry):
    """Flow angle of a transformed image, in [0, 2 pi)."""
    return wrapped((-angle if symmetry.flipped else angle) + symmetry.rot90 * np.pi / 2)


def inverse_transform_angle(angle, symmetry: Symmetry):
    """The inverse of `transform_angle`."""
    rotated = angle - symmetry.rot90 * np.pi / 2
    return wrapped(-rotated if symmetry.flipped else rotated)
