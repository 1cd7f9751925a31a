"""SENet-154 (Hu et al. 2018, arXiv:1709.01507), winner of the ImageNet challenge of 2017.

A ResNet of grouped bottlenecks with squeeze-and-excitation. Widths and kernels are those of the
widely used version, which has 115,088,984 parameters with its classifier of 1000 classes and
113,039,984 without.
"""

from collections.abc import Sequence

from tensorflow import keras

from seaice_tf.networks.blocks import IMAGENET_MEAN, IMAGENET_STD, Standardise

layers = keras.layers
BLOCKS = (3, 8, 36, 3)  # at strides 4, 8, 16 and 32
WIDTH = 64  # of the first stage, doubled at each further one
GROUPS = 64
REDUCTION = 16  # of the channels, in squeeze-and-excitation


def senet154(
    input_shape: Sequence[int | None],
    name: str = "encoder",
    *,
    blocks: Sequence[int] = BLOCKS,
    width: int = WIDTH,
    groups: int = GROUPS,
) -> keras.Model:
    """Build an uncompiled SENet-154, or a network of the same design.

    Args:
        input_shape: (height, width, channels); None for a side that may vary.
        name: of the model.
        blocks: number of blocks in each of the four stages.
        width: channels of the stem, a quarter of those of the first stage.
        groups: of the 3 x 3 convolutions; a divisor of twice the width.

    Returns:
        A functional model from (B, H, W, C) in 0 to 255 to the list of its features at strides 2,
        4, 8, 16 and 32.
    """
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise(IMAGENET_MEAN, IMAGENET_STD, name="standardise")(image)
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
    """Bottleneck with squeeze-and-excitation: (B, H, W, C) -> (B, H/stride, W/stride, 4 planes)."""
    out, shortcut = 4 * planes, x
    if stride > 1 or x.shape[-1] != out:
        shortcut = _conv(x, out, 3 if stride > 1 else 1, f"{name}_shortcut", stride)
    x = layers.Activation("relu", name=f"{name}_relu1")(_conv(x, 2 * planes, 1, f"{name}_conv1"))
    x = _conv(x, out, 3, f"{name}_conv2", stride, groups)
    x = layers.Activation("relu", name=f"{name}_relu2")(x)
    x = _squeeze_and_excite(_conv(x, out, 1, f"{name}_conv3"), f"{name}_squeeze")
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.Activation("relu", name=f"{name}_relu3")(x)


def _conv(x, filters: int, kernel: int, name: str, stride: int = 1, groups: int = 1):
    x = layers.Conv2D(
        filters, kernel, stride, padding="same", groups=groups, use_bias=False, name=name
    )(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _squeeze_and_excite(x, name: str):
    """Scale the channels by weights computed from their means: (B, H, W, C) -> the same shape."""
    channels = x.shape[-1]
    mean = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    few = layers.Conv2D(channels // REDUCTION, 1, activation="relu", name=f"{name}_down")(mean)
    weight = layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_up")(few)
    return layers.Multiply(name=f"{name}_multiply")([x, weight])
