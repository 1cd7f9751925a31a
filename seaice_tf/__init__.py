"""Sea-ice forecasts, ice charts and other satellite imagery with Keras and TensorFlow."""

__version__ = "0.2.0"
