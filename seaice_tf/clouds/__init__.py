"""Masks of four kinds of cloud organisation on satellite photos."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.clouds import networks, scores
    from seaice_tf.clouds.products import plots as maps
    from seaice_tf.clouds.settings import Settings

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "Settings": "settings:Settings",
        "maps": "products.plots",
        "networks": "networks",
        "scores": "scores",
    },
)
