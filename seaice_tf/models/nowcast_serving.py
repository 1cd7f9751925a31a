"""What is exported of a trained nowcast: from counts to counts, with the flow that it saw."""

import tensorflow as tf
from tensorflow import keras

from seaice_tf.models.nowcast_parts import centre, flow_forecast, flow_of, leads_first
from seaice_tf.transforms.nowcast import HIGHEST

layers = keras.layers


class AsCounts(keras.layers.Layer):
    """Forecasts cut to the counts that there are: the shape given, 0 to 1023."""

    def call(self, x):
        return tf.clip_by_value(x, 0, HIGHEST)

    def compute_output_shape(self, shape):
        return shape


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
