"""Building blocks of networks; every layer is named so that weights transfer by name."""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow import keras

layers = keras.layers
# Red, green and blue of ImageNet, in 0 to 255.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
CAFFE_MEAN = (123.68, 116.779, 103.939)


def conv_block(x, filters: int, name: str, stride: int = 1, norm: bool = True):
    """Two 3x3 convolutions, with batch norm or bias: (B, H, W, C) -> (B, H/stride, W/stride, F)."""
    for i, step in ((1, stride), (2, 1)):
        conv = layers.Conv2D(
            filters, 3, step, padding="same", use_bias=not norm, name=f"{name}_conv{i}"
        )
        x = conv(x)
        if norm:
            x = layers.BatchNormalization(name=f"{name}_norm{i}")(x)
        x = layers.Activation("relu", name=f"{name}_relu{i}")(x)
    return x


def attention_gate(skip, x, name: str):
    """Weight the pixels of a skip by decoder features: (B, H, W, C), (B, H, W, D) -> (B, H, W, C).

    The additive gate of the Attention U-Net (Oktay et al. 2018, arXiv:1804.03999).
    """
    width = max(skip.shape[-1] // 2, 1)
    key = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_skip")(skip)
    query = layers.Conv2D(width, 1, name=f"{name}_from")(x)
    added = layers.Add(name=f"{name}_add")([key, query])
    added = layers.Activation("relu", name=f"{name}_relu")(added)
    weight = layers.Conv2D(1, 1, activation="sigmoid", name=f"{name}_weight")(added)
    return layers.Multiply(name=f"{name}_multiply")([skip, weight])


def self_attention(x, heads: int, name: str):
    """Residual self-attention between all pixels: (B, H, W, C) -> the same shape.

    Memory grows with (H W)^2, so it is meant for the bottleneck.
    """
    width = x.shape[-1]
    normed = layers.LayerNormalization(name=f"{name}_norm")(x)
    attended = layers.MultiHeadAttention(
        heads, max(width // heads, 1), attention_axes=(1, 2), name=f"{name}_attention"
    )(normed, normed)
    return layers.Add(name=f"{name}_add")([x, attended])


@keras.utils.register_keras_serializable("seaice_tf")
class Standardise(keras.layers.Layer):
    """Standardise each channel, (x - mean) / std: (..., C) -> (..., max(C, number of means)).

    With more channels than means, the means are repeated cyclically (0 1 2 0 ...). With fewer
    channels, the channels are: a grey image becomes one of three equal channels.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], **kwargs):
        super().__init__(**kwargs)
        self.mean, self.std = tuple(mean), tuple(std)

    def call(self, x):
        given, wanted = x.shape[-1], max(x.shape[-1], len(self.mean))
        if given < wanted:
            x = tf.gather(x, [c % given for c in range(wanted)], axis=-1)
        mean, std = (
            tf.constant([values[c % len(values)] for c in range(wanted)], x.dtype)
            for values in (self.mean, self.std)
        )
        return (x - mean) / std

    def compute_output_shape(self, shape):
        return (*shape[:-1], max(shape[-1], len(self.mean)))

    def get_config(self):
        return super().get_config() | {"mean": self.mean, "std": self.std}


@keras.utils.register_keras_serializable("seaice_tf")
class ResizeLike(keras.layers.Layer):
    """Bilinear resize of x (B, h, w, C) to the height and width of ref (B, H, W, D).

    Unlike `UpSampling2D` it works for odd sides, and exports for unknown ones.
    """

    def call(self, x, ref):
        return tf.image.resize(x, tf.shape(ref)[1:3])

    def compute_output_shape(self, x_shape, ref_shape):
        return (x_shape[0], ref_shape[1], ref_shape[2], x_shape[3])


@keras.utils.register_keras_serializable("seaice_tf")
class JoinVector(keras.layers.Layer):
    """Append a vector (B, D) to the channels of every pixel of x (B, H, W, C): (B, H, W, C + D)."""

    def call(self, x, vector):
        shape = tf.concat([tf.shape(x)[:3], tf.shape(vector)[1:]], axis=0)
        tiled = tf.broadcast_to(tf.cast(vector, x.dtype)[:, None, None], shape)
        return tf.concat([x, tiled], axis=-1)

    def compute_output_shape(self, x_shape, vector_shape):
        return (*x_shape[:3], x_shape[3] + vector_shape[1])


@keras.utils.register_keras_serializable("seaice_tf")
class PadTo(keras.layers.Layer):
    """Zero-pad at the bottom and right until both sides are multiples of `multiple`."""

    def __init__(self, multiple: int, **kwargs):
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, x):
        height, width = tf.shape(x)[1], tf.shape(x)[2]
        return tf.pad(
            x, [[0, 0], [0, -height % self.multiple], [0, -width % self.multiple], [0, 0]]
        )

    def compute_output_shape(self, shape):
        sides = (n if n is None else n + -n % self.multiple for n in shape[1:3])
        return (shape[0], *sides, shape[3])

    def get_config(self):
        return super().get_config() | {"multiple": self.multiple}


@keras.utils.register_keras_serializable("seaice_tf")
class CropLike(keras.layers.Layer):
    """Crop x (B, h, w, C) at the bottom and right to the size of ref (B, H, W, D)."""

    def call(self, x, ref):
        return x[:, : tf.shape(ref)[1], : tf.shape(ref)[2]]

    def compute_output_shape(self, x_shape, ref_shape):
        return (x_shape[0], ref_shape[1], ref_shape[2], x_shape[3])


@keras.utils.register_keras_serializable("seaice_tf")
class Fold(keras.layers.Layer):
    """Merge axis 1 into the batch axis: (B, N, ...) -> (B N, ...)."""

    def call(self, x):
        folded = tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], axis=0))
        return tf.ensure_shape(folded, [None, *x.shape[2:]])

    def compute_output_shape(self, shape):
        return (None, *shape[2:])


@keras.utils.register_keras_serializable("seaice_tf")
class Unfold(keras.layers.Layer):
    """Split the batch axis, the inverse of `Fold`: (B N, ...) -> (B, N, ...)."""

    def __init__(self, number: int, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, x):
        unfolded = tf.reshape(x, tf.concat([[-1, self.number], tf.shape(x)[1:]], axis=0))
        return tf.ensure_shape(unfolded, [None, self.number, *x.shape[1:]])

    def compute_output_shape(self, shape):
        return (None, self.number, *shape[1:])

    def get_config(self):
        return super().get_config() | {"number": self.number}
