"""Sea-ice forecasts, ice charts and other satellite imagery with Keras and TensorFlow.

    model = seaice_tf.load("forecast/arctic")
    forecast = model.predict("folder of files")

Importing this package imports neither TensorFlow nor xarray: what it exports is imported when it is
first used. `seaice_tf.progress.show()` shows progress in a notebook.
"""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf import clouds, forecast, geopose, icechart, nowcast, progress
    from seaice_tf.errors import InputError
    from seaice_tf.library import Model, load, released

__version__ = "0.5.0"
__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "InputError": "errors:InputError",
        "Model": "library:Model",
        "clouds": "clouds",
        "forecast": "forecast",
        "geopose": "geopose",
        "icechart": "icechart",
        "load": "library:load",
        "nowcast": "nowcast",
        "progress": "progress",
        "released": "library:released",
    },
)
