"""U-Nets, plain and over an encoder (Ronneberger et al. 2015, arXiv:1505.04597)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks.arguments import require_shape, require_sizes
from seaice_tf.networks.blocks import (
    JoinVector,
    ResizeLike,
    Standardise,
    attention_gate,
    conv_block,
    self_attention,
)
from seaice_tf.networks.encoders import encoder as build_encoder

layers = keras.layers
STRIDES = 5  # of an encoder's decoder: 1, 2, 4, 8 and 16
Heads = Mapping[str, tuple[int, str | None]]  # head name -> (channels, activation)


def unet(
    input_shape: Sequence[int | None],
    map_heads: Heads,
    *,
    scalar_heads: Sequence[str] = (),
    filters: Sequence[int] = (16, 32, 32, 32),
    gates: bool = False,
    attention_heads: int = 0,
    name: str = "unet",
) -> keras.Model:
    """Build an uncompiled U-Net.

    Args:
        input_shape: (height, width, channels); None for a side that may vary.
        map_heads: head name -> (channels, activation); each gives (B, H, W, channels).
        scalar_heads: linear heads on the pooled bottleneck; each gives (B, 1).
        filters: width per level, top first; its length is the depth.
        gates: whether skips pass an attention gate (Oktay et al. 2018).
        attention_heads: of the self-attention between the pixels of the bottleneck; 0 for none.
        name: of the model.

    Returns:
        A functional model from (B, H, W, C) to a dict keyed by head name.

    Raises:
        InputError: an argument is out of its range.
    """
    require_shape("unet", input_shape)
    require_heads("unet", map_heads, scalar_heads)
    inputs = keras.Input(tuple(input_shape), name="image")
    x, bottleneck = unet_body(inputs, filters, gates, attention_heads)
    outputs = heads(x, bottleneck, map_heads, {head: (1, None) for head in scalar_heads})
    return keras.Model(inputs, outputs, name=name)


def encoder_unet(
    input_shape: Sequence[int | None],
    map_heads: Heads,
    *,
    encoder: str = "small",
    weights: str | Path | None = None,
    decoder_filters: Sequence[int] = (8, 16, 32, 48, 64),
    pooled_heads: Heads | None = None,
    name: str = "encoder_unet",
) -> keras.Model:
    """Build an uncompiled U-Net over an encoder.

    Args:
        input_shape: (height, width, channels); None for a side that may vary. Sides of at least 32.
        map_heads: head name -> (channels, activation); each gives (B, h, w, channels) at the
            finest stride of the decoder.
        encoder, weights: as in `encoders.encoder`; the layer is named "encoder".
        decoder_filters: width at strides 1, 2, 4, 8 and 16; fewer omit the finest strides.
        pooled_heads: dense heads on the pooled bottleneck, such as classifiers: head name ->
            (units, activation); each gives (B, units).
        name: of the model.

    Returns:
        A functional model from images in 0 to 255, (B, H, W, C), to a dict keyed by head name.

    Raises:
        InputError: no such encoder, no such weights, or an argument is out of its range.
    """
    require_shape("encoder_unet", input_shape)
    require_heads("encoder_unet", map_heads, pooled_heads or ())
    inputs = keras.Input(tuple(input_shape), name="image")
    x, bottleneck = encoder_body(inputs, encoder, decoder_filters, weights=weights)
    return keras.Model(inputs, heads(x, bottleneck, map_heads, pooled_heads or {}), name=name)


def require_heads(where: str, map_heads: Heads, others: Sequence[str] | Heads) -> None:
    """InputError unless there is a head, each of at least one channel."""
    if not map_heads and not others:
        raise InputError(f"{where}: map_heads: expected one or more heads, got none")
    for head, (channels, _) in map_heads.items():
        require_sizes(where, **{f"channels of {head}": channels})


def encoder_body(
    image,
    encoder: str,
    decoder_filters: Sequence[int],
    *,
    weights: str | Path | None = None,
    vector=None,
):
    """Encoder and decoder: (B, H, W, C) -> (B, h, w, filters) and the bottleneck.

    Args:
        image: (B, H, W, C) in 0 to 255.
        encoder, decoder_filters, weights: as in `encoder_unet`.
        vector: (B, D) to append to each pixel of the bottleneck before decoding.
    """
    require_sizes("encoder_unet", decoder_filters=decoder_filters)
    if len(decoder_filters) > STRIDES:
        raise InputError(
            f"encoder_unet: decoder_filters: expected at most {STRIDES}, at strides 1 to 16, got "
            f"{len(decoder_filters)}"
        )
    *features, bottleneck = build_encoder(encoder, image.shape[1:], weights=weights)(image)
    top = Standardise((127.5,), (127.5,), name="standardise_top")(image)
    skips = [top, *features][-len(decoder_filters) :]
    if vector is not None:
        bottleneck = JoinVector(name="bottleneck_join")(bottleneck, vector)
    return decoder(skips, bottleneck, decoder_filters), bottleneck


def unet_body(
    x, filters: Sequence[int], gates: bool = False, attention_heads: int = 0, norm: bool = True
):
    """Encoder and decoder with skips: (B, H, W, C) -> (B, H, W, filters[0]) and the bottleneck."""
    require_sizes("unet", filters=filters)
    if attention_heads < 0:
        raise InputError(f"unet: attention_heads: expected at least 0, got {attention_heads}")
    skips = []
    for level, width in enumerate(filters):
        if level:
            x = layers.MaxPooling2D(2, padding="same", name=f"down{level}_pool")(x)
        x = conv_block(x, width, f"down{level}", norm=norm)
        skips.append(x)
    *skips, bottleneck = skips
    if attention_heads:
        bottleneck = self_attention(bottleneck, attention_heads, "bottleneck")
    return decoder(skips, bottleneck, filters, gates, norm), bottleneck


def context(levels: int) -> int:
    """Receptive field of `unet_body` beyond an aligned square, in pixels.

    A square is aligned if its edges are multiples of 2^(levels - 1). Not for networks with
    self-attention in the bottleneck, whose receptive field is the whole image.

    >>> [context(levels) for levels in (1, 4, 6, 8)]
    [2, 54, 222, 894]
    """
    needed, of_skips = 0, []
    for _ in range(levels - 1):
        needed += 2  # two convolutions of 3 x 3
        of_skips.append(needed)
        needed = needed // 2 + 1  # the pixels of the level below that are blended
    needed += 2
    for of_skip in reversed(of_skips):
        needed = max(2 * needed, of_skip) + 2
    return needed


def decoder(skips: Sequence, x, filters: Sequence[int], gates: bool = False, norm: bool = True):
    """Decoder with skips: bottleneck -> (B, H, W, filters[0]) at the size of the first skip.

    Args:
        skips: features in order of stride, the finest first.
        x: the bottleneck, (B, h, w, C).
        filters: width at each skip.
        gates: whether skips pass an attention gate.
        norm: whether to use batch norm.
    """
    for level in reversed(range(len(skips))):
        skip = skips[level]
        x = ResizeLike(name=f"up{level}_resize")(x, skip)
        if gates:
            skip = attention_gate(skip, x, f"up{level}_gate")
        x = layers.Concatenate(name=f"up{level}_join")([skip, x])
        x = conv_block(x, filters[level], f"up{level}", norm=norm)
    return x


def heads(x, bottleneck, map_heads: Heads, pooled_heads: Heads) -> dict:
    """Output layers by name: 1x1 convolutions of x, dense layers on the pooled bottleneck.

    Outputs are float32 under any precision policy.
    """
    outputs = {
        head: layers.Conv2D(channels, 1, activation=activation, name=head, dtype="float32")(x)
        for head, (channels, activation) in map_heads.items()
    }
    if pooled_heads:
        pooled = layers.GlobalAveragePooling2D(name="bottleneck_pool")(bottleneck)
        outputs |= {
            head: layers.Dense(units, activation=activation, name=head, dtype="float32")(pooled)
            for head, (units, activation) in pooled_heads.items()
        }
    return outputs
