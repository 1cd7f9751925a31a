"""Differences between the Keras flavours of the three environments."""

import contextlib
import importlib.util
import inspect
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras


def export(model: keras.Model, path: Path, **others: keras.Model) -> None:
    """Write a SavedModel.

    Args:
        model: the endpoint `serve`, from the inputs of the model to its outputs.
        path: folder of the SavedModel.
        others: further endpoints by name; shared weights are stored once.
    """
    archive = keras.export.ExportArchive()
    for name, each in {"serve": model, **others}.items():
        archive.add_endpoint(name, *_endpoint(each))
    for kind in ("variables", "trainable_variables", "non_trainable_variables"):
        used = [variable for each in (model, *others.values()) for variable in getattr(each, kind)]
        archive.add_variable_collection(kind, used)
    with contextlib.redirect_stdout(io.StringIO()):
        archive.write_out(str(path))


def interface(model: keras.Model, **others: keras.Model) -> list[dict]:
    """Inputs and outputs of the endpoints that `export` writes: their name, dtype and shape.

    A side that may vary is None; so is the batch.
    """
    rows = []
    for endpoint, each in {"serve": model, **others}.items():
        outputs = each.output if isinstance(each.output, dict) else {"output_0": each.output}
        values = [("input", x.name, x) for x in each.inputs]
        values += [("output", name, x) for name, x in outputs.items()]
        rows += [
            {
                "endpoint": endpoint,
                "direction": direction,
                "name": name,
                "dtype": str(getattr(x.dtype, "name", x.dtype)),
                "shape": [None, *x.shape[1:]],
            }
            for direction, name, x in values
        ]
    return rows


def _endpoint(model: keras.Model):
    """A function of the model's inputs under their names, `serve(history=..., month=...)`.

    Returns:
        The function, and the specification of its inputs. An archive traces such a function three
        times; the graph of the model is traced once, here.
    """
    inputs = [tf.TensorSpec((None, *x.shape[1:]), x.dtype, x.name) for x in model.inputs]
    call = tf.function(
        lambda *arguments: model(arguments[0] if len(arguments) == 1 else arguments),
        autograph=False,
    ).get_concrete_function(*inputs)

    def serve(*arguments):
        return call(*arguments)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    serve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(x.name, kind) for x in model.inputs]
    )
    return serve, inputs


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """A context in which layers are built with a precision policy, such as "mixed_bfloat16"."""
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def optimizer_variables(model: keras.Model) -> list:
    """The state of the optimizer of a compiled model: slots, step and learning rate."""
    optimizer = model.optimizer
    if hasattr(optimizer, "build"):
        optimizer.build(model.trainable_variables)
        return list(optimizer.variables)
    # Optimizers of tensorflow-addons have the interface before Keras 2.11.
    optimizer._create_all_weights(model.trainable_variables)
    return list(optimizer.weights)


def prepare_training(model: keras.Model, batch: Any) -> None:
    """Create the variables of the optimizer, losses and metrics of a compiled model.

    Keras 3 would create them in the graph of the first step, which TensorFlow traces again then.
    The model is called once, not in training, on an example of zeros. Nothing is done for Keras 2,
    nor if a side of a batch may vary.

    Args:
        model: compiled.
        batch: `element_spec` of batches of inputs, targets and weights.
    """
    if not is_keras_3() or any(None in each.shape[1:] for each in tf.nest.flatten(batch)):
        return
    zeros = tf.nest.map_structure(lambda each: tf.zeros((1, *each.shape[1:]), each.dtype), batch)
    inputs, targets, weights = zeros
    outputs = model(inputs)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(inputs, targets, outputs, weights)
    model.compute_metrics(inputs, targets, outputs, weights)
    model.reset_metrics()


def legacy_optimizers():
    """The module of the optimizers that tensorflow-addons can wrap."""
    return keras.optimizers.legacy


def weight_name(layer: keras.layers.Layer, weight) -> str:
    """Name of a weight within its layer, such as "kernel", or "query/kernel" of an attention.

    The cell of a recurrent layer and the prefix "depthwise_" are removed: only some flavours have
    them.
    """
    path = getattr(weight, "path", weight.name).split(":")[0]
    if hasattr(layer, "cell"):
        return path.rsplit("/", 1)[-1]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return path.rsplit("/", 1)[-1].removeprefix("depthwise_")
    return path.split(f"{layer.name}/", 1)[-1]


def has_addons() -> bool:
    """Whether tensorflow-addons is installed."""
    return importlib.util.find_spec("tensorflow_addons") is not None


def is_keras_3() -> bool:
    """Whether Keras is of the third generation, and not tf_keras or that of TensorFlow 2.15."""
    return hasattr(keras, "ops")


def supports_multi_worker() -> bool:
    """Whether `fit` can train on several machines; that of Keras 3 cannot."""
    return not is_keras_3()


def set_norm(norm: keras.layers.BatchNormalization, synchronized: bool) -> None:
    """Let a batch norm use the statistics of all replicas, or only of its own.

    The fused implementation of Keras 2 cannot, and its moving variance is larger by n / (n - 1), so
    it is disabled in every flavour.
    """
    norm.synchronized = synchronized
    if hasattr(norm, "fused"):
        norm.fused = False


def replica_loss(loss: tf.Tensor) -> tf.Tensor:
    """Scale the mean loss of a replica so that the sum over replicas is the mean of all.

    Keras 2 divides the result of a loss's `__call__` by the number of replicas, Keras 3 does not.
    """
    if not is_keras_3():
        return loss
    return loss / tf.distribute.get_strategy().num_replicas_in_sync
