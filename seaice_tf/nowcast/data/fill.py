"""Unknown pixels of frames."""

from typing import Any

import numpy as np

from seaice_tf.lazy import ndimage


def unmasked(frames: Any) -> np.ndarray:
    """Frames as float32 with NaN where they are masked, of an array or of a list of arrays."""
    if isinstance(frames, list | tuple):
        return np.stack([unmasked(each) for each in frames]) if frames else np.empty(0, np.float32)
    if isinstance(frames, np.ma.MaskedArray):
        return np.ma.filled(frames.astype(np.float32), np.nan)
    return np.asarray(frames, np.float32)


def filled(frames: np.ndarray) -> np.ndarray:
    """Frames whose NaN are replaced by the nearest value of the same frame: (T, H, W) -> same.

    A frame without any value becomes the frame before it, the first one 0.
    """
    missing = ~np.isfinite(frames)
    if not missing.any():
        return frames
    result = np.zeros_like(frames)
    for number, (frame, bad) in enumerate(zip(frames, missing)):
        if not bad.all():
            options = {"return_distances": False, "return_indices": True}
            result[number] = frame[tuple(ndimage.distance_transform_edt(bad, **options))]
        elif number:
            result[number] = result[number - 1]
    return result
