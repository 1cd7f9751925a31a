"""Height above ground and flow of oblique aerial images."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.geopose import networks, scores
    from seaice_tf.geopose.products import plots as maps
    from seaice_tf.geopose.settings import Settings

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "Settings": "settings:Settings",
        "maps": "products.plots",
        "networks": "networks",
        "scores": "scores",
    },
)
