"""The U-Net that all tasks share (Ronneberger et al. 2015, arXiv:1505.04597)."""

from collections.abc import Mapping, Sequence

from tensorflow import keras

from seaice_tf.models.blocks import ResizeLike, conv_block

layers = keras.layers


def unet(
    input_shape: Sequence[int | None],
    map_heads: Mapping[str, tuple[int, str | None]],
    *,
    scalar_heads: Sequence[str] = (),
    filters: Sequence[int] = (16, 32, 32, 32),
    name: str = "unet",
) -> keras.Model:
    """Build an uncompiled U-Net.

    Args:
        input_shape: (height, width, channels); None for a side that may vary.
        map_heads: head name -> (channels, activation); each gives (B, H, W, channels).
        scalar_heads: linear heads on the pooled bottleneck; each gives (B, 1).
        filters: width per level, top first; its length is the depth.

    Returns:
        A functional model from (B, H, W, C) to a dict keyed by head name.
    """
    inputs = keras.Input(tuple(input_shape), name="image")
    x, bottleneck = unet_body(inputs, filters)
    outputs = {
        head: layers.Conv2D(channels, 1, activation=activation, name=head)(x)
        for head, (channels, activation) in map_heads.items()
    }
    if scalar_heads:
        pooled = layers.GlobalAveragePooling2D(name="bottleneck_pool")(bottleneck)
        outputs |= {head: layers.Dense(1, name=head)(pooled) for head in scalar_heads}
    return keras.Model(inputs, outputs, name=name)


def unet_body(x, filters: Sequence[int]):
    """Encoder and decoder with skips: (B, H, W, C) -> (B, H, W, filters[0]) and the bottleneck."""
    skips = []
    for level, width in enumerate(filters):
        if level:
            x = layers.MaxPooling2D(2, padding="same", name=f"down{level}_pool")(x)
        x = conv_block(x, width, f"down{level}")
        skips.append(x)
    bottleneck = skips.pop()
    for level in reversed(range(len(skips))):
        skip = skips[level]
        x = ResizeLike(name=f"up{level}_resize")(x, skip)
        x = layers.Concatenate(name=f"up{level}_join")([skip, x])
        x = conv_block(x, filters[level], f"up{level}")
    return x, bottleneck
