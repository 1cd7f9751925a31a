"""Encoders by name: networks that turn an image into features at strides 2, 4, 8, 16 and 32.

Every encoder takes float images in 0 to 255, red, green and blue first if there are such, and
scales them itself as its weights want it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks import efficientnet_lite, keras_encoders, senet, weights
from seaice_tf.networks.blocks import Standardise, conv_block

Values = dict[str, np.ndarray]  # weights by name
SMALL_FILTERS = (16, 24, 48, 96, 128)  # at strides 2, 4, 8, 16 and 32


def small(input_shape: Sequence[int | None], name: str = "encoder") -> keras.Model:
    """An encoder for training from nothing on two cores: a `conv_block` per stride."""
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise((127.5,), (127.5,), name="standardise")(image)
    features = []
    for level, width in enumerate(SMALL_FILTERS, 1):
        x = conv_block(x, width, f"encoder{level}", stride=2)
        features.append(x)
    return keras.Model(image, features, name=name)


@dataclass(frozen=True)
class Kind:
    """How an encoder is built and where its weights come from.

    Attributes:
        build: (input_shape, name=...) -> the encoder with random weights.
        first_conv: the layer whose kernel depends on the number of channels.
        imagenet: gives its weights of ImageNet; None if there are none.
        readers: suffix of a file -> reader of weights by name.
    """

    build: Callable[..., keras.Model]
    first_conv: str
    imagenet: Callable[[], Values] | None
    readers: dict[str, Callable[[Path], Values]]


def _lite(variant: int) -> Kind:
    read = efficientnet_lite.read_torch
    return Kind(
        partial(efficientnet_lite.efficientnet_lite, variant),
        "stem_conv",
        lambda: read(efficientnet_lite.pretrained_file(variant)),
        {".npz": weights.read_npz, ".pth": read, ".pt": read},
    )


def _application(row: keras_encoders.Application) -> Kind:
    return Kind(
        partial(keras_encoders.build, row),
        row.first_conv,
        partial(keras_encoders.imagenet, row),
        {".npz": weights.read_npz, ".h5": partial(keras_encoders.read_h5, row)},
    )


KINDS = {
    "small": Kind(small, "encoder1_conv1", None, {".npz": weights.read_npz}),
    **{f"efficientnet_lite{i}": _lite(i) for i in efficientnet_lite.SCALES},
    **{name: _application(row) for name, row in keras_encoders.APPLICATIONS.items()},
    "senet154": Kind(senet.senet154, "stem_conv1", None, {".npz": weights.read_npz}),
}


def encoder(
    kind: str,
    input_shape: Sequence[int | None],
    *,
    weights: str | Path | None = None,
    name: str = "encoder",
) -> keras.Model:
    """Build an uncompiled encoder.

    Args:
        kind: one of `ENCODERS`.
        input_shape: (height, width, channels); None for a side that may vary. Sides of at least 32.
        weights: None for random ones; "imagenet"; or a file of this kind of encoder: weights.npz
            of a model that holds it, .h5 of keras.applications, .pth of EfficientNet-Lite. Of a
            file for other channels, the first kernel is repeated or summed over channels in turn,
            so that an image with its channels repeated gives the features of the image.

    Returns:
        A functional model from (B, H, W, C) in 0 to 255 to the list of its features at strides 2,
        4, 8, 16 and 32, each (B, about H / stride, about W / stride, filters).

    Raises:
        InputError: no such encoder, or no such weights.
    """
    if kind not in KINDS:
        raise InputError(f"encoder: expected one of {', '.join(KINDS)}, got {kind!r}")
    model = KINDS[kind].build(input_shape, name=name)
    if weights is not None:
        load(model, kind, weights)
    return model


def load(model: keras.Model, kind: str, weights: str | Path) -> None:
    """Set the weights of an encoder of that kind; arguments and errors as those of `encoder`."""
    row = KINDS[kind]
    _set_weights(model, row, _values(row, kind, weights), f"{kind}, weights {weights}")


ENCODERS: dict[str, Callable[..., keras.Model]] = {name: partial(encoder, name) for name in KINDS}
"""Name -> factory (input_shape, *, weights=None, name="encoder")."""


def _values(row: Kind, kind: str, source: str | Path) -> Values:
    if source == "imagenet":
        if row.imagenet is None:
            raise InputError(f"{kind}: expected weights of ImageNet, got none; train without them")
        return row.imagenet()
    path = Path(source)
    if path.suffix not in row.readers:
        raise InputError(
            f"{path}: expected weights for {kind} in {' or '.join(row.readers)}, "
            f"got {path.suffix or 'no suffix'}; use another file or encoder"
        )
    if not path.exists():
        raise InputError(f"{path}: expected a file with weights for {kind}, got none")
    return row.readers[path.suffix](path)


def _set_weights(model: keras.Model, row: Kind, values: Values, where: str) -> None:
    kernel = f"{row.first_conv}/kernel"
    if kernel in values:
        channels = weights.named_weights(model)[kernel].shape[2]
        values[kernel] = inflate(values[kernel], channels)
    weights.assign(model, values, where)


def inflate(kernel: np.ndarray, channels: int) -> np.ndarray:
    """A first kernel for another number of channels: (h, w, C, out) -> (h, w, channels, out).

    Channel c of more channels takes the kernel of c modulo C, divided by how many take it; fewer
    channels take the sum of theirs.

    >>> inflate(np.array([6.0, 8.0]).reshape(1, 1, 2, 1), 3).ravel()
    array([3., 8., 3.])
    >>> inflate(np.array([6.0, 8.0]).reshape(1, 1, 2, 1), 1).ravel()
    array([14.])
    """
    given = kernel.shape[2]
    fewer = min(given, channels)
    same = np.arange(channels)[:, None] % fewer == np.arange(given) % fewer
    share = same / np.maximum(same.sum(axis=0) if channels > given else 1, 1)
    return np.einsum("cg,hwgo->hwco", share, kernel).astype(kernel.dtype)


def freeze(model: keras.Model) -> None:
    """Train an encoder, or that of a U-Net, no further; its batch norms use what they have learnt.

    Takes effect when the model is compiled next.
    """
    encoder = next((layer for layer in model.layers if layer.name == "encoder"), model)
    encoder.trainable = False
