"""Frames moved on by a flow that stays as it is (semi-Lagrangian), and blurred as doubt grows.

A flow is (rows, columns, 2) in pixels a frame as in `optical_flow`.
"""

import numpy as np
from scipy import ndimage

from seaice_tf.nowcast.data.layout import FRAMES_OUT


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The image one frame later: out(x) = image(x - flow(x)), bilinear, edges repeated.

    Args:
        image: (H, W).
        flow: (H, W, 2).

    Returns:
        (H, W) float32.
    """
    return at(image, _pixels(image.shape) - np.moveaxis(flow, -1, 0))


def extrapolate(last: np.ndarray, flow: np.ndarray, steps: int = FRAMES_OUT) -> np.ndarray:
    """The last frame moved on by 1 to `steps` frames: (H, W) -> (steps, H, W) float32.

    Where the air of a pixel comes from is followed back a frame at a time, by the flow in the
    middle of the way; the frame itself is interpolated once, so that it is not smoothed.

    Args:
        last: the latest frame.
        flow: (H, W, 2), the same at all times.
        steps: frames; the first is moved by one flow.

    Source: Germann, Zawadzki 2002, doi:10.1175/1520-0493(2002)130<2859:SDOTPO>2.0.CO;2.
    """
    return np.stack([at(last, where) for where in origins(flow, steps)[1:]])


def origins(flow: np.ndarray, steps: int) -> np.ndarray:
    """Where what is at each pixel was 0 to `steps` frames before.

    Args:
        flow: (H, W, 2), the same at all times; past the edge that of the edge.
        steps: frames.

    Returns:
        (steps + 1, 2, H, W) float32, rows and columns; they may lie outside of the image.
    """
    way = np.moveaxis(flow, -1, 0).astype(np.float32)
    result = np.empty((steps + 1, *way.shape), np.float32)
    result[0] = _pixels(way.shape[1:])
    for step in range(steps):
        middle = result[step] - at(way, result[step]) / 2
        result[step + 1] = result[step] - at(way, middle)
    return result


def blur(frames: np.ndarray, growth: float) -> np.ndarray:
    """Gaussian blur of `growth` pixels more with each lead: (T, H, W) -> the same, float32.

    The first frame, of lead 1, is blurred by `growth` pixels. Edges are repeated.
    """
    return np.stack(
        [
            ndimage.gaussian_filter(frame.astype(np.float32), growth * lead, mode="nearest")
            for lead, frame in enumerate(frames, start=1)
        ]
    )


def at(fields: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Values between the pixels, edges repeated: (..., H, W) at (2, h, w) -> (..., h, w) float32.

    Several times as fast as `ndimage.map_coordinates`, which takes one field at a time.
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
