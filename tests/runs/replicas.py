"""A tiny network fitted under a strategy, as a process: replicas.py STRATEGY OUT [devices].

Writes the loss curves and weights to OUT. Its validation set has no equal parts.
"""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.networks import losses as segmentation_losses
from seaice_tf.networks.optimizers import optimizer
from seaice_tf.pipeline import Examples
from seaice_tf.runs import fit, strategy
from seaice_tf.settings import Training


def examples(size: int) -> Examples:
    def fetch(index):
        x = tf.random.stateless_normal((6, 6, 3), tf.stack([index, 7]))
        weight = tf.ones((6, 6, 2)) * tf.cast(1 + index % 2, tf.float32)
        return x, {"y": tf.cast(x[..., :2] > 0, tf.float32)}, {"y": weight}

    return Examples(size, fetch)


def network(training: Training) -> keras.Model:
    inputs = keras.Input((6, 6, 3), name="x")
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = keras.layers.BatchNormalization(momentum=0.5, name="norm")(x)
    y = keras.layers.Conv2D(2, 1, activation="sigmoid", name="y")(x)
    model = keras.Model(inputs, {"y": y})
    model.compile(
        optimizer(training), {"y": segmentation_losses.LOSSES["bce_dice"]}, jit_compile=False
    )
    return model


def fitted(kind: str) -> dict:
    """Loss curves and weights."""
    # Only plain gradient descent depends on the scale of the gradient.
    training = Training(
        epochs=2, batch_size=4, optimizer="sgd", learning_rate=0.1, average=0.5, strategy=kind
    )
    replicas = strategy.create(training)
    fit.seed_everything(0)
    splits = SimpleNamespace(train=examples(18), validation=examples(3))
    with replicas.scope(), tempfile.TemporaryDirectory() as folder:
        model = network(training)
        state = fit.fit(model, splits, training, Path(folder), [])
    weights = [weight.numpy().tolist() for weight in model.weights]
    return {
        "replicas": replicas.num_replicas_in_sync,
        "curves": [[entry["loss"], entry["val_loss"]] for entry in state.history],
        "weights": weights,
    }


if __name__ == "__main__":
    devices = [tf.config.LogicalDeviceConfiguration()] * int(*sys.argv[3:] or "1")
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, devices)
    Path(sys.argv[2]).write_text(json.dumps(fitted(sys.argv[1])))
