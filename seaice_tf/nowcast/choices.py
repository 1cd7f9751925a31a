"""Choices of the settings that networks implement, without TensorFlow."""

from typing import Literal

ResidualTo = Literal["none", "persistence", "advection"]
Blur = Literal["none", "forecast", "output"]
FlowSource = Literal["lucas_kanade", "perceiver"]
Tta = Literal["none", "flips"]
