"""Motion of clouds: optical flow between frames, by scikit-image.

A flow is (H, W, 2) float32 in pixels per frame: [..., 0] down the rows, [..., 1] along the columns.
It points in the direction of motion, on the grid of the later of two frames:
later(x) = earlier(x - flow(x)).
"""

from collections.abc import Callable

import numpy as np
from skimage.registration import optical_flow_ilk, optical_flow_tvl1

from seaice_tf.errors import InputError
from seaice_tf.nowcast.data.layout import HIGHEST

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]


def tv_l1(
    earlier: np.ndarray, later: np.ndarray, attachment: float = 30, tightness: float = 0.3
) -> np.ndarray:
    """Optical flow by TV-L1: two (H, W) of counts -> (H, W, 2).

    Source: Zach, Pock, Bischof 2007, doi:10.1007/978-3-540-74936-3_22.

    Args:
        earlier, later: the frames.
        attachment: weight of the data term; smaller values give a smoother flow.
        tightness: of the coupling between the smooth flow and the one that fits the data.
    """
    return _motion(
        earlier,
        later,
        lambda a, b: optical_flow_tvl1(a, b, attachment=attachment, tightness=tightness),
    )


def lucas_kanade(
    earlier: np.ndarray, later: np.ndarray, radius: int = 7, gaussian: bool = False
) -> np.ndarray:
    """Optical flow by iterative Lucas-Kanade: two (H, W) of counts -> (H, W, 2).

    Source: Le Besnerais, Champagnat 2005, doi:10.1109/ICIP.2005.1529706.

    Args:
        earlier, later: the frames.
        radius: of the window around each pixel; larger values give a smoother flow.
        gaussian: use a Gaussian window in place of a uniform one.
    """
    return _motion(
        earlier, later, lambda a, b: optical_flow_ilk(a, b, radius=radius, gaussian=gaussian)
    )


def mean_flow(frames: np.ndarray, method: Method, pairs: int = 1, step: int = 1) -> np.ndarray:
    """Mean flow of the last pairs of a sequence: (T, H, W) -> (H, W, 2), pixels per frame.

    Args:
        frames: counts, the latest last.
        method: `tv_l1`, `lucas_kanade` or one of them with other parameters.
        pairs: number of pairs, the last of which ends with the latest frame.
        step: frames from the first of a pair to the second.

    Raises:
        InputError: too few frames.
    """
    if len(frames) < pairs + step or min(pairs, step) < 1:
        raise InputError(
            f"optical flow: expected at least {pairs + step} frames for {pairs} pairs with a step "
            f"of {step}, got {len(frames)}; use fewer pairs"
        )
    flows = [
        method(frames[end - step], frames[end]) for end in range(len(frames) - pairs, len(frames))
    ]
    return np.stack(flows).mean(axis=0) / np.float32(step)


def _motion(earlier: np.ndarray, later: np.ndarray, register: Callable) -> np.ndarray:
    """Flow by a registration, which maps each pixel of its first image to its second."""
    backward = register(_unit(later), _unit(earlier))
    return -np.moveaxis(backward, 0, -1).astype(np.float32)


def _unit(image: np.ndarray) -> np.ndarray:
    """Counts as 0 to 1; scikit-image would scale integers by the range of their type."""
    return image.astype(np.float32) / np.float32(HIGHEST)
