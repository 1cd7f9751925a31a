"""Networks of the nowcast: from 12 frames of counts to the next 24, and from 2 to their flow."""

from seaice_tf.nowcast.networks.cnns import cnn_cnn, conv_lstm, flow_alone, flow_unet
from seaice_tf.nowcast.networks.per_lead_unet import per_lead_unet
from seaice_tf.nowcast.networks.perceiver import flow_perceiver

__all__ = ["cnn_cnn", "conv_lstm", "flow_alone", "flow_perceiver", "flow_unet", "per_lead_unet"]
