"""How clouds move: optical flow between frames, by scikit-image.

A flow is (rows, columns, 2) float32 in pixels a frame: [..., 0] down the rows, [..., 1] along the
columns. It is the motion of what is seen and lies on the pixels of the later of two frames:
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
    """Flow of least total variation: two (H, W) of counts -> (H, W, 2).

    Source: Zach, Pock, Bischof 2007, doi:10.1007/978-3-540-74936-3_22.

    Args:
        earlier, later: the frames.
        attachment: the smaller, the smoother the flow.
        tightness: how closely the smooth flow follows the data.
    """
    return _motion(
        earlier,
        later,
        lambda a, b: optical_flow_tvl1(a, b, attachment=attachment, tightness=tightness),
    )


def lucas_kanade(
    earlier: np.ndarray, later: np.ndarray, radius: int = 7, gaussian: bool = False
) -> np.ndarray:
    """Flow that is constant around each pixel, iterated: two (H, W) of counts -> (H, W, 2).

    Source: Le Besnerais, Champagnat 2005, doi:10.1109/ICIP.2005.1529706.

    Args:
        earlier, later: the frames.
        radius: pixels around each that move alike; the larger, the smoother the flow.
        gaussian: weigh them by their distance.
    """
    return _motion(
        earlier, later, lambda a, b: optical_flow_ilk(a, b, radius=radius, gaussian=gaussian)
    )


def recent(frames: np.ndarray, method: Method, pairs: int = 1, apart: int = 1) -> np.ndarray:
    """Mean flow of the last pairs of a sequence: (T, H, W) -> (H, W, 2), pixels a frame.

    Args:
        frames: counts, the last one the latest.
        method: `tv_l1`, `lucas_kanade` or one of them with other settings.
        pairs: how many, ending with the latest frame.
        apart: frames from the first of a pair to the second.

    Raises:
        InputError: there are not so many frames.
    """
    if len(frames) < pairs + apart or min(pairs, apart) < 1:
        raise InputError(
            f"optical flow: expected at least {pairs + apart} frames for {pairs} pairs {apart} "
            f"apart, got {len(frames)}; use fewer pairs"
        )
    flows = [
        method(frames[end - apart], frames[end]) for end in range(len(frames) - pairs, len(frames))
    ]
    return np.stack(flows).mean(axis=0) / np.float32(apart)


def _motion(earlier: np.ndarray, later: np.ndarray, register: Callable) -> np.ndarray:
    """`register` tells where each pixel of its first image is in its second: the way back."""
    where = register(_unit(later), _unit(earlier))
    return -np.moveaxis(where, 0, -1).astype(np.float32)


def _unit(image: np.ndarray) -> np.ndarray:
    """Counts as 0 to 1; scikit-image would take integers for a full range of their type."""
    return image.astype(np.float32) / np.float32(HIGHEST)
