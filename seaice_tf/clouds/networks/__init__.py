"""Factories of the networks of cloud masks."""

from seaice_tf.clouds.networks.serving import serving_model
from seaice_tf.clouds.networks.texture import features, ridge
from seaice_tf.networks.unet import encoder_unet

__all__ = ["encoder_unet", "features", "ridge", "serving_model"]
