"""A year of sea-ice concentration as a GIF."""

from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.writers import atomic, maps


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
    frames = [
        Image.fromarray(maps.pixels(maps.figure([(str(month), field)], land, caption)))
        for month, field in zip(period, concentration)
    ]
    # One palette for all frames: each its own would make the colours flicker.
    palette = frames[0].quantize(256)
    first, *rest = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    with atomic.file(path) as temporary:
        first.save(
            temporary, save_all=True, append_images=rest, duration=int(1000 * seconds), loop=0
        )
    return path
