"""Networks of keras.applications as encoders: which layers give which stride, and their weights.

Layers are named alike in Keras 2 and 3. What an application does to the image before its first
layer is left out and done by `Standardise`, so that images in 0 to 255 always go in.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks.blocks import Standardise
from seaice_tf.networks.weights import named_weights

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_DEVIATION = (58.395, 57.12, 57.375)
CAFFE_MEAN = (123.68, 116.779, 103.939)


@dataclass(frozen=True)
class Application:
    """A network of keras.applications, `name` there.

    Attributes:
        first: its first layer after the scaling of the image.
        first_conv: the one whose kernel depends on the number of channels.
        strides: the layers that give the features at strides 2, 4, 8, 16 and 32.
        mean, deviation: of red, green and blue, in 0 to 255.
        blue_first: trained on channels in the order blue, green, red.
    """

    name: str
    first: str
    first_conv: str
    strides: tuple[str, ...]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    blue_first: bool = False


def _resnet(name: str, blocks: tuple[int, int, int, int]) -> Application:
    ends = tuple(f"conv{i}_block{count}_out" for i, count in enumerate(blocks, 2))
    strides = ("conv1_relu", *ends)
    return Application(
        name, "conv1_pad", "conv1_conv", strides, CAFFE_MEAN, (1.0, 1.0, 1.0), blue_first=True
    )


def _efficientnet(number: int) -> Application:
    ends = tuple(f"block{i}a_expand_activation" for i in (2, 3, 4, 6))
    return Application(
        f"EfficientNetB{number}",
        "stem_conv_pad",
        "stem_conv",
        (*ends, "top_activation"),
        IMAGENET_MEAN,
        IMAGENET_DEVIATION,
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


def build(row: Application, input_shape, name: str) -> keras.Model:
    """The encoder of a row of `APPLICATIONS`, its weights random: see `encoders.encoder`."""
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise(row.mean, row.deviation, name="standardise")(image)
    whole = _application(row, x.shape[-1], None)
    features = [whole.get_layer(layer).output for layer in row.strides]
    body = keras.Model(whole.get_layer(row.first).input, features, name=f"{name}_body")
    return keras.Model(image, body(x), name=name)


def imagenet(row: Application) -> dict[str, np.ndarray]:
    """Keras' weights of ImageNet by name for channels red, green and blue, downloaded once.

    Raises:
        InputError: the download failed.
    """
    try:
        whole = _application(row, 3, "imagenet")
    except Exception as error:  # Keras raises a bare Exception when it cannot download
        raise InputError(
            f"{row.name}: expected Keras to download its weights of ImageNet, got {error}; "
            "give the path of a file with weights, or train without them"
        ) from error
    return _values(row, whole)


def read_h5(row: Application, path: Path) -> dict[str, np.ndarray]:
    """The same from an .h5 file of the application without its top, as Keras offers and saves it.

    Raises:
        InputError: not readable, or of another network.
    """
    whole = _application(row, 3, None)
    try:
        whole.load_weights(str(path))
    except (OSError, ValueError, KeyError, IndexError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{path}: expected weights of keras.applications.{row.name} without its top, "
            f"got a file that cannot be read as such ({reason}); use another file"
        ) from error
    return _values(row, whole)


def _application(row: Application, channels: int, pretrained: str | None) -> keras.Model:
    factory = getattr(keras.applications, row.name)
    with warnings.catch_warnings():
        # Of channels other than three and of unknown sides, both of which work.
        warnings.simplefilter("ignore", UserWarning)
        return factory(include_top=False, weights=pretrained, input_shape=(None, None, channels))


def _values(row: Application, whole: keras.Model) -> dict[str, np.ndarray]:
    values = {name: weight.numpy() for name, weight in named_weights(whole).items()}
    if row.blue_first:
        kernel = f"{row.first_conv}/kernel"
        values[kernel] = values[kernel][:, :, ::-1]
    return values
