"""Heights above ground and the pose of an oblique view from one image: the network, as served.

One map head for the heights, heads on the bottleneck for scale and angle, which may also see what
the decoder found; city and ground sample distance are joined at the bottleneck. After the fourth
place of the Overhead Geopose Challenge, and Christie et al. 2020 (arXiv:2007.00729), where the
scale is fitted to a map of magnitudes.
"""

from collections.abc import Sequence
from math import pi
from typing import Literal

import tensorflow as tf
from tensorflow import keras

from seaice_tf.geopose.data.pose import CITIES
from seaice_tf.geopose.networks.slope_direction import Falls
from seaice_tf.networks.blocks import ResizeLike, conv_block
from seaice_tf.networks.unet import encoder_body, heads

layers = keras.layers
ScaleBy = Literal["head", "fit"]
PoseFrom = Literal["bottleneck", "both"]
AGL, SCALE, ANGLE, MAGNITUDE = "agl", "scale", "angle", "magnitude"
DECODER_FILTERS = (16, 24, 32, 48)
UNIT = 10.0  # metres or pixels: what the last convolutions count in, so that weights stay small
POSE_FILTERS = 32
FALLING = 8  # maps whose falls tell the direction, beside the heights
LEAST = 32  # pixels along a side
FULL = 5  # filters of a decoder that ends at the image's own size


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
        decoder_filters: width at strides 1, 2, 4, 8 and 16; fewer leave out the finest, and heights
            are brought to the image's size.
        pose_from: what the heads of scale and angle see: the mean of the bottleneck, or also that
            of what the decoder found, and which way the heights and some more maps of it fall.
        scale_by: the scale by a head, or to be fitted; then there is a map of the flow's length
            instead.

    Returns:
        A functional model from [images in 0 to 255 (B, H, W, 3), city as one-hot (B, 4), ground
        sample distance in metres (B, 1)] to a dict: "agl" (B, H, W, 1) metres; "angle" (B, 2), its
        sine and cosine; "scale" (B, 1) pixels a metre or "magnitude" (B, H, W, 1) pixels.
    """
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
        if len(decoder_filters) < FULL:
            value = ResizeLike(name=f"{name}_resize", dtype="float32")(value, image)
        outputs[name] = layers.Rescaling(UNIT, name=name, dtype="float32")(value)
    seen = layers.GlobalAveragePooling2D(name="bottleneck_pool")(bottleneck)
    if pose_from == "both":
        found = conv_block(x, POSE_FILTERS, "pose", stride=2)
        pooled = layers.GlobalAveragePooling2D(name="pose_pool")(found)
        asked = layers.Conv2D(FALLING, 1, name="slope_projection", dtype="float32")(x)
        falls = [
            Falls(name=name, dtype="float32")(maps)
            for name, maps in (("falls_agl", outputs[AGL]), ("falls", asked))
        ]
        seen = layers.Concatenate(name="pose_join")([seen, pooled, *falls])
    outputs[ANGLE] = layers.Dense(2, name=ANGLE, dtype="float32")(seen)
    if not fitted:
        outputs[SCALE] = layers.Dense(1, name=SCALE, dtype="float32")(seen)
    return keras.Model([image, city, gsd], outputs, name="geopose")


def geopose_of_images(network: keras.Model) -> keras.Model:
    """Build what is exported of a trained network.

    Args:
        network: of `network`; shared.

    Returns:
        A functional model from [images (B, H, W, 3) uint8, city (B, 4), gsd (B, 1)] to a dict:
        "agl" (B, H, W) metres, at least 0; "scale" (B,) pixels a metre; "angle" (B,) radians in
        [0, 2 pi); "certainty" (B,), the length of the vector of sine and cosine, at most 1: near 0
        where nothing leans. As sine and cosine are means of what may be, the flow of the least
        squared error that is expected has scale times certainty.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    city, gsd = (keras.Input((n,), name=name) for name, n in (("city", len(CITIES)), ("gsd", 1)))
    found = network([ToFloat(name="to_float")(image), city, gsd])
    return keras.Model([image, city, gsd], Decide(name="decide")(found), name="geopose_of_images")


class ToFloat(keras.layers.Layer):
    """uint8 -> float32 of the same shape."""

    def call(self, x):
        return tf.cast(x, tf.float32)

    def compute_output_shape(self, shape):
        return shape


class Decide(keras.layers.Layer):
    """Heights of at least 0, scale and angle, from the heads of the network."""

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
    """`baselines_geopose.fitted_scale` of each image in the graph: two (B, H, W) -> (B,)."""
    both, square = (tf.reduce_sum(agl * x, axis=(1, 2)) for x in (magnitude, agl))
    return tf.math.divide_no_nan(both, square)
