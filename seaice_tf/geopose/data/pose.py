"""Codes and equations of the Overhead Geopose data set.

Files hold centimetres and pixels per centimetre; everywhere else heights above ground are metres,
float32 with NaN where unknown, and scales pixels per metre. What is seen at a pixel stands on the
ground `flow` away from it: x to the right, y down. The angle is 0 where the flow points down the
picture and grows counterclockwise.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seaice_tf.geopose.data import circular

CITIES = ("ARG", "ATL", "JAX", "OMA")
CITY_NAMES = {"ARG": "San Fernando", "ATL": "Atlanta", "JAX": "Jacksonville", "OMA": "Omaha"}
UNKNOWN = 65535  # in AGL files: the lidar saw nothing
HIGHEST = UNKNOWN - 1  # cm that an AGL file can hold
CENTIMETRES = 100  # in a metre
SIDE = 2048  # pixels of the data set's tiles
LABELLED_TABLE, TEST_TABLE, METADATA = "geopose_train.csv", "geopose_test.csv", "metadata.csv"
LABELLED_COLUMNS = ("id", "rgb", "agl", "json")
TEST_COLUMNS = ("id", "rgb")
METADATA_COLUMNS = ("id", "city", "gsd")
SYNTHETIC = "SYNTHETIC.txt"  # a file that marks a folder of made-up tiles


class Pose(NamedTuple):
    """How an image was taken."""

    scale: float  # pixels of flow for each metre of height
    angle: float  # radians in [0, 2 pi)


@dataclass(frozen=True)
class View:
    """An image with its labels.

    Attributes:
        image: (H, W, 3) uint8.
        agl: (H, W) float32 height above ground in metres, NaN where unknown.
        pose: how it was taken.
        gsd: ground sample distance, metres a pixel.
    """

    image: np.ndarray
    agl: np.ndarray
    pose: Pose
    gsd: float


class Facts(NamedTuple):
    """What the baselines learn from a labelled tile."""

    id: str
    city: str
    gsd: float  # metres a pixel
    pose: Pose
    known: int  # pixels of known height
    total: float  # sum of the known heights, metres
    square: float = 0.0  # sum of their squares


def one_hot(city: str) -> np.ndarray:
    """The city as (4,) float32.

    >>> one_hot("JAX")
    array([0., 0., 1., 0.], dtype=float32)
    """
    return np.array([city == each for each in CITIES], np.float32)


def flow(agl: np.ndarray, pose: Pose) -> np.ndarray:
    """Flow vectors in pixels, x and y: (..., H, W) -> (..., H, W, 2).

    >>> flow(np.array([[10.0]]), Pose(0.5, np.pi / 2)).round(6)
    array([[[5., 0.]]])
    """
    # A plain tuple of floats keeps float32 heights float32.
    x, y = (float(part) for part in direction(pose.angle))
    magnitude = agl * float(pose.scale)
    return np.stack([magnitude * x, magnitude * y], axis=-1)


def direction(angle: np.ndarray | float) -> np.ndarray:
    """The unit vector (x, y) of an angle: (...) -> (..., 2)."""
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def angle_of(vector: np.ndarray) -> np.ndarray:
    """The angle of (x, y) of any length, in [0, 2 pi): (..., 2) -> (...).

    >>> angle_of(np.array([[0.0, -2.0]])).round(4)
    array([3.1416])
    """
    return circular.wrapped(np.arctan2(vector[..., 0], vector[..., 1]))


def decode_agl(centimetres: np.ndarray) -> np.ndarray:
    """What an AGL file holds, as metres: uint16 -> float32, NaN where unknown."""
    metres = centimetres.astype(np.float32) / CENTIMETRES
    metres[centimetres == UNKNOWN] = np.nan
    return metres


def encode_agl(metres: np.ndarray) -> np.ndarray:
    """Metres as an AGL file holds them: clipped at 0, rounded to cm, uint16, 65535 for NaN.

    >>> encode_agl(np.array([-1, 0.014, 1e6, np.nan]))
    array([    0,     1, 65534, 65535], dtype=uint16)
    """
    centimetres = np.clip(np.rint(metres * np.float64(CENTIMETRES)), 0, HIGHEST)
    return np.where(np.isnan(centimetres), UNKNOWN, centimetres).astype(np.uint16)


def decode_pose(scale: float, angle: float) -> Pose:
    """What a VFLOW file holds: pixels per cm and any angle."""
    return Pose(scale * CENTIMETRES, circular.wrapped(angle))


def encode_pose(pose: Pose) -> dict[str, float]:
    """A pose as a VFLOW file holds it."""
    return {"scale": float(pose.scale) / CENTIMETRES, "angle": circular.wrapped(float(pose.angle))}


def downsampled(pose: Pose, factor: float) -> Pose:
    """The pose of an image after downsampling by `factor`."""
    return Pose(pose.scale / factor, pose.angle)
