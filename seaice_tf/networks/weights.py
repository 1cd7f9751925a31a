"""Weights as one .npz file keyed "layer/weight", with equal names in every Keras flavour.

Weights of older versions are read under today's layer names, see `RENAMED`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError, require_known_format
from seaice_tf.files import npz

FORMAT = 1  # of files with weights; a file without a number has this one
RENAMED: dict[str, str] = {
    "chances": "class_probabilities",
    "chances_norm": "class_probabilities_norm",
    "falling": "slope_projection",
    "told": "head",
    "tell": "decoder_lstm",
    "tell_norm": "decoder_norm",
    "read": "encoder_lstm",
    "read_attention": "encode_attention",
    "read_norm1": "encode_norm1",
    "read_norm2": "encode_norm2",
    "read_dense1": "encode_dense1",
    "read_dense2": "encode_dense2",
    "read_norm_seen": "encode_norm_context",
    "ask_attention": "decode_attention",
    "ask_norm1": "decode_norm1",
    "ask_norm2": "decode_norm2",
    "ask_dense1": "decode_dense1",
    "ask_dense2": "decode_dense2",
    "ask_norm_seen": "decode_norm_context",
}
"""Old name of a layer or head -> its name today."""


def named_weights(model: keras.Model) -> dict:
    """The weight variables of a model by "layer/weight", nested models flattened.

    A weight shared by several layers has the name of the first.
    """
    names: dict[int, tuple] = {}
    for layer in flat_layers(model):
        for weight in layer.weights:
            names.setdefault(
                id(weight), (f"{layer.name}/{compat.weight_name(layer, weight)}", weight)
            )
    return dict(names.values())


def flat_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Iterate over all layers of a model; nested models, wrapped or not, are replaced by theirs."""
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
    """Read the weights of an .npz file under today's layer names, without unpickling.

    Raises:
        InputError: not an .npz file, damaged, a decompression bomb, or of a newer version.
    """
    arrays = npz.read(path)
    if "format" in arrays:  # no layer has a weight of this name
        require_known_format(arrays.pop("format").tolist(), FORMAT, path)
    return {current_name(name): array for name, array in arrays.items()}


def current_name(name: str) -> str:
    """Today's name of a head or of "layer/weight" of an older version, see `RENAMED`."""
    layer, slash, weight = name.partition("/")
    return f"{RENAMED.get(layer, layer)}{slash}{weight}"


def load(path: Path, model: keras.Model) -> None:
    """Set all weights of a model from a file, or none of them.

    Raises:
        InputError: names or shapes differ between the file and the model.
    """
    values = read_npz(path)
    if unknown := sorted(set(values) - set(named_weights(model))):
        raise InputError(
            f"{path}: expected the weights of {model.name}, got other layers: "
            f"{', '.join(unknown[:4])}; use the settings of its training"
        )
    assign(model, values, str(path))


def require(path: Path) -> None:
    """InputError if the file of weights is not there."""
    if not path.exists():
        raise InputError(f"{path}: expected the weights of a run, got none; name its folder")


def transfer(
    path: Path, model: keras.Model, then: Sequence[str] = (), now: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Set the weights that have the same name and shape in a file.

    Args:
        path: of the file.
        model: to change.
        then: names of the input channels that the weights of the file were trained with.
        now: names of the input channels of the model. If they differ, layers that read the input
            get the weights of each channel by its name; channels that are new keep theirs.

    Returns:
        Names of weights by "taken"; "by_channel", those of them that were set channel by channel;
        "other_shape" and "not_there", which were not set; and "unused", those of the file only.

    Raises:
        InputError: no weight matches, or the file is damaged or missing.
    """
    require(path)
    values, variables = read_npz(path), named_weights(model)
    moved = _by_channel(model, values, list(then), list(now)) if list(then) != list(now) else {}
    values |= moved
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
        "by_channel": list(moved),
        "other_shape": [name for name in both if name not in taken],
        "not_there": [name for name in variables if name not in values],
        "unused": [name for name in values if name not in variables],
    }


def _by_channel(
    model: keras.Model, values: dict[str, np.ndarray], then: list[str], now: list[str]
) -> dict[str, np.ndarray]:
    """The model's weights of layers that read the input, with those in `values` by channel name.

    Weights whose channels are not those of `then` are removed from `values`.
    """
    moved = {}
    variables = named_weights(model)
    for layer in _input_layers(model):
        for name, variable in variables.items():
            if name.rpartition("/")[0] != layer.name or name not in values:
                continue
            old, new = values[name], variable.numpy()
            if old.ndim == 1 and old.shape == new.shape and layer.name + "/kernel" in variables:
                continue  # a bias has no input channel
            axis = max(old.ndim - 2, 0)
            if old.ndim != new.ndim or (old.shape[axis], new.shape[axis]) != (len(then), len(now)):
                del values[name]
                continue
            common = [(i, then.index(channel)) for i, channel in enumerate(now) if channel in then]
            rows = np.moveaxis(new, axis, 0)  # a view
            if rows.shape[1:] == np.moveaxis(old, axis, 0).shape[1:]:
                for i, j in common:
                    rows[i] = np.moveaxis(old, axis, 0)[j]
                moved[name] = new
    return moved


def _input_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers with weights that read an input of the model, perhaps through ones without."""
    unchanged = {_source(tensor) for tensor in model.inputs}
    for layer in model.layers:
        try:
            sources = {_source(tensor) for tensor in tf.nest.flatten(layer.input)}
        except (AttributeError, ValueError, RuntimeError):  # a layer that is called several times
            continue
        if layer.name in unchanged or not sources & unchanged:
            continue
        if layer.weights:
            yield layer
        elif sources <= unchanged:  # not features that are cropped like the input
            unchanged.add(layer.name)


def _source(tensor) -> str:
    """Name of the layer that a symbolic tensor is from, in any Keras."""
    return tensor._keras_history[0].name


def assign(model: keras.Model, values: Mapping[str, np.ndarray], where: str) -> None:
    """Set all weights of a model by name, or none of them.

    Args:
        model: to change.
        values: arrays by "layer/weight"; may have further ones.
        where: prefix of error messages.

    Raises:
        InputError: a weight is missing or has another shape.
    """
    variables = named_weights(model)
    if missing := sorted(set(variables) - set(values)):
        raise InputError(
            f"{where}: expected the weights of {model.name}, got other layers: no "
            f"{', '.join(missing[:4])}; use the settings of its training"
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != values[name].shape:
            raise InputError(
                f"{where}: {name}: expected shape {tuple(variable.shape)}, got "
                f"{values[name].shape}; use the settings of its training"
            )
    for name, variable in variables.items():
        variable.assign(values[name])
