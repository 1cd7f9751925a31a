"""What networks that forecast frames have in common: flow, persistence, differences, blur."""

from typing import Literal

import numpy as np
from tensorflow import keras

from seaice_tf.networks.blocks import Fold, Unfold
from seaice_tf.nowcast.data.layout import HIGHEST
from seaice_tf.nowcast.networks.lucas_kanade import LucasKanade
from seaice_tf.nowcast.networks.warp import Extrapolate, GaussianBlur, LastFrames, LastPairs

layers = keras.layers
MIDDLE = HIGHEST / 2  # counts
DIFFERENCE = 100.0  # counts that an output of 1 is, where a network predicts a difference
FLOW = 0.2  # what a pixel a frame is as a channel
PAIRS = 4  # of successive frames, whose flows by a network are averaged
BLUR = (0.3, 3.0)  # pixels, sigma at the first and the last lead before it is learnt
BLUR_MARGIN = 8  # pixels around the target, so that what is blurred has no edge

Difference = Literal["none", "last", "flow"]
Blur = Literal["none", "forecast", "output"]


def forecast(
    given,
    x,
    leads: int,
    target: int,
    difference: Difference,
    blur: Blur,
    last_kernel: int = 1,
    moved=None,
    name: str = "nowcast",
) -> keras.Model:
    """From features of the centre, (B, target, target, C), to a model with the frames of all leads.

    Args:
        given: the input (B, frames, side, side).
        difference: what the features are added to, by a convolution that starts at 0: nothing, the
            last frame, or the flow's forecast.
        blur: by a Gaussian whose sigma is learnt for each lead: of nothing, of what the features
            are added to, or of the output.
        moved: the flow's forecast of the target or of more, if there is one already.
    """
    start = "glorot_uniform" if difference == "none" else "zeros"
    conv = layers.Conv2D(leads, last_kernel, padding="same", kernel_initializer=start, name="leads")
    x = conv(x)
    if difference == "none":
        x = layers.Rescaling(MIDDLE, MIDDLE, name="counts")(x)
    else:
        base = persistence(given, leads, target) if difference == "last" else moved
        if base is None:
            base = flow_forecast(given, flow_of(given), leads, target + 2 * BLUR_MARGIN)
        if blur == "forecast":
            base = blurred(base)
        x = layers.Rescaling(DIFFERENCE, name="counts")(x)
        x = layers.Add(name="sum")([centre(base, target, "centre_base"), x])
    if blur == "output":
        x = blurred(x)
    return keras.Model(given, {"frames": leads_first(x)}, name=name)


def flow_of(given, network: keras.Model | None = None):
    """The flow of the last frames, by Lucas and Kanade or a network: -> (B, side, side, 2).

    That of a network is the mean over the last `PAIRS`, for frames shift against each other.
    """
    if network is None:
        return LucasKanade(name="flow")(given)
    pairs = min(PAIRS, given.shape[1] - 1)
    flows = network(Fold(name="fold_pairs")(LastPairs(pairs, name="pairs")(given)))
    mean = layers.AveragePooling3D((pairs, 1, 1), name="flow_mean")
    flow = mean(Unfold(pairs, name="unfold_pairs")(flows))
    return layers.Reshape(flow.shape[2:], name="flow")(flow)


def flow_forecast(given, flow, leads: int, window: int):
    """The last frame moved on by the flow: -> (B, window, window, leads) of the centre."""
    margin = (given.shape[-1] - window) // 2
    return Extrapolate(leads, margin, name="flow_forecast")(given, flow)


def persistence(given, leads: int, target: int):
    """The last frame, again and again: -> (B, target, target, leads)."""
    last = centre(channels(given, 1, "last"), target, "last_centre")
    return layers.Concatenate(name="last_repeated")([last] * leads)


def channels(given, number: int, name: str):
    """The last frames as channels: -> (B, side, side, number)."""
    return layers.Permute((2, 3, 1), name=f"{name}_channels")(
        LastFrames(number, name=f"{name}_frames")(given)
    )


def blurred(x):
    """Blur that is learnt for each lead, at first growing with it: -> the shape of x."""
    return GaussianBlur(tuple(np.linspace(*BLUR, x.shape[-1])), learnt=True, name="blur")(x)


def centre(x, side: int, name: str):
    """(B, H, H, C) -> (B, side, side, C)."""
    margin = (x.shape[1] - side) // 2
    return layers.Cropping2D(margin, name=name)(x) if margin else x


def leads_first(x, name: str = "frames"):
    return layers.Permute((3, 1, 2), name=name)(x)


def scaled(x, name: str):
    """Counts to about -1 to 1."""
    return layers.Rescaling(1 / MIDDLE, -1.0, name=f"{name}_scaled")(x)
