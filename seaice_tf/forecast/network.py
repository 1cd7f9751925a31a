"""What the forecast has to know of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tensorflow import keras

from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.settings import Settings
from seaice_tf.pipeline import Examples


@dataclass(frozen=True)
class Network:
    """Attributes:
    build: settings -> the compiled model that is trained.
    served: settings and that model -> the model of a year that is exported.
    examples: archive and settings -> training and validation examples.
    space: hyperparameters and settings -> the settings of this network that a sweep varies.
    rates: learning rates that a sweep tries, from and to.
    batch_sizes: that a sweep tries.
    """

    build: Callable[[Settings], keras.Model]
    served: Callable[[Settings, keras.Model], keras.Model]
    examples: Callable[[Archive, Settings], tuple[Examples, Examples]]
    space: Callable[[Any, Settings], dict[str, Any]]
    rates: tuple[float, float] = (3e-4, 1e-2)
    batch_sizes: tuple[int, ...] = (1, 2)
