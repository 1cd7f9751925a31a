"""What differs between the Keras flavours of the three lanes, and nothing else."""

import contextlib
import importlib.util
import io
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow import keras


def export(model: keras.Model, path: Path, **others: keras.Model) -> None:
    """Write a SavedModel whose endpoint `serve` takes the model's input and gives its outputs.

    Each of `others` is an endpoint of its name; weights that they share are stored once.
    """
    archive = keras.export.ExportArchive()
    for name, each in {"serve": model, **others}.items():
        archive.track(each)
        signature = [tf.TensorSpec((None, *x.shape[1:]), x.dtype, x.name) for x in each.inputs]
        archive.add_endpoint(name, _called(each), signature)
    with contextlib.redirect_stdout(io.StringIO()):
        archive.write_out(str(path))


def _called(model: keras.Model):
    return lambda *x: model(x[0] if len(x) == 1 else x)


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Layers that are made within it compute in this precision, "float32" or a mixed one."""
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def optimizer_variables(model: keras.Model) -> list:
    """All that the optimiser of a compiled model remembers: slots, step and learning rate."""
    optimizer = model.optimizer
    if hasattr(optimizer, "build"):
        optimizer.build(model.trainable_variables)
        return list(optimizer.variables)
    # Those of tensorflow-addons are of the kind before Keras 2.11.
    optimizer._create_all_weights(model.trainable_variables)
    return list(optimizer.weights)


def legacy_optimizers():
    """The optimisers that tensorflow-addons can wrap."""
    return keras.optimizers.legacy


def weight_name(layer: keras.layers.Layer, weight) -> str:
    """A weight's name after its layer's: "kernel", or "query/kernel" of an attention.

    A recurrent layer's cell is left out: some flavours name it in the path, some do not. So is
    the word "depthwise" of a depthwise convolution's kernel.
    """
    path = getattr(weight, "path", weight.name).split(":")[0]
    if hasattr(layer, "cell"):
        return path.rsplit("/", 1)[-1]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return path.rsplit("/", 1)[-1].removeprefix("depthwise_")
    return path.split(f"{layer.name}/", 1)[-1]


def has_addons() -> bool:
    return importlib.util.find_spec("tensorflow_addons") is not None


def several_machines() -> bool:
    """Whether `fit` can train on several machines, which that of Keras 3 cannot."""
    return not hasattr(keras, "ops")


def set_norm(norm: keras.layers.BatchNormalization, synchronized: bool) -> None:
    """Let a batch norm take its statistics from all replicas of its network, or from its own.

    The fused one of Keras 2 cannot, and keeps a variance that is n / (n - 1) times what all others
    keep: no flavour uses it, so that replicas learn what one network does.
    """
    norm.synchronized = synchronized
    if hasattr(norm, "fused"):
        norm.fused = False


def share_of_loss(loss: tf.Tensor) -> tf.Tensor:
    """What a mean over a replica's examples adds to the loss of all replicas.

    Keras 2 divides what a loss's `__call__` gives by itself, Keras 3 leaves it to the `__call__`.
    """
    if several_machines():
        return loss
    return loss / tf.distribute.get_strategy().num_replicas_in_sync
