"""Choices of the settings that networks implement, and their sizes, without TensorFlow."""

from typing import Literal

HeightLoss = Literal["squared_error", "huber", "log_squared_error", "r2"]
ScaleBy = Literal["head", "fit"]
PoseFrom = Literal["bottleneck", "both"]
AGL, SCALE, ANGLE, MAGNITUDE = "agl", "scale", "angle", "magnitude"  # heads
DECODER_FILTERS = (16, 24, 32, 48)
SMALLEST_SIDE = 32  # pixels of an image
FULL_RESOLUTION = 5  # decoder levels of a network that ends at the image's size
