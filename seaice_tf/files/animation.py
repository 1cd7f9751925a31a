"""Pictures one after the other as a GIF, such as a year of sea-ice concentration."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.files import atomic, maps


def write(
    path: Path,
    period: np.ndarray,
    concentration: np.ndarray,
    land: np.ndarray,
    caption: str,
    seconds: float = 0.6,
) -> Path:
    """Write a frame a month, for ever in a loop.

    Args:
        period: (n,) datetime64[M].
        concentration: (n, 448, 304) fraction.
        land: (448, 304) bool.
        caption: stands on every frame.
        seconds: that a month is shown.
    """
    frames = (
        maps.pixels(maps.figure([(str(month), field)], land, caption))
        for month, field in zip(period, concentration)
    )
    return save(path, frames, seconds)


def save(path: Path, frames: Iterable[np.ndarray], seconds: float) -> Path:
    """Write pictures (H, W, 3) uint8 of one size as a GIF that runs for ever."""
    images = [Image.fromarray(frame) for frame in frames]
    # One palette for all frames: each its own would make the colours flicker.
    palette = images[0].quantize(256)
    first, *rest = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    with atomic.file(path) as temporary:
        first.save(
            temporary, save_all=True, append_images=rest, duration=int(1000 * seconds), loop=0
        )
    return path
