"""Raw scenes to ready-to-train ones, once."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.readers import raw_scene
from seaice_tf.readers.netcdf import opened
from seaice_tf.readers.raw_scene import RawScene
from seaice_tf.tasks.icechart.settings import Settings
from seaice_tf.transforms import downscale
from seaice_tf.transforms.icechart import COARSE, FILL, FINE, standardise
from seaice_tf.transforms.polygon_codes import PRESETS
from seaice_tf.transforms.windows import Window
from seaice_tf.writers import lock, scenes

ROWS = 512  # of 80 m, that are converted at a time


def convert(
    paths: Sequence[Path], settings: Settings, out: Path, executor: Executor | None = None
) -> list[Path]:
    """Write each raw scene with its charts into `out`, as a ready-to-train one.

    One that is there already, from the same file by the same thresholds, is kept.

    Raises:
        InputError: scenes are damaged.
    """
    with lock.held(out):
        make = partial(_convert, settings.thresholds, out)
        made = list(executor.map(make, paths) if executor else map(make, paths))
    kept = sum(kept for _, kept in made)
    print(f"{len(made) - kept} raw scenes converted, {kept} kept; they are data to train on")
    return [path for path, _ in made]


def _convert(preset: str, out: Path, source: Path) -> tuple[Path, bool]:
    """The scene made of a raw one, and whether it was there."""
    scene = raw_scene.describe(source)
    path = out / scene.name.prep
    attributes = {
        "original_id": source.name,
        "ice_service": scene.name.service,
        "thresholds": preset,
        "source_bytes": np.int64(source.stat().st_size),
    }
    if _is_made(path, attributes):
        return path, True
    coarse = np.nan_to_num(raw_scene.read_coarse(scene), nan=0.0)  # unknown: the mean
    return scenes.write(
        path,
        downscale.size(scene.shape, raw_scene.HALVING),
        _bands(scene, preset),
        {name: coarse[..., i] for i, name in enumerate(COARSE)},
        dict(zip(("latitude", "longitude"), raw_scene.read_places(scene))),
        attributes,
    ), False


def _is_made(path: Path, attributes: Mapping[str, Any]) -> bool:
    if not path.exists():
        return False
    with opened(path) as data:
        return all(getattr(data, name, None) == value for name, value in attributes.items())


def _bands(scene: RawScene, preset: str) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    height, width = downscale.size(scene.shape, raw_scene.HALVING)
    for top in range(0, height, ROWS):
        window = Window(top, 0, min(ROWS, height - top), width)
        sar, seen = raw_scene.read_sar(scene, window)
        angle = standardise(FINE[2], raw_scene.read_incidence_angle(scene, window))
        fine = (sar[..., 0], sar[..., 1], np.where(seen, angle, np.float32(FILL)))
        channels = dict(zip(FINE, (*fine, raw_scene.read_distance(scene, window))))
        yield top, {**channels, **raw_scene.read_charts(scene, window, PRESETS[preset])}
