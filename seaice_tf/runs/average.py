"""An exponential moving average of a model's weights, which is what a run keeps of them."""

import numpy as np
from tensorflow import keras


class Average:
    """The average of all weights, batch norm's statistics included, or of none for a decay of 0.

    Attributes:
        values: the averages, or the trained weights while these are swapped.
    """

    def __init__(self, model: keras.Model, decay: float):
        self.decay = decay
        self.weights = list(model.weights) if decay else []
        self.values = [np.array(weight.numpy()) for weight in self.weights]

    def update(self, step: int) -> None:
        """Take in the weights after `step` steps; the first steps are forgotten sooner.

        The decay of step n is no more than (1 + n) / (10 + n), as in tf.train.
        """
        decay = min(self.decay, (1 + step) / (10 + step))
        for value, weight in zip(self.values, self.weights):
            value[...] += (1 - decay) * (weight.numpy() - value)

    def swap(self) -> None:
        """Exchange the average with the weights in the model."""
        for i, weight in enumerate(self.weights):
            trained = np.array(weight.numpy())
            weight.assign(self.values[i])
            self.values[i] = trained
