"""Forecast of a whole image by a SavedModel: the flow of the image, then its frames tile by tile.

A model with the endpoints of `networks.images` gives the flow of the whole image, and the frames
of tiles that have no seams. Any other is applied to overlapping windows, whose centres are blended.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.grids import tiles
from seaice_tf.grids.windows import Window
from seaice_tf.lazy import function, tf
from seaice_tf.nowcast.data.fill import filled
from seaice_tf.nowcast.data.layout import (
    FRAMES_IN,
    FRAMES_OUT,
    MARGIN,
    MIN_FRAMES,
    MIN_KNOWN,
    SIDE,
    TARGET,
)

Serve = Callable[..., Mapping[str, Any]]
ALIGN = 8  # pixels, of the coarsest level of the flow
HALO = 48  # pixels around a tile, with which it has the values of one pass
MAX_PIXELS = 1 << 20  # of a tile with its halo
LEADS = 6  # in one call
OVERLAP = 16  # pixels, of the centres of windows
flow_of = function("seaice_tf.nowcast.extrapolation", "flow")
advect = function("seaice_tf.nowcast.extrapolation", "advect")


def forecast(frames: np.ndarray, serve: Serve, max_pixels: int = MAX_PIXELS) -> dict:
    """Forecast the next 24 frames of an image of any size.

    Args:
        frames: (T, H, W) counts, the last ones, at least 4, of which 7 are used; NaN is unknown.
        serve: (inputs, endpoint) -> outputs by name, of a SavedModel.
        max_pixels: of a tile with its halo, which bounds the memory.

    Returns:
        "frames" (24, H, W) counts; "known" (24, H, W) bool, whether a value comes from inside the
        image and from known pixels; "flow" (H, W, 2) pixels per frame.
    """
    if len(frames) < MIN_FRAMES:
        raise InputError(
            f"frames: expected at least {MIN_FRAMES} without a gap, got {len(frames)}; give a "
            f"longer sequence"
        )
    known = np.isfinite(frames[-1])
    frames = filled(frames.astype(np.float32))
    try:
        return _by_endpoints(frames, known, serve, max_pixels)
    except InputError as error:
        if not isinstance(error.__cause__, AttributeError):
            raise
    return _by_windows(frames, known, serve)


def load(run: Path) -> Serve:
    """The endpoints of the SavedModel of a run as functions of arrays, for `forecast`."""
    artifact = tf.saved_model.load(str(run / "saved_model"))

    def serve(inputs, endpoint: str = "serve"):
        each = inputs if isinstance(inputs, tuple) else (inputs,)
        try:
            outputs = getattr(artifact, endpoint)(*map(tf.constant, each))
        except AttributeError as error:
            raise InputError(
                f"{run}: expected a SavedModel with {endpoint}, got none; export it again"
            ) from error
        return {name: value.numpy() for name, value in outputs.items()}

    return serve


def _by_endpoints(frames: np.ndarray, known: np.ndarray, serve: Serve, max_pixels: int) -> dict:
    shape = known.shape
    padding = [(0, max(-(-n // ALIGN) * ALIGN, SIDE) - n) for n in shape]
    frames = np.pad(frames, [(0, 0), *padding], mode="edge")[None]
    valid = np.pad(known.astype(np.float32), padding)[None]
    flows = _flows(frames, serve)
    later = np.empty((FRAMES_OUT, *shape), np.float32)
    sure = np.empty((FRAMES_OUT, *shape), bool)
    parts = [
        tile for band in tiles.parts(shape, _side(shape, max_pixels), 0, 4) for tile, _ in band
    ]
    groups = [range(n, min(n + LEADS, FRAMES_OUT + 1)) for n in range(1, FRAMES_OUT + 1, LEADS)]
    last = np.ascontiguousarray(frames[:, -MIN_FRAMES:])
    with progress.bar("frames of the image", len(parts) * len(groups)) as update:
        for part in parts:
            outer = _with_halo(part)
            points = _arrival(outer, flows.shape[-1] // 2)
            place = np.array([[outer.top, outer.left, outer.height, outer.width]], np.int32)
            for leads in groups:
                numbers = np.array([leads], np.float32)
                found = serve((last, flows, valid, place, points, numbers), "image_frames")
                points = found["points"]
                inner = (slice(HALO, HALO + part.height), slice(HALO, HALO + part.width))
                into = (slice(leads.start - 1, leads.stop - 1), *part.slices)
                later[into] = found["frames"][0][:, *inner]
                sure[into] = found["known"][0][:, *inner] >= MIN_KNOWN
                update()
    return {"frames": later, "known": sure, "flow": flows[0, : shape[0], : shape[1], :2]}


def _side(shape: tuple[int, int], max_pixels: int) -> int:
    """Side of the tiles: of the whole image, or of about equal parts of its longer side."""
    longer = max(shape)
    if (shape[0] + 2 * HALO) * (shape[1] + 2 * HALO) <= max_pixels:
        return longer
    largest = int(max_pixels**0.5) - 2 * HALO
    return -(-longer // -(-longer // largest))


def _with_halo(part: Window) -> Window:
    """A larger tile, whose sides the U-Net can halve twice."""
    height, width = (-(-n // 4) * 4 + 2 * HALO for n in (part.height, part.width))
    return Window(part.top - HALO, part.left - HALO, height, width)


def _flows(frames: np.ndarray, serve: Serve) -> np.ndarray:
    """Flows of the last 6 and 2 pairs with windows of 10, 5 and 20 pixels: (1, H, W, 12)."""
    kinds = [(pairs, window) for pairs in (6, 2) for window in (10, 5, 20)]
    flows = []
    for pairs, window in progress.track(kinds, "flow of the image"):
        inputs = (frames[:, -pairs - 1 :], np.array([[window]], np.float32))
        flows.append(serve(inputs, "image_flow")["flow"])
    return np.concatenate(flows, axis=-1)


def _arrival(tile: Window, flows: int) -> np.ndarray:
    """Rows of the pixels of a tile for each flow, then columns: (1, 2 flows, h, w) float32."""
    rows = np.arange(tile.top, tile.bottom, dtype=np.float32)
    columns = np.arange(tile.left, tile.right, dtype=np.float32)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"))
    return np.repeat(grid, flows, axis=0)[None]


def _by_windows(frames: np.ndarray, known: np.ndarray, serve: Serve) -> dict:
    """Blend the centres of overlapping windows, each with a flow of its own."""
    if len(frames) < FRAMES_IN:
        raise InputError(
            f"frames: expected {FRAMES_IN} without a gap for this model, got {len(frames)}; give a "
            f"longer sequence, or a run of per_lead_unet"
        )
    shape = known.shape
    short = [max(TARGET - n, 0) for n in shape]
    padding = [(MARGIN, MARGIN + n) for n in short]
    wide = np.pad(frames[-FRAMES_IN:], [(0, 0), *padding], mode="edge")
    larger = tuple(n + extra for n, extra in zip(shape, short))
    later = np.empty((FRAMES_OUT, *larger), np.float32)

    def predict(windows: list[Window]) -> np.ndarray:
        batch = np.stack([wide[:, w.top : w.top + SIDE, w.left : w.left + SIDE] for w in windows])
        return np.moveaxis(serve(batch)["frames"], 1, -1)

    bands = _counted(tiles.blend(larger, TARGET, OVERLAP, predict), larger)
    for top, rows in bands:
        later[:, top : top + len(rows)] = np.moveaxis(rows, -1, 0)
    flow = flow_of(frames)
    sure = np.isfinite(advect(np.where(known, frames[-1:], np.nan), FRAMES_OUT, flow=flow))
    later = later[:, : shape[0], : shape[1]]
    return {"frames": later, "known": sure, "flow": flow}


def _counted(bands: Iterator, shape: tuple[int, int]) -> Iterator:
    number = len(tiles.starts(shape[0], TARGET, OVERLAP))
    return progress.track(bands, "windows of the image", number)
