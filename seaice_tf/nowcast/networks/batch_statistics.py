"""Batch norm that normalises by the batch at hand, after training too."""

import tensorflow as tf
from tensorflow import keras

from seaice_tf.networks.weights import flat_layers


class BatchStatistics(keras.layers.BatchNormalization):
    """Batch norm that is in training mode always: (..., C) -> (..., C).

    What it gives for an example depends on the others of its batch, and its moving statistics are
    neither used nor changed.
    """

    def call(self, inputs, training=None, mask=None):
        mean, variance = tf.nn.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
        if self.synchronized:
            replicas = tf.distribute.get_replica_context()
            square = replicas.all_reduce("MEAN", variance + tf.square(mean))
            mean = replicas.all_reduce("MEAN", mean)
            variance = square - tf.square(mean)
        return tf.nn.batch_normalization(
            inputs, mean, variance, self.beta, self.gamma, self.epsilon
        )


def use_batch_statistics(model: keras.Model) -> None:
    """Switch every batch norm of a model, those of models inside it too, to `BatchStatistics`.

    Before the model is compiled. Weights and their names stay.
    """
    for layer in flat_layers(model):
        if type(layer) is keras.layers.BatchNormalization:
            # Rebuilding a network of custom layers from its configuration would need all of theirs.
            layer.__class__ = BatchStatistics
