"""A small U-Net that corrects the flow's forecast of one lead, the same for all leads.

What it learns of one lead holds for the others, so that it needs little data, and it forecasts
leads that it was not trained on.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.models.blocks import Fold, Unfold
from seaice_tf.models.nowcast_parts import centre, flow_of, leads_first
from seaice_tf.models.unet import unet_body
from seaice_tf.models.warp import Carry, LastFrames, blur_matrices
from seaice_tf.transforms.nowcast import FRAMES_IN, FRAMES_OUT, SIDE, TARGET

layers = keras.layers
HOUR = 12.0  # leads
CORRECTION = 30.0  # counts that an output of 1 is


def lead_unet(
    *,
    filters: Sequence[int] = (12, 24, 32),
    ages: Sequence[int] = (1, 3),
    margin: int = 16,
    flow_network: keras.Model | None = None,
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "lead_unet",
) -> keras.Model:
    """Build an uncompiled U-Net on the frames that the flow carries to a lead.

    Args:
        filters: width per level, top first; without batch norm.
        ages: of the earlier frames that it sees beside the last.
        margin: pixels around the target that it sees.
        flow_network, frames, leads, side, target: as in `models.nowcast`.
    """
    given = keras.Input((frames, side, side), name="past")
    flow = flow_of(given, flow_network)
    around = (side - target) // 2 - margin
    carried = Carry(leads, (0, *ages), around, name="carried")(given, flow)
    base = LeadBlur(name="blur")(carried)
    seen = LeadChannels(name="seen")(carried, base, LastFrames(1, name="last")(given))
    x, _ = unet_body(Fold(name="fold_leads")(seen), filters, norm=False)
    x = layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros", name="correction")(x)
    x = layers.Rescaling(CORRECTION, name="counts")(x)
    x = Unfold(leads, name="unfold_leads")(x)
    x = layers.Reshape(base.shape[1:], name="leads_flat")(x)
    x = layers.Add(name="sum")([base, x])
    x = layers.Permute((2, 3, 1), name="leads_last")(x)
    return keras.Model(given, {"frames": leads_first(centre(x, target, "centre"))}, name=name)


class LeadBlur(keras.layers.Layer):
    """Blur the first channel by a sigma that grows with a learnt power of the lead.

    (B, leads, H, W, C) -> (B, leads, H, W).
    """

    def build(self, input_shape):
        for name, value in (("sigma", 2.0), ("power", 0.7)):  # pixels after an hour
            start = keras.initializers.Constant(value)
            setattr(self, name, self.add_weight(name=name, shape=(), initializer=start))
        super().build(input_shape)

    def call(self, carried):
        frames = carried[..., 0]
        leads = tf.range(1.0, frames.shape[1] + 1) / HOUR
        sigmas = self.sigma * leads**self.power
        down, across = (blur_matrices(side, sigmas) for side in frames.shape[2:])
        return tf.einsum("cij,bcjk,clk->bcil", down, frames, across)

    def compute_output_shape(self, shape):
        return shape[:-1]


class LeadChannels(keras.layers.Layer):
    """What the U-Net sees of a lead, about 1 in size each.

    The blurred forecast against the mean of the last frame, what the blur took, what frames have
    become since earlier ones, how far outside a pixel came from, the lead, and that mean.
    (B, leads, H, W, C), (B, leads, H, W), (B, 1, S, S) -> (B, leads, H, W, C + 3).
    """

    def call(self, carried, base, last):
        frames, outside = carried[..., :-1], carried[..., -1:]
        mean = tf.reduce_mean(last, axis=(2, 3))[..., None, None, None]
        now, base = frames[..., :1], base[..., None]
        lead = np.arange(1, frames.shape[1] + 1, dtype=np.float32).reshape(-1, 1, 1, 1) / HOUR
        channels = [
            (base - mean) / 100,
            (now - base) / 30,
            (now - frames[..., 1:]) / 30,
            tf.minimum(outside, 40.0) / 20,
            tf.zeros_like(base) + lead,
            tf.zeros_like(base) + mean / 300,
        ]
        return tf.concat(channels, axis=-1)

    def compute_output_shape(self, carried_shape, base_shape, last_shape):
        return (*carried_shape[:-1], carried_shape[-1] + 3)
