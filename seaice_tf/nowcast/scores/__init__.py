"""The ClimateHack.AI score and others of frames, and baselines: numpy in, numbers out."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.nowcast.scores.baselines import flow, persistence

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "flow": "baselines:flow",
        "persistence": "baselines:persistence",
    },
)
