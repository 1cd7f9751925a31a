"""Inference on a scene of any size: overlapping tiles and test-time augmentation."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids import tiles
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart.choices import alignment
from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.data.decision import FIELDS, PROBABILITIES
from seaice_tf.icechart.data.symmetry import TTA, WIND
from seaice_tf.icechart.settings import Settings
from seaice_tf.settings import Checked
from seaice_tf.task import Maps

PIXELS = 768**2  # of a tile with its halo, by default
SMALLEST = 512  # pixels along a side of a tile, by default
ROWS = 32  # that are stored at once

Serve = Callable[[np.ndarray], Maps]
Read = Callable[[Iterable[Sequence[Window]]], Iterator[np.ndarray]]
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class PredictOptions(Checked):
    """Options of inference."""

    tile: int | None = None
    """Pixels along a side of the tiles of larger scenes. Default: at most 660 for 4 levels, 512 for
    6 and 8."""
    halo: int | None = None
    """Overlap of tiles in pixels on each side. Default: the receptive field of the network, with
    which tiles give the same as the whole scene: 54 for 4 levels, 222 for 6, 894 for 8. In an
    ensemble it is that of the first run."""
    tta: Literal[tuple(TTA)] = "none"  # type: ignore[valid-type]
    """Test-time augmentation: average over none, the four flips or all eight symmetries (d4)."""

    def __post_init__(self):
        super().__post_init__()
        if (self.tile is not None and self.tile < 1) or (self.halo or 0) < 0:
            raise InputError(
                f"tile, halo: expected a tile of at least 1 and a halo of at least 0, got "
                f"{self.tile} and {self.halo}"
            )

    def check(self, settings: Settings) -> None:
        """Raise InputError if the channels of the settings do not allow the augmentation."""
        if self.tta == "d4" and len(set(WIND) & set(settings.channels)) == 1:
            raise InputError(
                f"tta: expected channels with both of {', '.join(WIND)} or none, got one; rotating "
                f"the wind vector needs both: use --tta flips"
            )


def predict_scene(
    settings: Settings, options: PredictOptions, shape: tuple[int, int], read: Read, serve: Serve
) -> Maps:
    """Predict the fields of a scene, at once if it fits into a tile, else tile by tile.

    A thread reads the next tile while the network is at work. With several tiles, probabilities and
    uncertainty are stored in a byte each (see `decision.packed`), 31 bytes a pixel with the charts.

    Args:
        settings: of the run.
        options: tiles and test-time augmentation.
        shape: rows and columns of the downscaled scene.
        read: bands of windows -> the channels of each window, (height, width, C).
        serve: the SavedModel, from a batch of channels to the fields.

    Returns:
        The fields by name, (H, W, ...).
    """
    levels = len(settings.filters)
    from seaice_tf.networks.unet import context  # needs TensorFlow

    halo = context(levels) if options.halo is None else options.halo
    side = options.tile or max(int(PIXELS**0.5) - 2 * halo, SMALLEST)
    if max(shape) <= side:
        (image,) = read([[whole(shape)]])
        return predict_image(settings, options.tta, image, serve)
    if not options.tile:
        # Tiles of equal size: memory of the network is used again for the next one.
        side = -(-max(shape) // -(-max(shape) // side))
    fields = _empty_fields(shape)
    bands = list(tiles.parts(shape, side, halo, alignment(levels)))
    parts = [part for band in bands for part in band]
    with closing(_ahead(read([[around for _, around in band] for band in bands]))) as images:
        for (window, around), image in zip(parts, images):
            found = predict_image(settings, options.tta, image, serve)
            for name, values in fields.items():
                _store(values[window.slices], tiles.inside(found[name], window, around))
    return fields


def _empty_fields(shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """The fields of a scene of several tiles, not yet filled."""
    fields: dict[str, np.ndarray] = {chart: np.empty(shape, np.uint8) for chart in CHARTS}
    fields["concentration"] = np.empty(shape, np.float16)
    for name, chart in zip(PROBABILITIES, CHARTS):
        fields[name] = np.empty((*shape, len(CLASSES[chart])), np.uint8)
    fields["uncertainty"] = np.empty((*shape, len(CHARTS)), np.uint8)
    return fields


def _store(target: np.ndarray, values: np.ndarray) -> None:
    """Store the values of a field in a few rows at a time, which stay in the processor's cache."""
    for top in range(0, len(target), ROWS):
        rows = slice(top, top + ROWS)
        target[rows] = decision.stored(values[rows], target.dtype)


def _ahead(items: Iterator[Item]) -> Generator[Item]:
    """The items of an iterator, each made in a thread while the one before it is in use.

    One thread makes and closes all of them, as a generator that holds a lock needs it.
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            following = thread.submit(next, items, None)
            while (item := following.result()) is not None:
                following = thread.submit(next, items, None)
                yield item
        finally:
            if isinstance(items, Generator):
                thread.submit(items.close)


def predict_image(settings: Settings, tta: str, image: np.ndarray, serve: Serve) -> Maps:
    """Predict the fields of an image (H, W, C), averaged over the symmetries of `tta`."""
    symmetries = TTA[tta]
    if len(symmetries) == 1:
        return {name: values[0] for name, values in serve(image[None]).items()}
    height, width = image.shape[:2]
    align = alignment(len(settings.filters))
    # Padded as in the network, but before the symmetries are applied.
    padded = np.pad(image, [(0, -height % align), (0, -width % align), (0, 0)])
    total: dict[str, np.ndarray] = {}
    for symmetry in symmetries:
        found = serve(symmetry.apply_to_channels(padded, settings.channels)[None])
        for name in FIELDS:
            values = symmetry.invert(found[name][0])
            total[name] = total[name] + values if name in total else values
    mean = {name: values[:height, :width] / len(symmetries) for name, values in total.items()}
    uncertainty = decision.uncertainty(mean, settings.uncertainty)
    return {**decision.decide(mean, settings.consistent), **mean, "uncertainty": uncertainty}
