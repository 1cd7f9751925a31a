"""Networks from 12 frames of counts to the next 24 of the centre.

All take (B, frames, side, side), the oldest first, and give {"frames": (B, leads, target, target)}
of the centre. Inside, counts are scaled to about -1 to 1.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from tensorflow import keras

from seaice_tf.networks.blocks import Fold, ResizeLike, Unfold, conv_block
from seaice_tf.networks.encoders import encoder as build_encoder
from seaice_tf.networks.unet import unet_body
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, SIDE, TARGET
from seaice_tf.nowcast.networks.parts import (
    BLUR_MARGIN,
    FLOW,
    MIDDLE,
    Blur,
    Difference,
    blurred,
    centre,
    channels,
    flow_forecast,
    flow_of,
    forecast,
    leads_first,
    scaled,
)
from seaice_tf.nowcast.networks.per_lead_unet import lead_unet

layers = keras.layers


def cnn_cnn(
    *,
    encoder: str = "small",
    weights: str | Path | None = None,
    shared_filters: int = 16,
    decoder_filters: Sequence[int] = (48, 64, 96, 96),
    last_kernel: int = 3,
    difference: Difference = "none",
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
        shared_filters: to which the features of each frame are brought before they are joined.
        decoder_filters: width of the second CNN at strides 2, 4, 8, 16 and 32; fewer leave out the
            coarsest, and with them the end of the first CNN.
        last_kernel: side of the last convolution.
        difference, blur: as in `forecast`.
        frames, leads, side, target: number and size of frames, as above.

    Returns:
        A functional model, see the top of the module.
    """
    given = keras.Input((frames, side, side), name="past")
    x = layers.Reshape((frames, side, side, 1), name="past_channel")(given)
    # Encoders take 0 to 255.
    x = layers.Rescaling(127.5 / MIDDLE, name="past_scaled")(Fold(name="fold_frames")(x))
    whole = build_encoder(encoder, (side, side, 1), weights=weights)
    used = keras.Model(whole.input, whole.outputs[: len(decoder_filters)], name="encoder")
    seen = [used(x)] if len(decoder_filters) == 1 else used(x)
    joined = [_join(level, frames, shared_filters, f"join{i}") for i, level in enumerate(seen)]
    *skips, x = joined
    for i in reversed(range(len(joined))):
        if i < len(skips):
            x = ResizeLike(name=f"up{i}_resize")(x, skips[i])
            x = layers.Concatenate(name=f"up{i}_join")([skips[i], x])
        x = conv_block(x, decoder_filters[i], f"up{i}")
    x = centre(x, target // 2, "centre")
    x = layers.UpSampling2D(2, interpolation="bilinear", name="whole_resize")(x)
    seen = scaled(centre(channels(given, 1, "seen"), target, "seen_centre"), "seen")
    x = layers.Concatenate(name="whole_join")([x, seen])
    x = conv_block(x, decoder_filters[0] // 2, "whole")
    return forecast(given, x, leads, target, difference, blur, last_kernel, name=name)


def conv_lstm(
    *,
    filters: Sequence[int] = (16, 32),
    difference: Difference = "none",
    blur: Blur = "none",
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "nowcast_conv_lstm",
) -> keras.Model:
    """Build an uncompiled ConvLSTM encoder and decoder (Shi et al. 2015, arXiv:1506.04214).

    Args:
        filters: of the convolutions at strides 2 and 4; the last also of both LSTMs.
        difference, blur, frames, leads, side, target: as in `cnn_cnn`.
    """
    given = keras.Input((frames, side, side), name="past")
    x = layers.Reshape((frames, side, side, 1), name="past_channel")(given)
    x = scaled(Fold(name="fold_frames")(x), "past")
    for i, width in enumerate(filters, 1):
        x = conv_block(x, width, f"down{i}", stride=2)
    x = Unfold(frames, name="unfold_frames")(x)
    seen, *state = _lstm(filters[-1], "read", return_state=True)(x)
    x = layers.Reshape((1, *seen.shape[1:]), name="last_seen")(seen)
    x = layers.UpSampling3D((leads, 1, 1), name="last_seen_repeated")(x)
    x = _lstm(filters[-1], "tell", return_sequences=True)(x, initial_state=state)
    x = layers.BatchNormalization(name="tell_norm")(x)
    x = Fold(name="fold_leads")(x)
    x = centre(x, target // 2 ** len(filters), "centre")
    for i in reversed(range(len(filters))):
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"up{i}_resize")(x)
        x = conv_block(x, filters[i] // 2, f"up{i}")
    x = layers.Conv2D(1, 3, padding="same", name="lead")(x)
    x = Unfold(leads, name="unfold_leads")(x)
    x = layers.Reshape((leads, target, target), name="leads_flat")(x)
    x = layers.Permute((2, 3, 1), name="leads_last")(x)
    return forecast(given, x, leads, target, difference, blur, name=name)


def flow_unet(
    *,
    filters: Sequence[int] = (32, 48, 64, 96),
    recent: int = 4,
    margin: int = 16,
    difference: Difference = "flow",
    blur: Blur = "forecast",
    flow_network: keras.Model | None = None,
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "flow_unet",
) -> keras.Model:
    """Build an uncompiled U-Net that sees recent frames, their flow and its forecast of each lead.

    Args:
        filters: width per level, top first.
        recent: frames that it sees, the last ones.
        margin: pixels around the target that it sees.
        flow_network: (B, 2, side, side) -> (B, side, side, 2); None takes `LucasKanade`.
        difference, blur, frames, leads, side, target: as in `cnn_cnn`.
    """
    given = keras.Input((frames, side, side), name="past")
    flow = flow_of(given, flow_network)
    window = target + 2 * margin
    moved = flow_forecast(given, flow, leads, window)
    seen = [
        scaled(centre(channels(given, recent, "seen"), window, "seen_centre"), "seen"),
        scaled(moved, "flow_forecast"),
        layers.Rescaling(FLOW, name="flow_scaled")(centre(flow, window, "flow_centre")),
    ]
    x, _ = unet_body(layers.Concatenate(name="all_seen")(seen), filters)
    x = centre(x, target, "centre")
    return forecast(given, x, leads, target, difference, blur, moved=moved, name=name)


def flow_alone(
    flow_network: keras.Model | None = None,
    *,
    blur: Blur = "none",
    frames: int = FRAMES_IN,
    leads: int = FRAMES_OUT,
    side: int = SIDE,
    target: int = TARGET,
    name: str = "flow_alone",
) -> keras.Model:
    """Build the last frame moved on by the flow, and nothing else; blurred if asked for."""
    given = keras.Input((frames, side, side), name="past")
    window = target + 2 * BLUR_MARGIN
    moved = flow_forecast(given, flow_of(given, flow_network), leads, window)
    if blur != "none":
        moved = blurred(moved)
    return keras.Model(given, {"frames": leads_first(centre(moved, target, "centre"))}, name=name)


def _join(x, frames: int, filters: int, name: str):
    """Features of all frames side by side: (B frames, h, w, C) -> (B, h, w, frames filters)."""
    x = layers.Conv2D(filters, 1, activation="relu", name=f"{name}_conv")(x)
    x = Unfold(frames, name=f"{name}_unfold")(x)
    x = layers.Permute((2, 3, 1, 4), name=f"{name}_channels")(x)
    return layers.Reshape((*x.shape[1:3], frames * filters), name=f"{name}_flat")(x)


def _lstm(filters: int, name: str, **options):
    # The default of the recurrent activation differs between Keras flavours.
    return layers.ConvLSTM2D(
        filters, 3, padding="same", recurrent_activation="sigmoid", name=name, **options
    )


NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "lead_unet": lead_unet,
    "cnn_cnn": cnn_cnn,
    "conv_lstm": conv_lstm,
    "flow_unet": flow_unet,
    "flow_alone": flow_alone,
}
