"""Optical flow and extrapolation of frames as functions on arrays of any size.

>>> frames = np.zeros((3, 32, 32), np.float32)
>>> for i in range(3):
...     frames[i, 10 + i : 20 + i, 8:18] = 100
>>> advect(frames, 2).shape
(2, 32, 32)
"""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.nowcast.data.fill import filled, unmasked
from seaice_tf.nowcast.networks.motion import departure, look_up, lucas_kanade, neighbours

ALIGN, SMALLEST = 8, 128  # pixels, of the sides that the flow is computed on
PAIRS = 6
WINDOW = 10.0  # pixels


def flow(
    frames: np.ndarray | Sequence, *, pairs: int = PAIRS, window: float = WINDOW
) -> np.ndarray:
    """Optical flow of the last frames of a sequence by Lucas-Kanade, coarse to fine.

    All pairs of successive frames share one flow, which is less noisy than that of the last pair.
    Frames are normalised locally first, so that faint patterns count as much as bright edges, and
    outliers count less. The flow does not depend on the unit or the range of the values. Motions of
    up to 30 pixels per frame.

    Args:
        frames: (T, H, W), two or more, the latest last; NaN, or masked, where unknown.
        pairs: number of pairs, ending with the last frame; fewer if there are fewer frames.
        window: sigma in pixels, up to 20, of the Gaussian window in which the flow is constant.

    Returns:
        (H, W, 2) float32 in pixels per frame, down the rows and along the columns, in the direction
        of motion.

    Raises:
        InputError: not two or more frames, or a window outside of 0 to 20.

    Source: Lucas, Kanade 1981; Bouguet 2001.
    """
    frames = _checked(frames, 2)
    if pairs < 1 or not 0 < window <= 20:
        raise InputError(
            f"flow: expected 1 pair or more and a window of up to 20 pixels, got {pairs} and "
            f"{window:g}; change them"
        )
    frames = _unit_range(filled(frames[-pairs - 1 :]))
    height, width = frames.shape[1:]
    sides = [max(-(-n // ALIGN) * ALIGN, SMALLEST) for n in (height, width)]
    padding = [(0, 0), (0, sides[0] - height), (0, sides[1] - width)]
    batch = tf.constant(np.moveaxis(np.pad(frames, padding, mode="edge"), 0, -1)[None])
    return _flow(batch, tf.constant(window))[0, :height, :width].numpy()


def advect(
    frames: np.ndarray | Sequence, steps: int, *, flow: np.ndarray | None = None
) -> np.ndarray:
    """Extrapolate a sequence: the last frame, each pixel of which keeps its own velocity.

    Over an hour that forecasts clouds better than a flow that is constant in time at each place.
    The frame is interpolated once, so that it is not smoothed more at longer leads.

    Args:
        frames: (T, H, W), the latest last; NaN, or masked, where unknown.
        steps: number of leads; the first is one frame ahead.
        flow: (H, W, 2) in pixels per frame, as the function `flow` gives, which is the default.

    Returns:
        (steps, H, W) float32, NaN where a pixel comes from outside or from what is unknown.

    Raises:
        InputError: no frames, a flow of another size, or no steps.
    """
    found = _checked(frames, 1 if flow is not None else 2)
    if not isinstance(steps, Integral) or steps < 1:
        raise InputError(
            f"advect: expected 1 step or more, a whole number, got {steps!r}; ask for others"
        )
    motion = globals()["flow"](found) if flow is None else unmasked(flow)
    if motion.shape != (*found.shape[1:], 2):
        raise InputError(
            f"advect: expected a flow of shape {(*found.shape[1:], 2)}, got {motion.shape}; "
            f"compute it from these frames"
        )
    return _extrapolated(tf.constant(found[-1]), tf.constant(motion), int(steps))


def _extrapolated(last, motion, steps: int) -> np.ndarray:
    height, width = last.shape
    table, image = neighbours(motion[None]), neighbours(last[None, ..., None])
    rows, columns = np.indices((height, width), np.float32)
    arrival = points = tf.constant(np.stack([rows, columns])[:, None])
    result = np.empty((steps, height, width), np.float32)
    for lead in range(1, steps + 1):
        points = departure(table, arrival, points, float(lead))
        row, column = (x.numpy()[0] for x in tf.unstack(points))
        inside = (row >= 0) & (row <= height - 1) & (column >= 0) & (column <= width - 1)
        values = look_up(image, *tf.unstack(points)).numpy()[0, ..., 0]
        result[lead - 1] = np.where(inside, values, np.nan)
    return result


@tf.function(
    input_signature=[tf.TensorSpec((1, None, None, None)), tf.TensorSpec(())], reduce_retracing=True
)
def _flow(frames, window):
    return lucas_kanade(frames, (window,))


def _unit_range(frames: np.ndarray) -> np.ndarray:
    """Values as 0 to 1000: sums of squares then fit float32 whatever the unit."""
    low, high = float(frames.min()), float(frames.max())
    return (frames - np.float32(low)) * np.float32(1000 / max(high - low, 1e-30))


def _checked(frames: np.ndarray | Sequence, least: int) -> np.ndarray:
    found = unmasked(frames)
    if found.ndim != 3 or len(found) < least or min(found.shape[1:]) < 2:
        raise InputError(
            f"frames: expected {least} or more of two rows and columns at least, (T, H, W), got "
            f"{found.shape}; stack them along the first axis"
        )
    return found
