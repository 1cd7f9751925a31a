"""Weights as one .npz file keyed "layer/weight", with equal names in every Keras flavour.

Weights of older versions are read under today's layer names, see `RENAMED`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
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


def transfer(path: Path, model: keras.Model) -> dict[str, list[str]]:
    """Set the weights that have the same name and shape in a file.

    Returns:
        Names of weights by "taken"; "other_shape" and "not_there", which were not set; and
        "unused", those of the file only.

    Raises:
        InputError: no weight matches, or the file is damaged or missing.
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
