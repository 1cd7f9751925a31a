"""Convolutional autoencoders of monthly concentration: an image as a code of 256 values.

The architectures are listed in docs/forecast_models.md.
"""

from collections.abc import Callable, Sequence
from functools import partial

import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks.arguments import require_sizes

layers = keras.layers
CODE = 256  # values


def autoencoder(
    rows: int,
    columns: int,
    *,
    filters: Sequence[int] = (16, 32),
    kernel: int = 3,
    code: int = CODE,
    tied: bool = False,
    name: str = "autoencoder",
) -> keras.Model:
    """Build an uncompiled autoencoder.

    Args:
        rows, columns: size of the grid, multiples of 2 ** len(filters).
        filters: width per convolution of the encoder; each is followed by a pooling of two.
        kernel: side of all convolutions.
        code: length of the code.
        tied: whether the decoder's dense layer uses the transposed kernel of the encoder's.

    Returns:
        A functional model from fractions (B, rows, columns) to the same, in [0, 1]. Its layers
        "encoder", (B, rows, columns) -> (B, code), and "decoder" back are functional models too.

    Raises:
        InputError: the grid is no multiple of 2 ** len(filters), or an argument is out of its
            range.
    """
    require_sizes("autoencoder", rows=rows, columns=columns, filters=filters, kernel=kernel)
    require_sizes("autoencoder", code=code)
    halvings = 2 ** len(filters)
    if rows % halvings or columns % halvings:
        raise InputError(
            f"autoencoder: expected a grid of multiples of {halvings}, got {rows} x {columns}; "
            "use a variant with fewer convolutions, such as two_conv"
        )
    encoder = _encoder(rows, columns, filters, kernel, code)
    decoder = _decoder(rows, columns, filters, kernel, encoder if tied else None, code)
    image = keras.Input((rows, columns), name="image")
    return keras.Model(image, decoder(encoder(image)), name=name)


def last_year_through_code(model: keras.Model) -> keras.Model:
    """Build the forecast of an autoencoder: last year's image, encoded and decoded.

    Returns:
        A functional model from fractions (B, 1, rows, columns) to (B, rows, columns) with the
        same weights.
    """
    rows, columns = model.input_shape[1:]
    images = keras.Input((1, rows, columns), name="year_images")
    image = layers.Reshape((rows, columns), name="last_image")(images)
    return keras.Model(images, model(image), name="last_year_through_code")


def _encoder(rows, columns, filters, kernel, code) -> keras.Model:
    """(B, rows, columns) -> (B, code) in [0, 1]."""
    image = keras.Input((rows, columns), name="encoder_image")
    x = layers.Reshape((rows, columns, 1), name="encoder_channel")(image)
    for i, width in enumerate(filters, 1):
        conv = layers.Conv2D(
            width, kernel, padding="same", activation="selu", name=f"encoder_conv{i}"
        )
        x = layers.MaxPooling2D(2, name=f"encoder_pool{i}")(conv(x))
    x = layers.Flatten(name="encoder_flatten")(x)
    x = layers.Dense(code, activation="sigmoid", name="encoder_code")(x)
    return keras.Model(image, x, name="encoder")


def _decoder(rows, columns, filters, kernel, tied_to, code) -> keras.Model:
    """(B, code) -> (B, rows, columns) in [0, 1]."""
    halvings = 2 ** len(filters)
    small = (rows // halvings, columns // halvings, filters[-1])
    inputs = keras.Input((code,), name="code")
    if tied_to:
        dense = TransposedDense(tied_to.get_layer("encoder_code").kernel, name="decoder_dense")
        x = layers.Activation("selu", name="decoder_dense_selu")(dense(inputs))
    else:
        size = small[0] * small[1] * small[2]
        x = layers.Dense(size, activation="selu", name="decoder_dense")(inputs)
    x = layers.Reshape(small, name="decoder_maps")(x)
    for i in range(len(filters) - 1, -1, -1):
        width, activation = (filters[i - 1], "selu") if i else (1, "sigmoid")
        x = layers.Conv2DTranspose(
            width, kernel, 2, padding="same", activation=activation, name=f"decoder_conv{i + 1}"
        )(x)
    x = layers.Reshape((rows, columns), name="decoder_image")(x)
    return keras.Model(inputs, x, name="decoder")


@keras.utils.register_keras_serializable("seaice_tf")
class TransposedDense(keras.layers.Layer):
    """Dense layer with the transposed kernel (M, N) of another and its own bias: (B, N) -> (B, M).

    The kernel remains a weight of the other layer, which gets both gradients.
    """

    def __init__(self, kernel, **kwargs):
        super().__init__(**kwargs)
        self.kernel = kernel

    def build(self, input_shape):
        self.bias = self.add_weight(name="bias", shape=(self.kernel.shape[0],), initializer="zeros")
        super().build(input_shape)

    def call(self, x):
        kernel = tf.cast(tf.convert_to_tensor(self.kernel), x.dtype)
        return tf.matmul(x, kernel, transpose_b=True) + self.bias

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.kernel.shape[0])


VARIANTS: dict[str, Callable[..., keras.Model]] = {
    "one_conv": partial(autoencoder, filters=(16,)),
    "two_conv": autoencoder,
    "two_conv_tied": partial(autoencoder, tied=True),
    "two_conv_small": partial(autoencoder, filters=(8, 16)),
    "three_conv": partial(autoencoder, filters=(16, 32, 64)),
}
