"""Monthly sea-ice concentration: years of monthly maps in, the next 12 months out."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.forecast import networks, scores
    from seaice_tf.forecast.data.dataset import open_archive
    from seaice_tf.forecast.products import plots as maps
    from seaice_tf.forecast.scores.dataset import evaluate
    from seaice_tf.forecast.settings import Settings

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "Settings": "settings:Settings",
        "evaluate": "scores.dataset:evaluate",
        "maps": "products.plots",
        "networks": "networks",
        "open_archive": "data.dataset:open_archive",
        "scores": "scores",
    },
)
