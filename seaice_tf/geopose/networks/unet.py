"""U-Net of heights and pose of an oblique image, and the model that is exported.

Heights are a map head; scale and angle are heads on the bottleneck, optionally with features of the
decoder. City and ground sample distance are concatenated at the bottleneck. After the fourth place
of the Overhead Geopose Challenge, and Christie et al. 2020 (arXiv:2007.00729), where the scale is
fitted to a map of flow magnitudes.
"""

from collections.abc import Sequence
from math import pi
from typing import get_args

import tensorflow as tf
from tensorflow import keras

from seaice_tf.geopose.choices import (
    AGL,
    ANGLE,
    DECODER_FILTERS,
    FULL_RESOLUTION,
    MAGNITUDE,
    SCALE,
    PoseFrom,
    ScaleBy,
)
from seaice_tf.geopose.data.pose import CITIES
from seaice_tf.networks.arguments import require_choice
from seaice_tf.networks.blocks import ResizeLike, conv_block
from seaice_tf.networks.unet import encoder_body, heads

layers = keras.layers
UNIT = 10.0  # metres or pixels, the unit of the last convolutions, so that weights stay small
POSE_FILTERS = 32
SLOPE_MAPS = 8  # maps whose slope direction is a feature of the pose, besides the heights
POWERS = (1, 2)  # of the weight of steep slopes
SMALLEST_SLOPE = 1e-3  # added to slopes, so that flat maps have derivatives


def network(
    *,
    encoder: str = "small",
    decoder_filters: Sequence[int] = DECODER_FILTERS,
    pose_from: PoseFrom = "both",
    scale_by: ScaleBy = "head",
) -> keras.Model:
    """Build an uncompiled network for images of any size from 32 x 32 on.

    Args:
        encoder: as in `encoders.encoder`.
        decoder_filters: filters at strides 1, 2, 4, 8 and 16; with fewer the finest levels are left
            out, and heights are resized to the image.
        pose_from: input of the heads of scale and angle: "bottleneck" for its mean; "both" also
            for features of the decoder and the slope directions of heights and of learned maps.
        scale_by: "head" for a head of the scale; "fit" for a map of the flow's magnitude instead,
            to which the scale is fitted.

    Returns:
        A functional model from [images in 0 to 255 (B, H, W, 3), city as one-hot (B, 4), ground
        sample distance in metres (B, 1)] to a dict: "agl" (B, H, W, 1) metres; "angle" (B, 2), its
        sine and cosine; "scale" (B, 1) pixels per metre or "magnitude" (B, H, W, 1) pixels.

    Raises:
        InputError: an argument is out of its range or not one of the choices.
    """
    require_choice("geopose", "pose_from", pose_from, get_args(PoseFrom))
    require_choice("geopose", "scale_by", scale_by, get_args(ScaleBy))
    image = keras.Input((None, None, 3), name="image")
    city, gsd = keras.Input((len(CITIES),), name="city"), keras.Input((1,), name="gsd")
    vector = layers.Concatenate(name="vector")([city, gsd])
    x, bottleneck = encoder_body(image, encoder, decoder_filters, vector=vector)
    fitted = scale_by == "fit"
    maps = (AGL, MAGNITUDE) if fitted else (AGL,)
    units = heads(x, bottleneck, {f"{name}_units": (1, None) for name in maps}, {})
    outputs = {}
    for name in maps:
        value = units[f"{name}_units"]
        if len(decoder_filters) < FULL_RESOLUTION:
            value = ResizeLike(name=f"{name}_resize", dtype="float32")(value, image)
        outputs[name] = layers.Rescaling(UNIT, name=name, dtype="float32")(value)
    features = layers.GlobalAveragePooling2D(name="bottleneck_pool")(bottleneck)
    if pose_from == "both":
        decoded = conv_block(x, POSE_FILTERS, "pose", stride=2)
        pooled = layers.GlobalAveragePooling2D(name="pose_pool")(decoded)
        projected = layers.Conv2D(SLOPE_MAPS, 1, name="slope_projection", dtype="float32")(x)
        slopes = [
            SlopeDirection(name=name, dtype="float32")(maps)
            for name, maps in (
                ("slope_direction_agl", outputs[AGL]),
                ("slope_direction", projected),
            )
        ]
        features = layers.Concatenate(name="pose_join")([features, pooled, *slopes])
    outputs[ANGLE] = layers.Dense(2, name=ANGLE, dtype="float32")(features)
    if not fitted:
        outputs[SCALE] = layers.Dense(1, name=SCALE, dtype="float32")(features)
    return keras.Model([image, city, gsd], outputs, name="geopose")


