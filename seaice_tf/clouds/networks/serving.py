"""The model that is exported: from encoded photos to masks, with test-time augmentation."""

import dataclasses

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.choices import TTA
from seaice_tf.clouds.data.labels import SCORE_SHAPE
from seaice_tf.clouds.data.postprocessing import Decisions, to_array
from seaice_tf.networks.arguments import require_choice, require_sizes


def serving_model(
    network: keras.Model, rows: int, columns: int, decisions: Decisions, tta: str = "none"
) -> keras.Model:
    """Build the model that is exported of a trained network.

    Args:
        network: from images in 0 to 255, (B, rows, columns, 3), to {"masks": (B, h, w, 4),
            "class_probabilities": (B, 4)}, probabilities of pixels and of images; its weights are
            shared.
        rows, columns: size that photos are resized to.
        decisions: post-processing parameters.
        tta: test-time augmentation, a key of `TTA`.

    Returns:
        A functional model from JPEG or PNG files, (B,) strings, to a dict: "masks" (B, 350, 525, 4)
        bool by rule, threshold, gate and minimum area of the whole mask; "probabilities"
        (B, 350, 525, 4) of the pixels; "class_probabilities" (B, 4), the mean of the network's and
        of the maximum over the pixels; "decisions" (B, 5, 4), `postprocessing.to_array`, for the
        steps that are left to the caller: minimum areas of components, and shapes.
    """
    require_sizes("serving_model", rows=rows, columns=columns)
    require_choice("serving_model", "tta", tta, tuple(TTA))
    photos = keras.Input((), dtype="string", name="photo")
    outputs = tta_mean(network, tta)(DecodePhotos(rows, columns, name="decode")(photos))
    probabilities = Resize(*SCORE_SHAPE, name="probabilities")(outputs["masks"])
    class_probabilities = MeanWithLikeliestPixel(name="class_probabilities")(
        outputs["class_probabilities"], outputs["masks"]
    )
    masks, used = DecideMasks(decisions, name="decide")(probabilities, class_probabilities)
    return keras.Model(
        photos,
        {
            "masks": masks,
            "probabilities": probabilities,
            "class_probabilities": class_probabilities,
            "decisions": used,
        },
        name="serving_model",
    )


def tta_mean(model: keras.Model, tta: str) -> keras.Model:
    """Average a model over flipped copies of its images.

    Args:
        model: (B, H, W, C) to a dict of maps (B, h, w, channels) and vectors (B, channels); its
            weights are shared.
        tta: a key of `TTA`.

    Returns:
        A functional model of the same interface; maps are flipped back before the mean.
    """
    images = keras.Input(model.input_shape[1:], name="images")
    outputs: dict[str, list] = {}
    for i, axes in enumerate(TTA[tta]):
        flip = Flip(axes, name=f"flip{i}") if axes else keras.layers.Identity(name="unchanged")
        for head, value in model(flip(images)).items():
            if axes and len(value.shape) == 4:
                value = Flip(axes, name=f"{head}_flip{i}")(value)
            outputs.setdefault(head, []).append(value)
    means = {
        head: keras.layers.Average(name=f"{head}_mean")(values) if values[1:] else values[0]
        for head, values in outputs.items()
    }
    return keras.Model(images, means, name="tta_mean")


def decode(photo, rows: int, columns: int):
    """Decode a JPEG or PNG file and resize it: () string -> (rows, columns, 3) in 0 to 255.

    JPEG is decoded exactly, as Pillow does. The default of TensorFlow is a faster transform, whose
    errors of several counts a network of early features would learn from.
    """
    image = tf.io.decode_jpeg(photo, channels=3, dct_method="INTEGER_ACCURATE")  # PNG as well
    return tf.image.resize(image, (rows, columns), antialias=True)


