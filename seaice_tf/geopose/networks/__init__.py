"""Factories of the network of heights and pose."""

from seaice_tf.geopose.networks.unet import network, serving_model

__all__ = ["network", "serving_model"]
