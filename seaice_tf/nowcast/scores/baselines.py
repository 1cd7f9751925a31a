"""The dumb nowcasts that a network has to beat.

All take the 12 frames given, (12, 128, 128) counts, and give the centre of the next 24, (24, 64,
64) float32 counts.
"""

from functools import partial

import numpy as np

from seaice_tf.nowcast.data import advection, optical_flow
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_OUT, TARGET
from seaice_tf.nowcast.data.optical_flow import Method

LUCAS_KANADE: Method = partial(optical_flow.lucas_kanade, radius=7)
TV_L1: Method = partial(optical_flow.tv_l1, attachment=30)
# A frame lies up to 0.2 pixels beside the next, so that one pair alone tells the wind badly.
PAIRS = 4
GROWTH = 0.15  # pixels of blur a lead


def persistence(past: np.ndarray) -> np.ndarray:
    """The last frame again and again."""
    return _repeated(past[-1])


def mean(past: np.ndarray) -> np.ndarray:
    """The mean of the frames given."""
    return _repeated(past.mean(axis=0, dtype=np.float64))


def flow(past: np.ndarray, method: Method = LUCAS_KANADE, growth: float = 0.0) -> np.ndarray:
    """The last frame moved on by the mean flow of the last frames.

    Args:
        past: (12, 128, 128) counts.
        method: of optical flow.
        growth: of the blur, in pixels a lead; 0 does not blur.
    """
    motion = optical_flow.recent(past, method, PAIRS)
    frames = advection.extrapolate(past[-1], motion)
    if growth:
        frames = advection.blur(frames, growth)
    return frames[:, CENTRE, CENTRE]


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