@keras.utils.register_keras_serializable("seaice_tf")
class DecodePhotos(keras.layers.Layer):
    """`decode` of a batch: (B,) strings -> (B, rows, columns, 3) float32 in 0 to 255."""

    def __init__(self, rows: int, columns: int, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.rows, self.columns = rows, columns

    def call(self, photos):
        like = tf.TensorSpec((self.rows, self.columns, 3), tf.float32)
        images = tf.map_fn(
            lambda photo: decode(photo, self.rows, self.columns), photos, fn_output_signature=like
        )
        return tf.ensure_shape(images, (None, *like.shape))

    def compute_output_shape(self, shape):
        return (shape[0], self.rows, self.columns, 3)

    def get_config(self):
        return super().get_config() | {"rows": self.rows, "columns": self.columns}


@keras.utils.register_keras_serializable("seaice_tf")
class Resize(keras.layers.Layer):
    """Antialiased bilinear resize to a fixed size: (B, h, w, C) -> (B, rows, columns, C)."""

    def __init__(self, rows: int, columns: int, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns = rows, columns

    def call(self, x):
        return tf.image.resize(x, (self.rows, self.columns), antialias=True)

    def compute_output_shape(self, shape):
        return (shape[0], self.rows, self.columns, shape[3])

    def get_config(self):
        return super().get_config() | {"rows": self.rows, "columns": self.columns}


@keras.utils.register_keras_serializable("seaice_tf")
class Flip(keras.layers.Layer):
    """Flip images along axes, 1 the rows and 2 the columns: (B, H, W, C) -> the same shape."""

    def __init__(self, axes: tuple[int, ...], **kwargs):
        super().__init__(**kwargs)
        self.axes = tuple(axes)

    def call(self, x):
        return tf.reverse(x, self.axes)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"axes": self.axes}


@keras.utils.register_keras_serializable("seaice_tf")
class MeanWithLikeliestPixel(keras.layers.Layer):
    """Mean of two estimates of the class probabilities: (B, 4), (B, H, W, 4) -> (B, 4).

    One is that of the classifier, the other the largest probability of a pixel.
    """

    def call(self, class_probabilities, pixels):
        return (class_probabilities + tf.reduce_max(pixels, axis=(1, 2))) / 2

    def compute_output_shape(self, class_probabilities_shape, pixels_shape):
        return class_probabilities_shape


@keras.utils.register_keras_serializable("seaice_tf")
class DecideMasks(keras.layers.Layer):
    """Rule, gates and minimum areas of `postprocessing.masks`, in the graph.

    From probabilities (B, H, W, 4) and class probabilities (B, 4) to masks (B, H, W, 4) bool and
    the decisions used, (B, 5, 4). A mask whose total area is below the minimum area of a component
    is emptied; components are not labelled.
    """

    def __init__(self, decisions: Decisions | dict, **kwargs):
        super().__init__(**kwargs)
        if isinstance(decisions, dict):  # of get_config
            lists = {k: v if k == "rule" else tuple(v) for k, v in decisions.items()}
            decisions = Decisions(**lists)
        self.decisions: Decisions = decisions
        self.rule, self.values = decisions.rule, to_array(decisions).astype(np.float32)

    def call(self, probabilities, class_probabilities):
        thresholds, min_areas, gates = (tf.constant(row) for row in self.values[1:4])
        if self.rule == "expected_dice":
            raw = expected_dice(probabilities, class_probabilities)
        else:
            open_gate = (class_probabilities >= gates)[:, None, None]
            raw = (probabilities >= thresholds) & open_gate
        area = tf.reduce_mean(tf.cast(raw, tf.float32), axis=(1, 2))
        batch = tf.shape(class_probabilities)[0]
        used = tf.tile(tf.constant(self.values)[None], [batch, 1, 1])
        return raw & (area >= min_areas)[:, None, None], used

    def get_config(self):
        return super().get_config() | {"decisions": dataclasses.asdict(self.decisions)}


def expected_dice(probabilities, class_probabilities):
    """`postprocessing.expected_dice` of a batch: (B, H, W, 4), (B, 4) -> (B, H, W, 4) bool."""
    given = tf.math.divide_no_nan(probabilities, class_probabilities[:, None, None])
    given = tf.minimum(given, 1.0)
    total = tf.reduce_sum(given, axis=(1, 2))

    def of_pixels_above(half):
        chosen = tf.cast(given > half[:, None, None], given.dtype)
        both = tf.reduce_sum(chosen * given, axis=(1, 2))
        return tf.math.divide_no_nan(both, tf.reduce_sum(chosen, axis=(1, 2)) + total)

    # Half of the largest 2 both / (pixels + total) is the threshold with which it is reached:
    # Dinkelbach 1967, doi:10.1287/mnsc.13.7.492. A sort of all pixels takes ten times as long.
    half, _ = tf.while_loop(
        lambda half, before: tf.reduce_any(half > before),
        lambda half, before: (tf.maximum(of_pixels_above(half), half), half),
        (of_pixels_above(tf.zeros_like(total)), tf.zeros_like(total)),
    )
    predicted = class_probabilities * 2 * half > 1 - class_probabilities
    return (given > half[:, None, None]) & predicted[:, None, None]
