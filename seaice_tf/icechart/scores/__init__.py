"""The AutoICE scoring rules and baselines: numpy arrays in, numbers out."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.icechart.scores.autoice import confusion, f1, matrices, r2, weighted_f1

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "confusion": "autoice:confusion",
        "f1": "autoice:f1",
        "matrices": "autoice:matrices",
        "r2": "autoice:r2",
        "weighted_f1": "autoice:weighted_f1",
    },
)
