"""Factories of the networks of the forecast.

Submodules of the same name hold more: `autoencoder.autoencoder`, `crops.conv_lstm` and others.
"""

from seaice_tf.forecast.networks.autoencoder import autoencoder as convolutional_autoencoder
from seaice_tf.forecast.networks.autoencoder import last_year_through_code
from seaice_tf.forecast.networks.cell_network import class_network
from seaice_tf.forecast.networks.crops import attention as crops_attention
from seaice_tf.forecast.networks.crops import conv_lstm as crops_conv_lstm
from seaice_tf.forecast.networks.crops import lstm as crops_lstm
from seaice_tf.forecast.networks.crops import on_grid
from seaice_tf.forecast.networks.distribution import serving_model as cells_forecast
from seaice_tf.forecast.networks.sequences import attention, lstm, on_codes, on_images
from seaice_tf.forecast.networks.sequences import serving_model as months_forecast
from seaice_tf.forecast.networks.unet import correction_unet

__all__ = [
    "attention",
    "cells_forecast",
    "class_network",
    "convolutional_autoencoder",
    "correction_unet",
    "crops_attention",
    "crops_conv_lstm",
    "crops_lstm",
    "last_year_through_code",
    "lstm",
    "months_forecast",
    "on_codes",
    "on_grid",
    "on_images",
]
