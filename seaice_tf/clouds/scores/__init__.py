"""Dice of masks, and baselines: numpy arrays in, numbers out."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.clouds.scores.baselines import mean_masks

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "mean_masks": "baselines:mean_masks",
    },
)
