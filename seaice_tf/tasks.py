"""The tasks by name."""

from seaice_tf.clouds.task import CLOUDS
from seaice_tf.forecast.task import FORECAST
from seaice_tf.geopose.task import GEOPOSE
from seaice_tf.icechart.task import ICECHART
from seaice_tf.nowcast.task import NOWCAST
from seaice_tf.task import Task

TASKS: dict[str, Task] = {
    task.name: task for task in (FORECAST, CLOUDS, ICECHART, NOWCAST, GEOPOSE)
}
