"""Networks that forecast all leads at once: U-Net on the flow, CNN + CNN, ConvLSTM, flow alone.

All take (B, frames, side, side) counts, the oldest first, and give {"frames": (B, leads, target,
target)} of the centre. Inside, counts are scaled to about -1 to 1.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks.arguments import require_choice, require_sizes
from seaice_tf.networks.blocks import Fold, ResizeLike, Unfold, conv_block
from seaice_tf.networks.encoders import encoder as build_encoder
from seaice_tf.networks.unet import unet_body
from seaice_tf.networks.weights import flat_layers
from seaice_tf.nowcast.choices import Blur, ResidualTo
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, HIGHEST, SIDE, TARGET
from seaice_tf.nowcast.networks.motion import (
    GaussianBlur,
    LastFrames,
    LastPairs,
    LucasKanade,
    SemiLagrangianAdvection,
)

layers = keras.layers
MIDDLE = HIGHEST / 2  # counts
RESIDUAL = 100.0  # counts for an output of 1, where a network predicts a residual
FLOW_SCALE = 0.2  # of a channel for 1 pixel per frame
PAIRS = 4  # of successive frames, whose flows by a network are averaged
INITIAL_BLUR = (0.3, 3.0)  # pixels, sigma at the first and the last lead
BLUR_MARGIN = 8  # pixels around the target, so that the blur has no edges there


def advection(past, flow, leads: int, window: int):
    """Forecast by semi-Lagrangian advection: -> (B, window, window, leads) of the centre."""
    margin = (past.shape[-1] - window) // 2
    return SemiLagrangianAdvection(leads, margin, name="flow_forecast")(past, flow)


def persistence(past, leads: int, target: int):
    """The last frame at every lead: -> (B, target, target, leads)."""
    last = centre(last_channels(past, 1, "last"), target, "last_centre")
    return layers.Concatenate(name="last_repeated")([last] * leads)


def _advected_base(past, leads: int, target: int, advected):
    if advected is not None:
        return advected
    return advection(past, flow_of(past), leads, target + 2 * BLUR_MARGIN)


# Forecasts that a network's output is added to.
RESIDUALS: dict[ResidualTo, Callable | None] = {
    "none": None,
    "persistence": lambda past, leads, target, advected: persistence(past, leads, target),
    "advection": _advected_base,
}
# Whether the forecast that the residual is added to, and the output, are blurred.
BLURS: dict[Blur, tuple[bool, bool]] = {
    "none": (False, False),
    "forecast": (True, False),
    "output": (False, True),
}


def forecast(
    past,
    x,
    leads: int,
    target: int,
    residual_to: ResidualTo,
    blur: Blur,
    last_kernel: int = 1,
    advected=None,
    name: str = "nowcast",
) -> keras.Model:
    """Build the model from the past to frames, of features (B, target, target, C) of the centre.

    Args:
        past: the input (B, frames, side, side).
        x: the features.
        leads, target: number and side of the frames.
        residual_to: what the last convolution, which starts from zeros, is added to: nothing,
            persistence, or the flow's forecast.
        blur: what a Gaussian, with a trainable sigma for each lead, blurs: nothing, the forecast
            that the residual is added to, or the output.
        last_kernel: side of the last convolution.
        advected: the flow's forecast of the target or of a larger square, if it exists already.
    """
    require_choice(name, "residual_to", residual_to, tuple(RESIDUALS))
    require_choice(name, "blur", blur, tuple(BLURS))
    base, (blur_base, blur_output) = RESIDUALS[residual_to], BLURS[blur]
    start = "zeros" if base else "glorot_uniform"
    conv = layers.Conv2D(leads, last_kernel, padding="same", kernel_initializer=start, name="leads")
    x = conv(x)
    if base is None:
        x = layers.Rescaling(MIDDLE, MIDDLE, name="counts")(x)
    else:
        reference = base(past, leads, target, advected)
        if blur_base:
            reference = blurred(reference)
        x = layers.Rescaling(RESIDUAL, name="counts")(x)
        x = layers.Add(name="sum")([centre(reference, target, "centre_base"), x])
    if blur_output:
        x = blurred(x)
    return keras.Model(past, {"frames": leads_first(x)}, name=name)


def require_layout(where: str, frames: int, leads: int, side: int, target: int) -> None:
    """InputError unless the target is a square in the centre of the frames."""
    require_sizes(where, frames=frames, leads=leads, side=side, target=target)
    if target > side or (side - target) % 2:
        raise InputError(
            f"{where}: target: expected side, {side}, or an even number of pixels less, got "
            f"{target}"
        )


def flow_unet(
    *,
    filters: Sequence[int] = (32, 48, 64, 96),
    recent: int = 4,
    margin: int = 16,
    residual_to: ResidualTo = "advection",
    blur: Blur = "forecast",
    flow_network: keras.Model | None = None,
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "flow_unet",
) -> keras.Model:
    """Build an uncompiled U-Net on recent frames, their flow and its forecast of each lead.

    Args:
        filters: width per level, the finest first.
        recent: number of frames in the input of the U-Net, ending with the last one.
        margin: pixels around the target in that input.
        residual_to, blur: as in `forecast`.
        flow_network: (B, 2, side, side) -> (B, side, side, 2); None takes `LucasKanade`.
        frames, leads, side, target: number and size of the frames, see the top of the module.
    """
    require_layout(name, frames, leads, side, target)
    past = keras.Input((frames, side, side), name="past_frames")
    flow = flow_of(past, flow_network)
    window = target + 2 * margin
    advected = advection(past, flow, leads, window)
    inputs = [
        scaled(centre(last_channels(past, recent, "recent"), window, "recent_centre"), "recent"),
        scaled(advected, "flow_forecast"),
        layers.Rescaling(FLOW_SCALE, name="flow_scaled")(centre(flow, window, "flow_centre")),
    ]
    x, _ = unet_body(layers.Concatenate(name="input_join")(inputs), filters)
    x = centre(x, target, "centre")
    return forecast(past, x, leads, target, residual_to, blur, advected=advected, name=name)


def cnn_cnn(
    *,
    encoder: str = "small",
    weights: str | Path | None = None,
    shared_filters: int = 16,
    decoder_filters: Sequence[int] = (48, 64, 96, 96),
    last_kernel: int = 3,
    residual_to: ResidualTo = "none",
    blur: Blur = "none",
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "cnn_cnn",
) -> keras.Model:
    """Build an uncompiled pair of CNNs: one on each frame, one from all features to all leads.

    Args:
        encoder, weights: of the first CNN, as in `encoders.encoder`.
        shared_filters: width to which the features of each frame are projected before they are
            concatenated.
        decoder_filters: width of the second CNN at strides 2, 4, 8, 16 and 32; fewer leave out the
            coarsest, and with them the end of the first CNN.
        last_kernel: side of the last convolution.
        residual_to, blur, frames, leads, side, target: as in `flow_unet`.
    """
    require_layout(name, frames, leads, side, target)
    past = keras.Input((frames, side, side), name="past_frames")
    require_sizes(name, decoder_filters=decoder_filters, shared_filters=shared_filters)
    x = layers.Reshape((frames, side, side, 1), name="past_channel")(past)
    # Encoders take 0 to 255.
    x = layers.Rescaling(127.5 / MIDDLE, name="past_scaled")(Fold(name="fold_frames")(x))
    whole = build_encoder(encoder, (side, side, 1), weights=weights)
    used = keras.Model(whole.input, whole.outputs[: len(decoder_filters)], name="encoder")
    features = [used(x)] if len(decoder_filters) == 1 else used(x)
    joined = [_join(level, frames, shared_filters, f"join{i}") for i, level in enumerate(features)]
    *skips, x = joined
    for i in reversed(range(len(joined))):
        if i < len(skips):
            x = ResizeLike(name=f"up{i}_resize")(x, skips[i])
            x = layers.Concatenate(name=f"up{i}_join")([skips[i], x])
        x = conv_block(x, decoder_filters[i], f"up{i}")
    x = centre(x, target // 2, "centre")
    x = layers.UpSampling2D(2, interpolation="bilinear", name="whole_resize")(x)
    last = scaled(centre(last_channels(past, 1, "newest"), target, "newest_centre"), "newest")
    x = layers.Concatenate(name="whole_join")([x, last])
    x = conv_block(x, decoder_filters[0] // 2, "whole")
    return forecast(past, x, leads, target, residual_to, blur, last_kernel, name=name)


def _join(x, frames: int, filters: int, name: str):
    """Features of all frames as channels: (B frames, h, w, C) -> (B, h, w, frames filters)."""
    x = layers.Conv2D(filters, 1, activation="relu", name=f"{name}_conv")(x)
    x = Unfold(frames, name=f"{name}_unfold")(x)
    x = layers.Permute((2, 3, 1, 4), name=f"{name}_channels")(x)
    return layers.Reshape((*x.shape[1:3], frames * filters), name=f"{name}_flat")(x)


def conv_lstm(
    *,
    filters: Sequence[int] = (16, 32),
    residual_to: ResidualTo = "none",
    blur: Blur = "none",
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "nowcast_conv_lstm",
) -> keras.Model:
    """Build an uncompiled ConvLSTM encoder and decoder (Shi et al. 2015, arXiv:1506.04214).

    Args:
        filters: of the convolutions at strides 2, 4, ...; the last also of both LSTMs.
        residual_to, blur, frames, leads, side, target: as in `flow_unet`.
    """
    require_layout(name, frames, leads, side, target)
    past = keras.Input((frames, side, side), name="past_frames")
    require_sizes(name, filters=filters)
    x = layers.Reshape((frames, side, side, 1), name="past_channel")(past)
    x = scaled(Fold(name="fold_frames")(x), "past")
    for i, width in enumerate(filters, 1):
        x = conv_block(x, width, f"down{i}", stride=2)
    x = Unfold(frames, name="unfold_frames")(x)
    last, *state = _lstm(filters[-1], "encoder_lstm", return_state=True)(x)
    x = layers.Reshape((1, *last.shape[1:]), name="encoded")(last)
    x = layers.UpSampling3D((leads, 1, 1), name="encoded_repeated")(x)
    x = _lstm(filters[-1], "decoder_lstm", return_sequences=True)(x, initial_state=state)
    x = layers.BatchNormalization(name="decoder_norm")(x)
    x = Fold(name="fold_leads")(x)
    x = centre(x, target // 2 ** len(filters), "centre")
    for i in reversed(range(len(filters))):
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"up{i}_resize")(x)
        x = conv_block(x, filters[i] // 2, f"up{i}")
    x = layers.Conv2D(1, 3, padding="same", name="lead")(x)
    x = Unfold(leads, name="unfold_leads")(x)
    x = layers.Reshape((leads, target, target), name="leads_flat")(x)
    x = layers.Permute((2, 3, 1), name="leads_last")(x)
    return forecast(past, x, leads, target, residual_to, blur, name=name)


def _lstm(filters: int, name: str, **options):
    # The default of the recurrent activation differs between Keras flavours.
    return layers.ConvLSTM2D(
        filters, 3, padding="same", recurrent_activation="sigmoid", name=name, **options
    )


def flow_alone(
    flow_network: keras.Model | None = None,
    *,
    blur: bool = False,
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "flow_alone",
) -> keras.Model:
    """Build the last frame advected by the flow.

    Args:
        flow_network: as in `flow_unet`.
        blur: by a Gaussian with a trainable sigma for each lead.
        frames, leads, side, target: as in `flow_unet`.
    """
    require_layout(name, frames, leads, side, target)
    past = keras.Input((frames, side, side), name="past_frames")
    window = target + 2 * BLUR_MARGIN
    advected = advection(past, flow_of(past, flow_network), leads, window)
    if blur:
        advected = blurred(advected)
    frames_of_leads = leads_first(centre(advected, target, "centre"))
    return keras.Model(past, {"frames": frames_of_leads}, name=name)


def flow_of(past, network: keras.Model | None = None):
    """Flow of the last frames by Lucas-Kanade or a network: -> (B, side, side, 2).

    The flow of a network is the mean over the last `PAIRS` pairs, as frames are not registered to
    each other exactly.
    """
    if network is None:
        return LucasKanade(name="flow")(past)
    pairs = min(PAIRS, past.shape[1] - 1)
    flows = network(Fold(name="fold_pairs")(LastPairs(pairs, name="pairs")(past)))
    mean = layers.AveragePooling3D((pairs, 1, 1), name="flow_mean")
    flow = mean(Unfold(pairs, name="unfold_pairs")(flows))
    return layers.Reshape(flow.shape[2:], name="flow")(flow)


def last_channels(past, number: int, name: str):
    """The last frames as channels: -> (B, side, side, number)."""
    return layers.Permute((2, 3, 1), name=f"{name}_channels")(
        LastFrames(number, name=f"{name}_frames")(past)
    )


def blurred(x):
    """Blur with a trainable sigma for each lead, which grows with it at first: shape of x."""
    sigmas = tuple(np.linspace(*INITIAL_BLUR, x.shape[-1]))
    return GaussianBlur(sigmas, trainable_sigmas=True, name="blur")(x)


def centre(x, side: int, name: str):
    """Central square: (B, H, H, C) -> (B, side, side, C)."""
    margin = (x.shape[1] - side) // 2
    return layers.Cropping2D(margin, name=name)(x) if margin else x


def leads_first(x, name: str = "frames"):
    """Leads from the last axis to the first: (B, H, W, leads) -> (B, leads, H, W)."""
    return layers.Permute((3, 1, 2), name=name)(x)


def scaled(x, name: str):
    """Counts to about -1 to 1."""
    return layers.Rescaling(1 / MIDDLE, -1.0, name=f"{name}_scaled")(x)


@keras.utils.register_keras_serializable("seaice_tf")
class BatchStatistics(keras.layers.BatchNormalization):
    """Batch normalisation by the statistics of the batch in inference too: (..., C) -> (..., C).

    The output for an example depends on the others of its batch; the moving statistics are neither
    used nor updated.
    """

    def call(self, inputs, training=None, mask=None):
        mean, variance = tf.nn.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
        if self.synchronized:
            replicas = tf.distribute.get_replica_context()
            square = replicas.all_reduce("MEAN", variance + tf.square(mean))
            mean = replicas.all_reduce("MEAN", mean)
            variance = square - tf.square(mean)
        return tf.nn.batch_normalization(
            inputs, mean, variance, self.beta, self.gamma, self.epsilon
        )


def use_batch_statistics(model: keras.Model) -> None:
    """Switch every batch norm of a model, and of models inside it, to `BatchStatistics`.

    To be called before the model is compiled. Weights keep their values and names.
    """
    for layer in flat_layers(model):
        if type(layer) is keras.layers.BatchNormalization:
            # Rebuilding a network of custom layers from its configuration would need all of theirs.
            layer.__class__ = BatchStatistics
