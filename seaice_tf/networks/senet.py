"""SENet-154 (Hu et al. 2018, arXiv:1709.01507), the encoder that won ImageNet's last contest.

A ResNet of grouped bottlenecks whose channels are weighed by what the whole picture holds. Widths
and kernels are those of the version that is widely used, which has 115,088,984 parameters with its
classifier of 1000 classes and 113,039,984 without.
"""

from collections.abc import Sequence

from tensorflow import keras

from seaice_tf.networks.blocks import Standardise
from seaice_tf.networks.keras_encoders import IMAGENET_DEVIATION, IMAGENET_MEAN

layers = keras.layers
BLOCKS = (3, 8, 36, 3)  # at strides 4, 8, 16 and 32
WIDTH = 64  # of the first stage, doubled at each further one
GROUPS = 64
REDUCTION = 16  # of the channels, where they are weighed


def senet154(
    input_shape: Sequence[int | None],
    name: str = "encoder",
    *,
    blocks: Sequence[int] = BLOCKS,
    width: int = WIDTH,
    groups: int = GROUPS,
) -> keras.Model:
    """Build an uncompiled SENet-154, or with other numbers one of its kind.

    Args:
        input_shape: (height, width, channels); None for a side that may vary.
        name: of the model.
        blocks: of the four stages.
        width: channels of the stem, and of the first stage a quarter of its channels.
        groups: of the 3 x 3 convolutions; a divisor of twice the width.

    Returns:
        A functional model from (B, H, W, C) in 0 to 255 to the list of its features at strides 2,
        4, 8, 16 and 32.
    """
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise(IMAGENET_MEAN, IMAGENET_DEVIATION, name="standardise")(image)
    for i, (filters, stride) in enumerate(((width, 2), (width, 1), (2 * width, 1)), 1):
        x = _conv(x, filters, 3, f"stem_conv{i}", stride)
        x = layers.Activation("relu", name=f"stem_relu{i}")(x)
    features = [x]
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
    for stage, number in enumerate(blocks, 1):
        for block in range(1, number + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            x = _bottleneck(
                x, width * 2 ** (stage - 1), groups, f"stage{stage}_block{block}", stride
            )
        features.append(x)
    return keras.Model(image, features, name=name)


def _bottleneck(x, planes: int, groups: int, name: str, stride: int):
    """(B, H, W, C) -> (B, H / stride, W / stride, 4 planes)."""
    out, shortcut = 4 * planes, x
    if stride > 1 or x.shape[-1] != out:
        shortcut = _conv(x, out, 3 if stride > 1 else 1, f"{name}_shortcut", stride)
    x = layers.Activation("relu", name=f"{name}_relu1")(_conv(x, 2 * planes, 1, f"{name}_conv1"))
    x = _conv(x, out, 3, f"{name}_conv2", stride, groups)
    x = layers.Activation("relu", name=f"{name}_relu2")(x)
    x = _weigh(_conv(x, out, 1, f"{name}_conv3"), f"{name}_squeeze")
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.Activation("relu", name=f"{name}_relu3")(x)


def _conv(x, filters: int, kernel: int, name: str, stride: int = 1, groups: int = 1):
    x = layers.Conv2D(
        filters, kernel, stride, padding="same", groups=groups, use_bias=False, name=name
    )(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _weigh(x, name: str):
    """Squeeze and excite: channels times what the mean of the picture says: the same shape."""
    channels = x.shape[-1]
    mean = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    few = layers.Conv2D(channels // REDUCTION, 1, activation="relu", name=f"{name}_down")(mean)
    weight = layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_up")(few)
    return layers.Multiply(name=f"{name}_multiply")([x, weight])
