"""An average of a model's weights over the steps, which is what a run keeps of them.

Exponential as in tensorflow-addons' MovingAverage, or the mean of snapshots as in its SWA
(Izmailov et al. 2018, arXiv:1803.05407), and unlike there of batch norm's statistics too.
"""

import numpy as np
from tensorflow import keras

from seaice_tf.settings import Training

DECAY = 0.99  # of moving_average, where the settings name none


class Average:
    """The average of all weights, batch norm's statistics included, or of none.

    Attributes:
        values: the averages, or the trained weights while these are swapped.
    """

    def __init__(self, model: keras.Model, training: Training):
        self.training = training
        averaged = training.average or training.optimizer in ("swa", "moving_average")
        self.weights = list(model.weights) if averaged else []
        self.values = [np.array(weight.numpy()) for weight in self.weights]

    def update(self, step: int) -> None:
        """Take in the weights after `step` steps."""
        new = share(self.training, step)
        if new:
            for value, weight in zip(self.values, self.weights):
                value[...] += new * (weight.numpy() - value)

    def swap(self) -> None:
        """Exchange the average with the weights in the model."""
        for i, weight in enumerate(self.weights):
            trained = np.array(weight.numpy())
            weight.assign(self.values[i])
            self.values[i] = trained


def share(training: Training, step: int) -> float:
    """What the weights after `step` steps, 1 or more, count in their average; 1 forgets all before.

    The mean of swa follows the weights up to its first snapshot. The first steps of a moving
    average are forgotten sooner: the decay of step n is no more than (1 + n) / (10 + n), as in
    tf.train.
    """
    if training.optimizer == "swa":
        snapshots, rest = divmod(step - 1 - training.swa_first, training.swa_steps)
        if snapshots < 0:
            return 1.0
        return 0.0 if rest else 1 / (snapshots + 1)
    return 1 - min(training.average or DECAY, (1 + step) / (10 + step))
