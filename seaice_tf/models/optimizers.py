"""Optimisers by name."""

from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.settings import Training


def optimizer(training: Training) -> keras.optimizers.Optimizer:
    """The optimiser that the settings name.

    Raises:
        InputError: one of tensorflow-addons, where that is not installed.
    """
    rate = training.learning_rate
    core = {
        "adam": lambda: keras.optimizers.Adam(rate),
        "adamw": lambda: keras.optimizers.AdamW(rate),
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=training.momentum),
    }
    if training.optimizer in core:
        return core[training.optimizer]()
    if not compat.has_addons():
        raise InputError(
            f"--optimizer {training.optimizer}: expected tensorflow-addons, got none; "
            "install it with pip install 'seaice_tf[addons]' on Python 3.11"
        )
    import tensorflow_addons as tfa

    addons = {
        "lamb": lambda: tfa.optimizers.LAMB(rate),
        "rectified_adam": lambda: tfa.optimizers.RectifiedAdam(rate),
        "lookahead": lambda: tfa.optimizers.Lookahead(compat.legacy_optimizers().Adam(rate)),
    }
    return addons[training.optimizer]()
