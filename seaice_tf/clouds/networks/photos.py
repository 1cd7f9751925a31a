"""Photos as they lie in their files to images of one size, in the graph."""

import tensorflow as tf
from tensorflow import keras


def decode(photo, rows: int, columns: int):
    """The bytes of a JPEG or PNG file to an image: () string -> (rows, columns, 3) in 0 to 255."""
    image = tf.io.decode_image(photo, channels=3, expand_animations=False)
    return tf.image.resize(image, (rows, columns), antialias=True)


class Decode(keras.layers.Layer):
    """`decode` for a batch: (B,) strings -> (B, rows, columns, 3) float32 in 0 to 255."""

    def __init__(self, rows: int, columns: int, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.rows, self.columns = rows, columns

    def call(self, photos):
        like = tf.TensorSpec((self.rows, self.columns, 3), tf.float32)
        images = tf.map_fn(
            lambda photo: decode(photo, self.rows, self.columns), photos, fn_output_signature=like
        )
        return tf.ensure_shape(images, (None, *like.shape))

    def compute_output_shape(self, shape):
        return (shape[0], self.rows, self.columns, 3)


class Resize(keras.layers.Layer):
    """Bilinear resize to a fixed size, antialiased: (B, h, w, C) -> (B, rows, columns, C)."""

    def __init__(self, rows: int, columns: int, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns = rows, columns

    def call(self, x):
        return tf.image.resize(x, (self.rows, self.columns), antialias=True)

    def compute_output_shape(self, shape):
        return (shape[0], self.rows, self.columns, shape[3])


class Mirror(keras.layers.Layer):
    """Mirror images along axes, 1 the rows and 2 the columns: (B, H, W, C) -> the same."""

    def __init__(self, axes: tuple[int, ...], **kwargs):
        super().__init__(**kwargs)
        self.axes = axes

    def call(self, x):
        return tf.reverse(x, self.axes)

    def compute_output_shape(self, shape):
        return shape


MIRRORINGS: tuple[tuple[int, ...], ...] = ((), (2,), (1,), (1, 2))


def mirrored_mean(model: keras.Model, number: int) -> keras.Model:
    """The mean of a model over an image and its mirror images, turned back.

    Args:
        model: (B, H, W, C) to a dict of maps (B, h, w, channels) and vectors (B, channels); shared.
        number: of images: 1 for the image alone, 2 with columns mirrored, 4 with both.

    Returns:
        A functional model of the same interface.
    """
    images = keras.Input(model.input_shape[1:], name="images")
    found: dict[str, list] = {}
    for i, axes in enumerate(MIRRORINGS[:number]):
        mirror = Mirror(axes, name=f"mirror{i}") if axes else keras.layers.Identity(name="as_it_is")
        for head, value in model(mirror(images)).items():
            if axes and len(value.shape) == 4:
                value = Mirror(axes, name=f"{head}_mirror{i}")(value)
            found.setdefault(head, []).append(value)
    outputs = {
        head: keras.layers.Average(name=f"{head}_mean")(values) if number > 1 else values[0]
        for head, values in found.items()
    }
    return keras.Model(images, outputs, name="mirrored_mean")
