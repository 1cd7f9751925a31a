"""The exported model of a nowcast: from counts to counts, with the flow that the network used."""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.choices import Tta
from seaice_tf.nowcast.data.layout import HIGHEST
from seaice_tf.nowcast.networks.cnns import advection, centre, flow_of, leads_first
from seaice_tf.nowcast.networks.flips import FirstOfFlips, Flips, MeanOfFlips

layers = keras.layers


@keras.utils.register_keras_serializable("seaice_tf")
class ClipCounts(keras.layers.Layer):
    """Forecasts clipped to valid counts, 0 to 1023: the shape of the input."""

    def call(self, x):
        return tf.clip_by_value(x, 0, HIGHEST)

    def compute_output_shape(self, shape):
        return shape


def mean_over_flips(serving: keras.Model) -> keras.Model:
    """Build a model of the mean frames of `serving` over four mirror images.

    The flow is that of the frames as they are.
    """
    past = keras.Input(serving.input_shape[1:], name="past_frames")
    found = serving(Flips(2, name="flips")(past))
    frames = MeanOfFlips(2, name="mean_of_flips")(found["frames"])
    outputs = {"frames": frames, "flow": FirstOfFlips(name="first_of_flips")(found["flow"])}
    return keras.Model(past, outputs, name="mean_over_flips")


TTA: dict[Tta, Callable[[keras.Model], keras.Model]] = {
    "none": lambda serving: serving,
    "flips": mean_over_flips,
}


def serving_model(network: keras.Model, advection_weight: float = 0.0) -> keras.Model:
    """Build the exported model of a network; shares its layers.

    Args:
        network: from (B, frames, side, side) to {"frames": (B, leads, target, target)}.
        advection_weight: of the flow's forecast in the mean with the network's, 0 to 1.

    Returns:
        A functional model from (B, frames, side, side) to {"frames": (B, leads, target, target) in
        0 to 1023, "flow": (B, side, side, 2), of the network if it has one}.
    """
    past, frames = network.input, network.output["frames"]
    names = {layer.name for layer in network.layers}
    flow = network.get_layer("flow").output if "flow" in names else flow_of(past)
    if advection_weight:
        leads, target = frames.shape[1:3]
        if "flow_forecast" in names:
            advected = network.get_layer("flow_forecast").output
        else:
            advected = advection(past, flow, leads, target)
        advected = leads_first(centre(advected, target, "advected_centre"), "advected_frames")
        weighted = (
            layers.Rescaling(1 - advection_weight, name="network_weighted")(frames),
            layers.Rescaling(advection_weight, name="advected_weighted")(advected),
        )
        frames = layers.Add(name="weighted_mean")(weighted)
    outputs = {"frames": ClipCounts(name="clip_counts")(frames), "flow": flow}
    return keras.Model(past, outputs, name="serving_model")
