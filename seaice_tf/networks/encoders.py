"""Encoders by name: networks from an image to features at strides 2, 4, 8, 16 and 32.

Every encoder takes float images in 0 to 255, with red, green and blue as its first channels if
there are such, and scales them as its weights need. The networks of keras.applications have layers
of equal names in Keras 2 and 3; their own preprocessing is replaced by `Standardise`.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tensorflow import keras

from seaice_tf.errors import InputError, reason
from seaice_tf.networks import efficientnet_lite, senet
from seaice_tf.networks import weights as weight_files
from seaice_tf.networks.blocks import (
    CAFFE_MEAN,
    IMAGENET_MEAN,
    IMAGENET_STD,
    Standardise,
    conv_block,
)

Values = dict[str, np.ndarray]  # weights by name
SMALL_FILTERS = (16, 24, 48, 96, 128)  # at strides 2, 4, 8, 16 and 32


def small(input_shape: Sequence[int | None], name: str = "encoder") -> keras.Model:
    """A small encoder to train from scratch on a CPU: a `conv_block` per stride."""
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise((127.5,), (127.5,), name="standardise")(image)
    features = []
    for level, width in enumerate(SMALL_FILTERS, 1):
        x = conv_block(x, width, f"encoder{level}", stride=2)
        features.append(x)
    return keras.Model(image, features, name=name)


@dataclass(frozen=True)
class Application:
    """A network of keras.applications.

    Attributes:
        name: in keras.applications.
        first: name of the first layer after preprocessing.
        first_conv: name of the convolution whose kernel depends on the number of channels.
        strides: names of the layers with the features at strides 2, 4, 8, 16 and 32.
        mean, std: of red, green and blue, in 0 to 255.
        bgr: whether its weights were trained on channels in the order blue, green, red.
    """

    name: str
    first: str
    first_conv: str
    strides: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool = False


def _resnet(name: str, blocks: tuple[int, int, int, int]) -> Application:
    ends = tuple(f"conv{i}_block{count}_out" for i, count in enumerate(blocks, 2))
    strides = ("conv1_relu", *ends)
    return Application(
        name, "conv1_pad", "conv1_conv", strides, CAFFE_MEAN, (1.0, 1.0, 1.0), bgr=True
    )


def _efficientnet(number: int) -> Application:
    ends = tuple(f"block{i}a_expand_activation" for i in (2, 3, 4, 6))
    return Application(
        f"EfficientNetB{number}",
        "stem_conv_pad",
        "stem_conv",
        (*ends, "top_activation"),
        IMAGENET_MEAN,
        IMAGENET_STD,
    )


APPLICATIONS = {
    "resnet50": _resnet("ResNet50", (3, 4, 6, 3)),
    "resnet101": _resnet("ResNet101", (3, 4, 23, 3)),
    "resnet152": _resnet("ResNet152", (3, 8, 36, 3)),
    **{f"efficientnet_b{i}": _efficientnet(i) for i in range(8)},
    "mobilenet_v2": Application(
        "MobileNetV2",
        "Conv1",
        "Conv1",
        (
            "block_1_expand_relu",
            "block_3_expand_relu",
            "block_6_expand_relu",
            "block_13_expand_relu",
            "out_relu",
        ),
        (127.5,) * 3,
        (127.5,) * 3,
    ),
}


def build_application(row: Application, input_shape, name: str) -> keras.Model:
    """Build a network of `APPLICATIONS` as an encoder with random weights, see `encoder`."""
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise(row.mean, row.std, name="standardise")(image)
    network = _application(row, x.shape[-1], None)
    features = [network.get_layer(layer).output for layer in row.strides]
    body = keras.Model(network.get_layer(row.first).input, features, name=f"{name}_body")
    return keras.Model(image, body(x), name=name)


def download_imagenet(row: Application) -> Values:
    """Keras's ImageNet weights by name for RGB channels, downloaded once.

    Raises:
        InputError: the download failed.
    """
    try:
        network = _application(row, 3, "imagenet")
    except Exception as error:  # Keras raises a bare Exception when it cannot download
        raise InputError(
            f"{row.name}: expected Keras to download its ImageNet weights, got {error}; "
            "give the path of a file with weights, or train without them"
        ) from error
    return _application_weights(row, network)


def read_h5(row: Application, path: Path) -> Values:
    """Read weights by name from an .h5 file of the application without its top.

    Raises:
        InputError: not readable, or of another network.
    """
    network = _application(row, 3, None)
    try:
        network.load_weights(str(path))
    except (OSError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise InputError(
            f"{path}: expected weights of keras.applications.{row.name} without its top, "
            f"got an unreadable file ({reason(error)}); use another file"
        ) from error
    return _application_weights(row, network)


def _application(row: Application, channels: int, pretrained: str | None) -> keras.Model:
    factory = getattr(keras.applications, row.name)
    with warnings.catch_warnings():
        # About channels other than three and unknown sides, both of which work.
        warnings.simplefilter("ignore", UserWarning)
        return factory(include_top=False, weights=pretrained, input_shape=(None, None, channels))


def _application_weights(row: Application, network: keras.Model) -> Values:
    named = weight_files.named_weights(network)
    values = {name: weight.numpy() for name, weight in named.items()}
    if row.bgr:
        kernel = f"{row.first_conv}/kernel"
        values[kernel] = values[kernel][:, :, ::-1]
    return values


@dataclass(frozen=True)
class Kind:
    """How to build an encoder and to read its weights.

    Attributes:
        build: (input_shape, name=...) -> the encoder with random weights.
        first_conv: name of the convolution whose kernel depends on the number of channels.
        imagenet: () -> its ImageNet weights; None if there are none.
        readers: file suffix -> reader of weights by name.
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
        {".npz": weight_files.read_npz, ".pth": read, ".pt": read},
    )


