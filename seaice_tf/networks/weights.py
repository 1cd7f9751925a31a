"""Weights as one .npz keyed "layer/weight": the same names in every Keras flavour."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError, require_known_format
from seaice_tf.files import npz

FORMAT = 1  # of files of weights, which have no number so far


def named_weights(model: keras.Model) -> dict:
    """The model's weight variables by "layer/weight", nested models flattened.

    A weight that layers share has the name of the first of them.
    """
    names: dict[int, tuple] = {}
    for layer in flat_layers(model):
        for weight in layer.weights:
            names.setdefault(
                id(weight), (f"{layer.name}/{compat.weight_name(layer, weight)}", weight)
            )
    return dict(names.values())


def flat_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """All layers of a model, those of models inside it, wrapped or not, in their place."""
    for layer in model.layers:
        inner = getattr(layer, "layer", layer)
        if isinstance(inner, keras.Model):
            yield from flat_layers(inner)
        else:
            yield layer


def save(path: Path, model: keras.Model) -> None:
    """Write weights.npz at `path`, not atomically."""
    np.savez(path, **{name: weight.numpy() for name, weight in named_weights(model).items()})


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file, never unpickled.

    Raises:
        InputError: it is none, damaged, grows beyond measure when unpacked, or of a newer version.
    """
    arrays = npz.read(path)
    if "format" in arrays:  # no layer has a weight of this name
        require_known_format(arrays.pop("format").tolist(), FORMAT, path)
    return arrays


def load(path: Path, model: keras.Model) -> None:
    """Set all weights from a file, or none of them.

    Raises:
        InputError: a name or a shape of the file is not the model's.
    """
    values = read_npz(path)
    if strange := sorted(set(values) - set(named_weights(model))):
        raise InputError(
            f"{path}: expected the weights of {model.name}, got other layers: "
            f"{', '.join(strange[:4])}; use the settings that it was trained with"
        )
    assign(model, values, str(path))


def transfer(path: Path, model: keras.Model) -> dict[str, list[str]]:
    """Set the weights of which a file holds one of the same name and shape.

    Returns:
        Names of weights: "taken"; "other_shape" and "not_there", which stay as they are; and
        "unused", which the file holds besides.

    Raises:
        InputError: the file has none of them, or is damaged or missing.
    """
    if not path.exists():
        raise InputError(f"{path}: expected the weights of a run, got none; name its folder")
    values, variables = read_npz(path), named_weights(model)
    both = [name for name in variables if name in values]
    taken = [name for name in both if tuple(variables[name].shape) == values[name].shape]
    if not taken:
        raise InputError(
            f"{path}: expected weights of {model.name}, got none of its names and shapes; use a "
            f"run of the same kind of network"
        )
    for name in taken:
        variables[name].assign(values[name])
    return {
        "taken": taken,
        "other_shape": [name for name in both if name not in taken],
        "not_there": [name for name in variables if name not in values],
        "unused": [name for name in values if name not in variables],
    }


def assign(model: keras.Model, values: Mapping[str, np.ndarray], where: str) -> None:
    """Set all of the model's weights by name, or none of them; `values` may hold others too.

    Raises:
        InputError: a weight is missing or has another shape; `where` begins the text.
    """
    variables = named_weights(model)
    if missing := sorted(set(variables) - set(values)):
        raise InputError(
            f"{where}: expected the weights of {model.name}, got other layers: no "
            f"{', '.join(missing[:4])}; use the settings that it was trained with"
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != values[name].shape:
            raise InputError(
                f"{where}: {name}: expected shape {tuple(variable.shape)}, got "
                f"{values[name].shape}; use the settings that it was trained with"
            )
    for name, variable in variables.items():
        variable.assign(values[name])
