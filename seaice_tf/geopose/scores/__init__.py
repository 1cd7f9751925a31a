"""The Overhead Geopose scores and baselines: numpy arrays in, numbers out."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.geopose.scores.overhead import r2, sums

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "r2": "overhead:r2",
        "sums": "overhead:sums",
    },
)
