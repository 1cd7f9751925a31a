"""The next two hours of a satellite's images of clouds, from the last hour.

`advect` and `flow` extrapolate arrays of any size.
"""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.nowcast import networks, scores
    from seaice_tf.nowcast.extrapolation import advect, flow
    from seaice_tf.nowcast.products import maps
    from seaice_tf.nowcast.settings import Settings

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "Settings": "settings:Settings",
        "advect": "extrapolation:advect",
        "flow": "extrapolation:flow",
        "maps": "products.maps",
        "networks": "networks",
        "scores": "scores",
    },
)
