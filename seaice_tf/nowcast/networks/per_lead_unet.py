"""A small U-Net that blends the advected frames of several flows for one lead and corrects them.

Its weights are the same for all leads: what it learns of one lead holds for the others, so that it
needs little data and forecasts leads that it was not trained on.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.networks.blocks import Fold, Unfold
from seaice_tf.networks.unet import unet_body
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, HIGHEST, SIDE, TARGET
from seaice_tf.nowcast.networks.cnns import require_layout
from seaice_tf.nowcast.networks.flips import FLIPS, Flips, reverse
from seaice_tf.nowcast.networks.local_means import blocked_mean
from seaice_tf.nowcast.networks.motion import (
    ConstantVelocityAdvection,
    LastFrames,
    LucasKanade,
    blur_matrices,
)

layers = keras.layers
HOUR = 12.0  # leads
WINDOWS = (10.0, 5.0, 20.0)  # pixels, of the flows of each number of pairs
PAIRS = (6, 2)  # of frames; the earlier frames are advected by the first flow of the first number
FLOWS = len(WINDOWS) * len(PAIRS)
EARLIER = (1, 3)  # frames, ages of the earlier frames
CORRECTION = 30.0  # counts for an output of 1
DETAIL_SIGMA, DETAIL_REACH = 12.0, 16  # pixels, of the mean that detail is damped towards
INITIAL_LOGIT = -4.0  # of each candidate but the flows' mean, which has 0


def per_lead_unet(
    *,
    filters: Sequence[int] = (12, 24, 32),
    earlier: Sequence[int] = EARLIER,
    margin: int = 16,
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    flips: bool = False,
    damping: float = 0.0,
    name: str = "per_lead_unet",
) -> keras.Model:
    """Build an uncompiled U-Net on the frames that several flows advect to a lead.

    Where flows disagree, the mean of their forecasts is blurred. For each pixel the U-Net gives
    weights, which add up to 1, to that mean with a Gaussian blur, to persistence (for what does not
    move) and to the forecast of each flow, and adds a correction.

    Args:
        filters: width per level, the finest first; without batch norm.
        earlier: ages in frames of the earlier frames in its input.
        margin: pixels around the target in its input.
        frames, leads, side, target: number and size of the frames, as in `cnns`.
        flips: whether the frames are the means over four mirror images of the input of the U-Net.
            The flows of mirror images are the mirror images of the flow, so they need no more.
        damping: of the detail of the frames at an hour, 0 to 1, see `damped`; 0 in training.

    Returns:
        A functional model from (B, frames, side, side) to {"frames": (B, leads, target, target)}.
    """
    require_layout(name, frames, leads, side, target)
    past = keras.Input((frames, side, side), name="past_frames")
    flows = []
    for pairs in PAIRS:
        flows += LucasKanade(pairs, WINDOWS, name=f"flows_of_{pairs}_pairs")(past)
    flows[0] = layers.Identity(name="flow")(flows[0])  # the one that is served
    around = (side - target) // 2 - margin
    advection = ConstantVelocityAdvection(leads, earlier, around, name="advection")
    advected = advection([past, *flows])
    mean, spread = FlowMeanAndStd(FLOWS, name="flow_mean_and_std")(advected)
    base = LeadBlur(name="blur")(mean)
    last = LastFrames(1, name="last_frame")(past)
    candidates = Candidates(FLOWS, name="candidates")([base, last, advected])
    x = LeadChannels(FLOWS, name="lead_channels")(advected, candidates, spread, last)
    head = unet_head(x.shape[-1], candidates.shape[-1], filters)
    x = Fold(name="fold_leads")(x)
    x = head(Flips(name="flips")(x) if flips else x)
    shown = Fold(name="fold_candidates")(candidates)
    x = CandidateBlend(margin, flips, name="candidate_blend")(x, shown)
    x = Unfold(leads, name="unfold_leads")(x)
    if damping:
        x = DampedDetail(damping, name="damped_detail")(x)
    return keras.Model(past, {"frames": x}, name=name)


def unet_head(channels: int, candidates: int, filters: Sequence[int]) -> keras.Model:
    """Build the U-Net of one lead, for images of any size.

    Returns:
        A functional model from (B, H, W, channels) of `LeadChannels` to (B, H, W, candidates + 1):
        the correction, and the logits of the weights of the candidates.
    """
    inputs = keras.Input((None, None, channels), name="lead_channels")
    x, _ = unet_body(inputs, filters, norm=False)
    head = layers.Conv2D(candidates + 1, 3, padding="same", kernel_initializer="zeros", name="head")
    return keras.Model(inputs, head(x), name="unet_head")


class _OfFlows(keras.layers.Layer):
    """A layer on `ConstantVelocityAdvection` whose first channels are those of `flows` flows."""

    def __init__(self, flows: int, **kwargs):
        super().__init__(**kwargs)
        self.flows = flows

    def get_config(self):
        return super().get_config() | {"flows": self.flows}


@keras.utils.register_keras_serializable("seaice_tf")
class FlowMeanAndStd(_OfFlows):
    """Mean and standard deviation over the flows: (B, leads, H, W, C) -> twice (B, leads, H, W)."""

    def call(self, advected):
        return mean_and_std(advected[..., : self.flows])

    def compute_output_shape(self, shape):
        return shape[:-1], shape[:-1]


def mean_and_std(frames):
    """Mean and standard deviation over the last axis."""
    mean = tf.reduce_mean(frames, axis=-1)
    variance = tf.reduce_mean((frames - mean[..., None]) ** 2, axis=-1)
    return mean, tf.sqrt(variance + 1e-6)


@keras.utils.register_keras_serializable("seaice_tf")
class LeadBlur(keras.layers.Layer):
    """Gaussian blur whose sigma is a trainable power law of the lead: (B, leads, H, W) -> same."""

    def build(self, input_shape):
        for name, value in (("sigma", 1.3), ("power", 0.7)):  # pixels after an hour
            start = keras.initializers.Constant(value)
            setattr(self, name, self.add_weight(name=name, shape=(), initializer=start))
        super().build(input_shape)

    def call(self, frames):
        leads = tf.range(1.0, frames.shape[1] + 1)
        down, across = (blur_matrices(side, self.sigmas(leads)) for side in frames.shape[2:])
        return tf.einsum("cij,bcjk,clk->bcil", down, frames, across)

    def sigmas(self, leads):
        """Sigma in pixels at each lead in frames."""
        return self.sigma * (leads / HOUR) ** self.power

    def compute_output_shape(self, shape):
        return shape


@keras.utils.register_keras_serializable("seaice_tf")
class Candidates(_OfFlows):
    """Candidate values of each pixel: the blurred mean, persistence, and each flow's forecast.

    [(B, leads, H, W), (B, 1, S, S), (B, leads, H, W, C)] -> (B, leads, H, W, 2 + flows).
    """

    def call(self, inputs):
        base, last, advected = inputs
        around = (last.shape[2] - base.shape[2]) // 2
        still = last[:, :, around : around + base.shape[2], around : around + base.shape[3]]
        still = tf.repeat(still, base.shape[1], axis=1)
        first = tf.stack([base, still], axis=-1)
        return tf.concat([first, advected[..., : self.flows]], axis=-1)

    def compute_output_shape(self, shapes):
        return (*shapes[0], 2 + self.flows)


@keras.utils.register_keras_serializable("seaice_tf")
class CandidateBlend(keras.layers.Layer):
    """Weighted mean of the candidates plus a correction, see `blend`, of the central pixels.

    (B, H, W, C + 1), (B, H, W, C) -> (B, H - 2 margin, W - 2 margin). With flips the first are
    four times as many, of `Flips`, and the result is the mean of the frames that they give, each
    mirrored back and clipped to valid counts.
    """

    def __init__(self, margin: int = 0, flips: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.margin, self.flips = margin, flips

    def call(self, head, candidates):
        inner = slice(self.margin, -self.margin or None)
        candidates = candidates[:, inner, inner]
        if not self.flips:
            return blend(head[:, inner, inner], candidates)
        views = zip(tf.split(head, len(FLIPS)), FLIPS)
        frames = [blend(reverse(x, axes)[:, inner, inner], candidates) for x, axes in views]
        return tf.add_n([tf.clip_by_value(frame, 0, HIGHEST) for frame in frames]) / len(FLIPS)

    def compute_output_shape(self, head_shape, candidates_shape):
        rows, columns = (side - 2 * self.margin for side in candidates_shape[1:3])
        return (candidates_shape[0], rows, columns)

    def get_config(self):
        return super().get_config() | {"margin": self.margin, "flips": self.flips}


def blend(head, candidates):
    """Weighted mean of the candidates plus a correction: (..., C + 1), (..., C) -> (...).

    The first channel of the head is the correction, the others are logits of the weights.
    """
    first = tf.constant([0.0] + [INITIAL_LOGIT] * (candidates.shape[-1] - 1), head.dtype)
    weights = tf.nn.softmax(head[..., 1:] + first)
    return tf.reduce_sum(weights * candidates, axis=-1) + CORRECTION * head[..., 0]


@keras.utils.register_keras_serializable("seaice_tf")
class DampedDetail(keras.layers.Layer):
    """Frames with their detail `damped`: (B, leads, H, W) -> the same."""

    def __init__(self, damping: float, **kwargs):
        super().__init__(**kwargs)
        self.damping = damping

    def call(self, frames):
        lead = tf.range(1.0, frames.shape[1] + 1)
        last = damped(tf.transpose(frames, [0, 2, 3, 1]), lead, self.damping)
        return tf.transpose(last, [0, 3, 1, 2])

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"damping": self.damping}


def damped(frames, lead, damping: float):
    """Frames (B, H, W, leads) moved towards their local Gaussian mean, further at longer leads.

    Of images that it has not seen the network forecasts more detail than it can place.

    Args:
        frames: counts.
        lead: (leads,) in frames.
        damping: fraction of the way at an hour and beyond; less before, in proportion.
    """
    mean = blocked_mean(frames, DETAIL_SIGMA, DETAIL_REACH)
    return frames + damping * tf.minimum(lead / HOUR, 1.0) * (mean - frames)


@keras.utils.register_keras_serializable("seaice_tf")
class LeadChannels(_OfFlows):
    """Input channels of the U-Net for each lead, see `lead_channels`.

    (B, leads, H, W, flows + A + 1) of A earlier frames, (..., C), (B, leads, H, W), (B, 1, S, S) ->
    (B, leads, H, W, C + A + 4).
    """

    def call(self, advected, candidates, spread, last):
        mean = tf.reduce_mean(last, axis=(2, 3))[..., None, None, None]
        leads = np.arange(1, advected.shape[1] + 1, dtype=np.float32).reshape(-1, 1, 1, 1)
        return lead_channels(advected, candidates, spread, mean, leads, self.flows)

    def compute_output_shape(self, advected_shape, candidates_shape, spread_shape, last_shape):
        earlier = advected_shape[-1] - self.flows - 1
        return (*candidates_shape[:-1], candidates_shape[-1] + earlier + 4)


def lead_channels(advected, candidates, spread, mean, lead, flows: int):
    """Input channels of the U-Net, each of a size of about 1: (..., C + A + 4).

    The blurred mean relative to the mean of the last frame; the other candidates relative to the
    blurred mean; the change since each earlier frame; the distance of the departure point outside
    of the image; the standard deviation over the flows; the lead; the mean of the last frame.

    Args:
        advected: (..., flows + A + 1), see `ConstantVelocityAdvection`.
        candidates: (..., C).
        spread: (...), the standard deviation over the flows.
        mean: (..., 1) counts, of the last frame in the 128 x 128 pixels around.
        lead: in frames.
        flows: their number.
    """
    now, earlier = advected[..., :1], advected[..., flows:-1]
    outside, base = advected[..., -1:], candidates[..., :1]
    channels = [
        (base - mean) / 100,
        (candidates[..., 1:] - base) / 30,
        (now - earlier) / 30,
        tf.minimum(outside, 40.0) / 20,
        spread[..., None] / 30,
        tf.zeros_like(base) + lead / HOUR,
        tf.zeros_like(base) + mean / 300,
    ]
    return tf.concat(channels, axis=-1)
