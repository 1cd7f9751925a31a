"""Optical flow in colours, hue for direction and saturation for speed, and as arrows.

The colours are those of the Middlebury benchmark: Baker et al. 2011, doi:10.1007/s11263-010-0390-2.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import maps

# From one colour to the next: how many steps, and red, green and blue where they begin.
STEPS = (15, 6, 4, 11, 13, 6)
CORNERS = ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255))
ARROWS = 16  # along the longer side
STILL = 0.1  # pixels a frame that have full colour at least


def wheel() -> np.ndarray:
    """The colours of all directions, from right by down, left and up: (55, 3), 0 to 255."""
    ends = (*CORNERS[1:], CORNERS[0])
    parts = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(CORNERS, ends, STEPS)]
    return np.concatenate(parts)


def colours(flow: np.ndarray, fastest: float | None = None) -> np.ndarray:
    """A flow as a picture, white where nothing moves: (H, W, 2) -> (H, W, 3) uint8.

    Args:
        flow: pixels a frame, down the rows and along the columns.
        fastest: pixels a frame of the full colour; the fastest of the flow if left out.
    """
    down, right = flow[..., 0], flow[..., 1]
    speed = np.hypot(down, right)
    full = max(float(speed.max()) if fastest is None else fastest, STILL)
    ring = wheel()
    turn = (np.arctan2(-down, -right) / np.pi + 1) / 2 * len(ring)
    low = np.floor(turn).astype(int)
    share = (turn - low)[..., None]
    hue = (1 - share) * ring[low % len(ring)] + share * ring[(low + 1) % len(ring)]
    saturation = np.minimum(speed / full, 1)[..., None]
    return np.rint(255 - saturation * (255 - hue)).astype(np.uint8)


def figure(caption: str, frame: np.ndarray, flow: np.ndarray) -> Figure:
    """A frame with arrows, and its flow in colours with what they mean.

    Args:
        caption: what it is.
        frame: (H, W) counts, the later of the two.
        flow: (H, W, 2) pixels a frame.
    """
    fastest = max(float(np.hypot(*np.moveaxis(flow, -1, 0)).max()), STILL)
    sheet = Figure(figsize=(9, 3.6), dpi=110, layout="constrained")
    left, middle, right = sheet.subplots(1, 3, width_ratios=(3, 3, 1))
    left.imshow(frame, cmap="gray")
    step = max(max(frame.shape) // ARROWS, 1)
    rows, columns = np.mgrid[step // 2 : frame.shape[0] : step, step // 2 : frame.shape[1] : step]
    arrows = flow[rows, columns]
    # An arrow of the fastest is as long as the arrows stand apart.
    left.quiver(
        columns,
        rows,
        arrows[..., 1],
        arrows[..., 0],
        color="#ff9f1c",
        angles="xy",
        scale_units="xy",
        scale=fastest / step,
    )
    left.set_title("frame and flow", fontsize=9)
    middle.imshow(colours(flow, fastest))
    middle.set_title("flow", fontsize=9)
    key = np.moveaxis(np.mgrid[-1:1:65j, -1:1:65j], 0, -1) * fastest
    inside = np.hypot(key[..., 0], key[..., 1])[..., None] <= fastest
    right.imshow(np.where(inside, colours(key, fastest), 255))
    right.set_title(f"towards,\nedge {fastest:.1f} pixels a frame", fontsize=8)
    for axes in (left, middle, right):
        axes.set_axis_off()
    sheet.suptitle(caption, fontsize=10)
    return sheet


def write(path: Path, caption: str, frame: np.ndarray, flow: np.ndarray) -> Path:
    """Save the `figure` of the arguments as PNG."""
    return maps.write(path, figure(caption, frame, flow))
