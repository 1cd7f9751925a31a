"""Means and differences of angles, in radians."""

import numpy as np


def wrapped(angle):
    """An angle in [0, 2 pi).

    >>> wrapped(-1e-20)
    0.0
    """
    # A tiny negative angle plus 2 pi is 2 pi itself.
    return angle % (2 * np.pi) % (2 * np.pi)


def mean(angles: np.ndarray, weights: np.ndarray | None = None, axis: int = 0) -> np.ndarray:
    """The direction of the summed unit vectors, in [0, 2 pi); NaN where they cancel out.

    >>> float(np.degrees(mean(np.radians([350, 30]))).round(6))
    10.0
    """
    vector = _sum(np.asarray(angles, float), weights, axis)
    return np.where(np.abs(vector) < 1e-12, np.nan, wrapped(np.angle(vector)))[()]


def concentration(angles: np.ndarray, axis: int = 0) -> np.ndarray:
    """How much angles agree: 1 if all are the same, 0 if they cancel out."""
    return np.abs(_sum(np.asarray(angles, float), None, axis)) / np.shape(angles)[axis]


def difference(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """a - b the short way round, in [-pi, pi)."""
    return wrapped(np.subtract(a, b) + np.pi) - np.pi


def _sum(angles: np.ndarray, weights: np.ndarray | None, axis: int) -> np.ndarray:
    return (np.exp(1j * angles) * (1 if weights is None else weights)).sum(axis=axis)
