"""The tasks by name."""

from seaice_tf.task import Task
from seaice_tf.tasks.clouds import CLOUDS
from seaice_tf.tasks.forecast import FORECAST
from seaice_tf.tasks.geopose import GEOPOSE
from seaice_tf.tasks.icechart import ICECHART
from seaice_tf.tasks.nowcast import NOWCAST

TASKS: dict[str, Task] = {
    task.name: task for task in (FORECAST, CLOUDS, ICECHART, NOWCAST, GEOPOSE)
}
