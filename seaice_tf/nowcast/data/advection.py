"""Semi-Lagrangian extrapolation of a frame along a steady flow, and blur that grows with the lead.

A flow is (H, W, 2) in pixels per frame as in `optical_flow`.
"""

import numpy as np

from seaice_tf.lazy import ndimage
from seaice_tf.nowcast.data.layout import FRAMES_OUT


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Advect an image by one frame: out(x) = image(x - flow(x)), bilinear, edges repeated.

    Args:
        image: (H, W).
        flow: (H, W, 2) in pixels.

    Returns:
        (H, W) float32.
    """
    return at(image, _pixels(image.shape) - np.moveaxis(flow, -1, 0))


def extrapolate(last: np.ndarray, flow: np.ndarray, steps: int = FRAMES_OUT) -> np.ndarray:
    """Semi-Lagrangian extrapolation of a frame along a steady flow.

    Each pixel is traced back one frame at a time, by the flow at the midpoint of each step. The
    frame is interpolated once, so that it is not smoothed more at longer leads.

    Args:
        last: (H, W), the latest frame.
        flow: (H, W, 2) in pixels per frame, constant in time.
        steps: number of leads; the first is one frame ahead.

    Returns:
        (steps, H, W) float32.

    Source: Germann, Zawadzki 2002, doi:10.1175/1520-0493(2002)130<2859:SDOTPO>2.0.CO;2.
    """
    return np.stack([at(last, where) for where in departure_points(flow, steps)[1:]])


def departure_points(flow: np.ndarray, steps: int) -> np.ndarray:
    """Departure points of each pixel for 0 to `steps` frames.

    Args:
        flow: (H, W, 2) in pixels per frame, constant in time; beyond the edges that of the edge.
        steps: number of frames.

    Returns:
        (steps + 1, 2, H, W) float32, rows and columns, which may lie outside of the image.
    """
    velocity = np.moveaxis(flow, -1, 0).astype(np.float32)
    result = np.empty((steps + 1, *velocity.shape), np.float32)
    result[0] = _pixels(velocity.shape[1:])
    for step in range(steps):
        middle = result[step] - at(velocity, result[step]) / 2
        result[step + 1] = result[step] - at(velocity, middle)
    return result


def blur(frames: np.ndarray, growth: float) -> np.ndarray:
    """Gaussian blur with a sigma of `growth` pixels times the lead: (T, H, W) -> float32.

    The lead of the first frame is 1. Edges are repeated.
    """
    return np.stack(
        [
            ndimage.gaussian_filter(frame.astype(np.float32), growth * lead, mode="nearest")
            for lead, frame in enumerate(frames, start=1)
        ]
    )


def at(fields: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Bilinear values at points, edges repeated: (..., H, W) at (2, h, w) -> (..., h, w) float32.

    Several times faster than `ndimage.map_coordinates`, which takes one field at a time.
    """
    height, width = fields.shape[-2:]
    row, column = (np.clip(x, 0, n - 1) for x, n in zip(where, (height, width)))
    top, left = row.astype(np.intp), column.astype(np.intp)
    down, right = (row - top).astype(np.float32), (column - left).astype(np.float32)
    first = top * width + left
    below, beside = np.where(top < height - 1, width, 0), (left < width - 1).astype(np.intp)
    flat = fields.reshape(*fields.shape[:-2], -1).astype(np.float32, copy=False)

    def across(start):
        here = flat.take(start, axis=-1)
        return here + right * (flat.take(start + beside, axis=-1) - here)

    upper = across(first)
    return upper + down * (across(first + below) - upper)


def _pixels(shape: tuple[int, ...]) -> np.ndarray:
    return np.indices(shape, dtype=np.float32)