def serving_model(network: keras.Model) -> keras.Model:
    """Build the model that is exported of a trained network.

    Args:
        network: of `network`; its weights are shared.

    Returns:
        A functional model from [images (B, H, W, 3) uint8, city (B, 4), gsd (B, 1)] to a dict:
        "agl" (B, H, W) metres, at least 0; "scale" (B,) pixels per metre; "angle" (B,) radians in
        [0, 2 pi); "certainty" (B,) of the angle, the length of the vector of sine and cosine, at
        most 1. The predicted sine and cosine are expectations, so the flow of the least expected
        squared error has scale times certainty.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    city, gsd = (keras.Input((n,), name=name) for name, n in (("city", len(CITIES)), ("gsd", 1)))
    outputs = network([ToFloat(name="to_float")(image), city, gsd])
    return keras.Model([image, city, gsd], DecidePose(name="decide")(outputs), name="serving_model")


@keras.utils.register_keras_serializable("seaice_tf")
class ToFloat(keras.layers.Layer):
    """uint8 -> float32 of the same shape."""

    def call(self, x):
        return tf.cast(x, tf.float32)

    def compute_output_shape(self, shape):
        return shape


@keras.utils.register_keras_serializable("seaice_tf")
class DecidePose(keras.layers.Layer):
    """Heights of at least 0, scale, angle and certainty, from the heads of the network."""

    def call(self, outputs):
        agl = tf.maximum(outputs[AGL][..., 0], 0.0)
        if MAGNITUDE in outputs:
            scale = fitted_scale(agl, outputs[MAGNITUDE][..., 0])
        else:
            scale = outputs[SCALE][:, 0]
        sine, cosine = outputs[ANGLE][:, 0], outputs[ANGLE][:, 1]
        certainty = tf.minimum(tf.sqrt(sine**2 + cosine**2), 1.0)
        return {
            AGL: agl,
            SCALE: tf.maximum(scale, 0.0),
            ANGLE: tf.math.floormod(tf.math.floormod(tf.atan2(sine, cosine), 2 * pi), 2 * pi),
            "certainty": certainty,
        }


def fitted_scale(agl, magnitude):
    """`scores.baselines.fitted_scale` of each image, in the graph: two (B, H, W) -> (B,)."""
    both, square = (tf.reduce_sum(agl * x, axis=(1, 2)) for x in (magnitude, agl))
    return tf.math.divide_no_nan(both, square)


@keras.utils.register_keras_serializable("seaice_tf")
class SlopeDirection(keras.layers.Layer):
    """Mean direction of slopes, weighted towards steep ones: (B, H, W, C) -> (B, 4 C).

    An oblique view shows walls on one side only. There heights decrease pixel by pixel along the
    flow; on the other side, where a roof hides what is behind it, they jump. Slopes themselves sum
    to zero; the mean of |slope|^p slope over that of |slope|^(p + 1), p = 1 and 2, points along the
    flow. For each p the components to the right of all channels, then those downwards, in [-1, 1];
    they rotate with the image. Maps have at least 3 pixels along a side.
    """

    def call(self, maps):
        down = maps[:, 2:, 1:-1] - maps[:, :-2, 1:-1]
        right = maps[:, 1:-1, 2:] - maps[:, 1:-1, :-2]
        slope = tf.sqrt(down**2 + right**2 + SMALLEST_SLOPE**2)
        vectors = []
        for power in POWERS:
            weight = slope**power
            total = tf.reduce_mean(weight * slope, axis=(1, 2))
            vectors += [
                tf.reduce_mean(weight * part, axis=(1, 2)) / total for part in (right, down)
            ]
        return tf.concat(vectors, axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], 2 * len(POWERS) * shape[-1])
