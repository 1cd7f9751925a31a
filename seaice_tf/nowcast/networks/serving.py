"""What is exported of a trained nowcast: from counts to counts, with the flow that it saw."""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.data.layout import HIGHEST
from seaice_tf.nowcast.networks.parts import centre, flow_forecast, flow_of, leads_first

layers = keras.layers


MIRRORS = ((), (-1,), (-2,), (-2, -1))  # axes along which a view is reversed


class AsCounts(keras.layers.Layer):
    """Forecasts cut to the counts that there are: the shape given, 0 to 1023."""

    def call(self, x):
        return tf.clip_by_value(x, 0, HIGHEST)

    def compute_output_shape(self, shape):
        return shape


class Mirrored(keras.layers.Layer):
    """Frames and their three mirror images, one batch after another: (B, ...) -> (4 B, ...)."""

    def call(self, x):
        return tf.concat([reverse(x, axes) for axes in MIRRORS], axis=0)

    def compute_output_shape(self, shape):
        return (None, *shape[1:])


class MirroredBack(keras.layers.Layer):
    """The mean of what was told of `Mirrored` frames: (4 B, ...) -> (B, ...)."""

    def call(self, x):
        views = tf.split(x, len(MIRRORS), axis=0)
        return tf.add_n([reverse(x, axes) for x, axes in zip(views, MIRRORS)]) / len(MIRRORS)

    def compute_output_shape(self, shape):
        return (None, *shape[1:])


class Straight(keras.layers.Layer):
    """What was told of the first of `Mirrored` frames: (4 B, ...) -> (B, ...)."""

    def call(self, x):
        return tf.split(x, len(MIRRORS), axis=0)[0]

    def compute_output_shape(self, shape):
        return (None, *shape[1:])


def reverse(x, axes: Sequence[int]):
    """Reversed along some of its last axes."""
    return tf.reverse(x, axes) if axes else x


def mean_of_views(served: keras.Model) -> keras.Model:
    """Build a model of the mean of the frames of `served` over four views, and the flow of one."""
    given = keras.Input(served.input_shape[1:], name="past_straight")
    found = served(Mirrored(name="mirrored")(given))
    frames = MirroredBack(name="mirrored_back")(found["frames"])
    outputs = {"frames": frames, "flow": Straight(name="straight")(found["flow"])}
    return keras.Model(given, outputs, name="mean_of_views")


def counts_to_counts(network: keras.Model, flow_share: float = 0.0) -> keras.Model:
    """Build what is exported of a network; shares its layers.

    Args:
        network: of `models.nowcast`.
        flow_share: of the flow's forecast in the mean with that of the network, 0 to 1.

    Returns:
        A functional model from (B, frames, side, side) to {"frames": (B, leads, target, target) in
        0 to 1023, "flow": (B, side, side, 2), of the network if it has one}.
    """
    given, frames = network.input, network.output["frames"]
    names = {layer.name for layer in network.layers}
    flow = network.get_layer("flow").output if "flow" in names else flow_of(given)
    if flow_share:
        leads, target = frames.shape[1:3]
        if "flow_forecast" in names:
            moved = network.get_layer("flow_forecast").output
        else:
            moved = flow_forecast(given, flow, leads, target)
        moved = leads_first(centre(moved, target, "mean_centre"), "flow_frames")
        shares = (
            layers.Rescaling(1 - flow_share, name="network_share")(frames),
            layers.Rescaling(flow_share, name="flow_share")(moved),
        )
        frames = layers.Add(name="mean")(shares)
    outputs = {"frames": AsCounts(name="as_counts")(frames), "flow": flow}
    return keras.Model(given, outputs, name="counts_to_counts")
