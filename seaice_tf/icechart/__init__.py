"""Charts of sea ice on radar scenes."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.icechart import networks, scores
    from seaice_tf.icechart.products import maps
    from seaice_tf.icechart.settings import Settings

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "Settings": "settings:Settings",
        "maps": "products.maps",
        "networks": "networks",
        "scores": "scores",
    },
)