def _of_application(row: Application) -> Kind:
    return Kind(
        partial(build_application, row),
        row.first_conv,
        partial(download_imagenet, row),
        {".npz": weight_files.read_npz, ".h5": partial(read_h5, row)},
    )


KINDS = {
    "small": Kind(small, "encoder1_conv1", None, {".npz": weight_files.read_npz}),
    **{f"efficientnet_lite{i}": _lite(i) for i in efficientnet_lite.SCALES},
    **{name: _of_application(row) for name, row in APPLICATIONS.items()},
    "senet154": Kind(senet.senet154, "stem_conv1", None, {".npz": weight_files.read_npz}),
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
        weights: None for random ones; "imagenet"; or a file for this kind of encoder: weights.npz
            of a model with this encoder, .h5 of keras.applications, .pth of EfficientNet-Lite. If
            the file is for another number of channels, the first kernel is adapted by `inflate`.
        name: of the model.

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


ENCODERS: dict[str, Callable[..., keras.Model]] = {name: partial(encoder, name) for name in KINDS}
"""Name -> factory (input_shape, *, weights=None, name="encoder")."""


def load(model: keras.Model, kind: str, weights: str | Path) -> None:
    """Set the weights of an encoder of that kind; see `encoder` for arguments and errors."""
    row = KINDS[kind]
    values, kernel = _read(row, kind, weights), f"{row.first_conv}/kernel"
    if kernel in values:
        channels = weight_files.named_weights(model)[kernel].shape[2]
        values[kernel] = inflate(values[kernel], channels)
    weight_files.assign(model, values, f"{kind}, weights {weights}")


def _read(row: Kind, kind: str, source: str | Path) -> Values:
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
        raise InputError(
            f"{path}: expected a file with weights for {kind}, got none; check the path"
        )
    return row.readers[path.suffix](path)


def inflate(kernel: np.ndarray, channels: int) -> np.ndarray:
    """Adapt a first kernel to another number of channels: (h, w, C, out) -> (h, w, channels, out).

    Channel c of more channels takes the kernel of c modulo C, divided by the number of channels
    that take it; fewer channels take the sums. An image with its channels repeated then has the
    features of the image.

    >>> inflate(np.array([6.0, 8.0]).reshape(1, 1, 2, 1), 3).ravel()
    array([3., 8., 3.])
    >>> inflate(np.array([6.0, 8.0]).reshape(1, 1, 2, 1), 1).ravel()
    array([14.])
    """
    given = kernel.shape[2]
    fewer = min(given, channels)
    same = np.arange(channels)[:, None] % fewer == np.arange(given) % fewer
    matrix = same / np.maximum(same.sum(axis=0) if channels > given else 1, 1)
    return np.einsum("cg,hwgo->hwco", matrix, kernel).astype(kernel.dtype)


def freeze(model: keras.Model) -> None:
    """Stop training an encoder, or the encoder of a U-Net, its batch norm statistics included.

    Takes effect when the model is compiled next.
    """
    encoder = next((layer for layer in model.layers if layer.name == "encoder"), model)
    encoder.trainable = False
