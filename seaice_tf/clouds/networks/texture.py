"""Texture network: frozen early layers of a pretrained encoder, and logistic ridge regression.

Early layers of an encoder separate kinds of cloud by their texture. With a few hundred photos to
train on, a convex model of their features scores better than training the encoder.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.networks.serving import Resize
from seaice_tf.errors import InputError
from seaice_tf.networks import encoders
from seaice_tf.networks.arguments import require_sizes

layers = keras.layers
GRID = (8, 12)  # (rows, columns) of the feature maps
LEVEL, STRIDE = 2, 8  # index and stride of the encoder's features


def features(
    rows: int,
    columns: int,
    *,
    encoder: str = "efficientnet_lite0",
    weights: str | Path | None = None,
    scales: Sequence[int] = (3, 5),
    name: str = "texture",
) -> keras.Model:
    """Build the feature extractor: a frozen encoder up to stride 8, at several image sizes.

    Args:
        rows, columns: size of the images.
        encoder, weights: as in `encoders.encoder`.
        scales: image sizes, in multiples of 64 x 96 pixels: at scale 3 an image is resized to
            192 x 288, whose 24 x 36 features are averaged to 8 x 12.

    Returns:
        A functional model from images in 0 to 255, (B, rows, columns, 3), to (B, 8, 12, C), the
        scales concatenated.
    """
    require_sizes("texture", rows=rows, columns=columns, scales=scales)
    image = keras.Input((rows, columns, 3), name="image")
    whole = encoders.encoder(encoder, (None, None, 3), weights=weights)
    trunk = keras.Model(whole.input, whole.outputs[LEVEL], name="trunk")
    trunk.trainable = False
    parts = []
    for scale in scales:
        size = [STRIDE * scale * cells for cells in GRID]
        x = Resize(*size, name=f"size{scale}")(image)
        parts.append(layers.AveragePooling2D(scale, name=f"cells{scale}")(trunk(x)))
    return keras.Model(image, JoinScales(name="join")(parts), name=name)


def ridge(channels: int, classes: int, *, penalty: float = 0.03, name: str = "ridge"):
    """Build an uncompiled logistic ridge regression on feature maps.

    Masks are regressed on features smoothed by 1 and 3 cells, their mean over the image and the
    position of the cell; class probabilities on the mean over the image.

    Args:
        channels: of the features.
        classes: number of classes.
        penalty: L2 penalty; half of it times the squared weights of a class is added to its mean
            cross-entropy.

    Returns:
        A functional model from features (B, 8, 12, channels) to {"masks": (B, 8, 12, classes),
        "class_probabilities": (B, classes)} in [0, 1].
    """
    require_sizes("ridge", channels=channels, classes=classes)
    if not penalty >= 0:
        raise InputError(f"ridge: penalty: expected at least 0, got {penalty}")
    inputs = keras.Input((*GRID, channels), name="features")
    mean = layers.GlobalAveragePooling2D(name="mean")(inputs)
    context = Context((1.0, 3.0), name="context")(inputs, mean)

    def logistic(x, head):
        # The loss of a head is a mean over classes, each of which has its own penalty.
        x = layers.BatchNormalization(momentum=0.9, center=False, scale=False, name=f"{head}_norm")(
            x
        )
        l2 = keras.regularizers.L2(penalty / 2 / classes)
        return layers.Dense(classes, "sigmoid", kernel_regularizer=l2, name=head)(x)

    outputs = {
        "masks": logistic(context, "masks"),
        "class_probabilities": logistic(mean, "class_probabilities"),
    }
    return keras.Model(inputs, outputs, name=name)


@keras.utils.register_keras_serializable("seaice_tf")
class JoinScales(keras.layers.Layer):
    """Concatenate feature maps along channels: N x (B, 8, 12, C) -> (B, 8, 12, N C)."""

    def call(self, maps):
        return tf.ensure_shape(tf.concat(maps, axis=-1), (None, *GRID, None))

    def compute_output_shape(self, shapes):
        return (shapes[0][0], *GRID, sum(shape[-1] for shape in shapes))


@keras.utils.register_keras_serializable("seaice_tf")
class Context(keras.layers.Layer):
    """Predictors of a cell: (B, h, w, C) and their mean (B, C) -> (B, h, w, (S + 1) C + 6).

    Smoothed features, their mean over the image, and powers of the position.

    Args:
        widths: S standard deviations, in cells, of the Gaussian smoothing; edges are repeated.
    """

    def __init__(self, widths: Sequence[float], **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(widths)

    def call(self, maps, mean):
        rows, columns = maps.shape[1:3]
        smooth = [
            tf.einsum("ij,bjkc,lk->bilc", _gaussian(rows, width), maps, _gaussian(columns, width))
            for width in self.widths
        ]
        means = tf.tile(mean[:, None, None], [1, rows, columns, 1])
        position = tf.constant(_position(rows, columns))[None]
        positions = tf.tile(position, [tf.shape(maps)[0], 1, 1, 1])
        return tf.concat([*smooth, means, positions], axis=-1)

    def compute_output_shape(self, maps_shape, mean_shape):
        return (*maps_shape[:3], (len(self.widths) + 1) * maps_shape[3] + 6)

    def get_config(self):
        return super().get_config() | {"widths": self.widths}


def _gaussian(cells: int, width: float) -> np.ndarray:
    """Gaussian smoothing matrix of an axis with repeated edges: (cells, cells) float32."""
    reach = int(4 * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    matrix = np.zeros((cells, cells))
    for cell in range(cells):
        sources = np.clip(np.arange(cell - reach, cell + reach + 1), 0, cells - 1)
        np.add.at(matrix[cell], sources, weights / weights.sum())
    return matrix.astype(np.float32)


def _position(rows: int, columns: int) -> np.ndarray:
    """First, second and fourth powers of row and column in [-1, 1]: (rows, columns, 6)."""
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    return np.stack([y, x, y**2, x**2, y**4, x**4], axis=-1).astype(np.float32)
