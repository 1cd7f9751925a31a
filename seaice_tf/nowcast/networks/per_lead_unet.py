"""A small U-Net that chooses among several flows' forecasts of one lead and corrects them.

It is the same for all leads: what it learns of one holds for the others, so that it needs little
data, and it forecasts leads that it was not trained on.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.networks.blocks import Fold, Unfold
from seaice_tf.networks.unet import unet_body
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, SIDE, TARGET
from seaice_tf.nowcast.networks.lucas_kanade import LucasKanade
from seaice_tf.nowcast.networks.parts import centre, leads_first
from seaice_tf.nowcast.networks.warp import Carry, LastFrames, blur_matrices

layers = keras.layers
HOUR = 12.0  # leads
# Window in pixels and pairs of frames of each flow; by the first one, earlier frames are carried.
FLOWS = ((10.0, 6), (5.0, 6), (20.0, 6), (10.0, 2), (5.0, 2), (20.0, 2))
CORRECTION = 30.0  # counts that an output of 1 is
OTHERS = -4.0  # logarithm of the share of each other choice at first, that of the mean being 0


def lead_unet(
    *,
    filters: Sequence[int] = (12, 24, 32),
    ages: Sequence[int] = (1, 3),
    margin: int = 16,
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "lead_unet",
) -> keras.Model:
    """Build an uncompiled U-Net on the frames that several flows carry to a lead.

    Where flows do not agree, the mean of their forecasts smears what is sharp. For each pixel the
    U-Net shares out one vote among that mean, blurred, the last frame as it is, for what stands
    still, and what each flow carries, and adds a correction.

    Args:
        filters: width per level, top first; without batch norm.
        ages: of the earlier frames that it sees beside the last.
        margin: pixels around the target that it sees.
        frames, leads, side, target: as in `models.nowcast`.
    """
    given = keras.Input((frames, side, side), name="past")
    flow, *others = [
        LucasKanade(pairs, window, name=f"flow{i}" if i > 1 else "flow")(given)
        for i, (window, pairs) in enumerate(FLOWS, 1)
    ]
    around = (side - target) // 2 - margin
    carried = Carry(leads, (0, *ages), around, name="carried")(given, flow)
    moved = [carried]
    for i, other in enumerate(others, 2):
        moved.append(Carry(leads, (0,), around, name=f"carried{i}")(given, other))
    mean, apart = Agreement(name="agreement")(moved)
    base = LeadBlur(name="blur")(mean)
    last = LastFrames(1, name="last")(given)
    choices = Choices(name="choices")([base, last, *moved])
    seen = LeadChannels(name="seen")(carried, choices, apart, last)
    x, _ = unet_body(Fold(name="fold_leads")(seen), filters, norm=False)
    told = choices.shape[-1] + 1
    x = layers.Conv2D(told, 3, padding="same", kernel_initializer="zeros", name="told")(x)
    x = Chosen(name="chosen")(Unfold(leads, name="unfold_leads")(x), choices)
    x = layers.Permute((2, 3, 1), name="leads_last")(x)
    return keras.Model(given, {"frames": leads_first(centre(x, target, "centre"))}, name=name)


class Agreement(keras.layers.Layer):
    """Mean and deviation of the first channels: several (B, leads, H, W, C) -> (B, leads, H, W)."""

    def call(self, carried):
        frames = tf.stack([each[..., 0] for each in carried])
        mean = tf.reduce_mean(frames, axis=0)
        return mean, tf.sqrt(tf.reduce_mean((frames - mean) ** 2, axis=0) + 1e-6)

    def compute_output_shape(self, shapes):
        return shapes[0][:-1], shapes[0][:-1]


class LeadBlur(keras.layers.Layer):
    """Blur by a sigma that grows with a learnt power of the lead: (B, leads, H, W) -> the same."""

    def build(self, input_shape):
        for name, value in (("sigma", 1.3), ("power", 0.7)):  # pixels after an hour
            start = keras.initializers.Constant(value)
            setattr(self, name, self.add_weight(name=name, shape=(), initializer=start))
        super().build(input_shape)

    def call(self, frames):
        leads = tf.range(1.0, frames.shape[1] + 1) / HOUR
        sigmas = self.sigma * leads**self.power
        down, across = (blur_matrices(side, sigmas) for side in frames.shape[2:])
        return tf.einsum("cij,bcjk,clk->bcil", down, frames, across)

    def compute_output_shape(self, shape):
        return shape


class Choices(keras.layers.Layer):
    """What may be seen at a lead: the blurred mean, the middle of the last frame, each flow's.

    (B, leads, H, W), (B, 1, S, S), several (B, leads, H, W, C) -> (B, leads, H, W, choices).
    """

    def call(self, given):
        base, last, *moved = given
        around = (last.shape[2] - base.shape[2]) // 2
        still = last[:, :, around : around + base.shape[2], around : around + base.shape[3]]
        still = tf.repeat(still, base.shape[1], axis=1)
        return tf.stack([base, still, *(each[..., 0] for each in moved)], axis=-1)

    def compute_output_shape(self, shapes):
        return (*shapes[0], len(shapes))


class Chosen(keras.layers.Layer):
    """The mean of the choices by votes, and a correction: (..., C + 1), (..., C) -> (...)."""

    def call(self, told, choices):
        first = tf.constant([0.0] + [OTHERS] * (choices.shape[-1] - 1), told.dtype)
        shares = tf.nn.softmax(told[..., 1:] + first)
        return tf.reduce_sum(shares * choices, axis=-1) + CORRECTION * told[..., 0]

    def compute_output_shape(self, told_shape, choices_shape):
        return choices_shape[:-1]


class LeadChannels(keras.layers.Layer):
    """What the U-Net sees of a lead, about 1 in size each.

    The blurred forecast against the mean of the last frame, how far the other choices are from it,
    what frames have become since earlier ones, how far outside a pixel came from, how far flows are
    apart, the lead, and that mean.
    (B, leads, H, W, A + 1) of A ages, (..., C), (B, leads, H, W), (B, 1, S, S) -> (..., A + C + 3).
    """

    def call(self, carried, choices, apart, last):
        frames, outside = carried[..., :-1], carried[..., -1:]
        mean = tf.reduce_mean(last, axis=(2, 3))[..., None, None, None]
        now, base = frames[..., :1], choices[..., :1]
        lead = np.arange(1, frames.shape[1] + 1, dtype=np.float32).reshape(-1, 1, 1, 1) / HOUR
        channels = [
            (base - mean) / 100,
            (choices[..., 1:] - base) / 30,
            (now - frames[..., 1:]) / 30,
            tf.minimum(outside, 40.0) / 20,
            apart[..., None] / 30,
            tf.zeros_like(base) + lead,
            tf.zeros_like(base) + mean / 300,
        ]
        return tf.concat(channels, axis=-1)

    def compute_output_shape(self, carried_shape, choices_shape, apart_shape, last_shape):
        return (*choices_shape[:-1], carried_shape[-1] + choices_shape[-1] + 2)
