"""Reference forecasts: persistence, mean, and semi-Lagrangian extrapolation along the flow.

All take the past frames, (12, 128, 128) counts, and give the centre of the next 24, (24, 64, 64)
float32 counts.
"""

from functools import lru_cache, partial

import numpy as np

from seaice_tf.nowcast.data import advection, optical_flow
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_OUT, TARGET
from seaice_tf.nowcast.data.optical_flow import Method

LUCAS_KANADE: Method = partial(optical_flow.lucas_kanade, radius=7)
TV_L1: Method = partial(optical_flow.tv_l1, attachment=30)
# Frames are registered to within 0.2 pixels only, so that the flow of one pair is poor.
PAIRS = 4
GROWTH = 0.15  # pixels of blur per lead


def persistence(past: np.ndarray) -> np.ndarray:
    """The last frame at every lead."""
    return _repeated(past[-1])


def mean(past: np.ndarray) -> np.ndarray:
    """The mean of the past frames at every lead."""
    return _repeated(past.mean(axis=0, dtype=np.float64))


def flow(past: np.ndarray, method: Method = LUCAS_KANADE, growth: float = 0.0) -> np.ndarray:
    """Semi-Lagrangian extrapolation of the last frame along the mean flow of the last pairs.

    Args:
        past: (12, 128, 128) counts.
        method: of optical flow.
        growth: of the blur in pixels per lead; 0 for no blur.
    """
    motion = optical_flow.mean_flow(past, partial(_flow_of_pair, method=method), PAIRS)
    frames = advection.extrapolate(past[-1], motion)
    if growth:
        frames = advection.blur(frames, growth)
    return frames[:, CENTRE, CENTRE]


def _flow_of_pair(earlier: np.ndarray, later: np.ndarray, method: Method) -> np.ndarray:
    return _known_flow(earlier.tobytes(), later.tobytes(), later.shape, later.dtype.str, method)


# Two baselines have the same flow, which takes nearly all of their time, and windows share pairs.
@lru_cache(maxsize=256)  # 50 MB
def _known_flow(
    earlier: bytes, later: bytes, shape: tuple[int, ...], dtype: str, method: Method
) -> np.ndarray:
    return method(*(np.frombuffer(frame, dtype).reshape(shape) for frame in (earlier, later)))


def _repeated(frame: np.ndarray) -> np.ndarray:
    centre = frame[CENTRE, CENTRE].astype(np.float32)
    return np.broadcast_to(centre, (FRAMES_OUT, TARGET, TARGET)).copy()


BASELINES = {
    "persistence": persistence,
    "mean": mean,
    "flow": flow,
    "flow_tv_l1": partial(flow, method=TV_L1),
    "flow_blurred": partial(flow, growth=GROWTH),
}
