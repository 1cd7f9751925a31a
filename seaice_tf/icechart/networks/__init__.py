"""Factories of the networks of the ice chart."""

from seaice_tf.icechart.networks.unet import network, raw_serving_model, serving_model

__all__ = ["network", "raw_serving_model", "serving_model"]
