"""Raw scenes to ready-to-train ones, once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import lock
from seaice_tf.files.netcdf import opened
from seaice_tf.grids.windows import Window
from seaice_tf.icechart import examples
from seaice_tf.icechart.data import downscale, raw_scene, scene_writer
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FILL, FINE, standardise
from seaice_tf.icechart.data.polygon_codes import PRESETS
from seaice_tf.icechart.data.raw_scene import RawScene
from seaice_tf.icechart.settings import Settings

CONVERSION = 1  # another one makes all scenes again
ROWS = 512  # of 80 m, that are converted at a time
KEPT, WRITTEN = "kept", "written"


def convert(
    paths: Sequence[Path], settings: Settings, out: Path, executor: Executor | None = None
) -> list[Path]:
    """Write each raw scene with its charts into `out`, as a ready-to-train one.

    Scenes that `settings.target` lists are tests: their charts go into a reference file. What is
    there already, made alike from the same file, is kept.

    Raises:
        InputError: scenes are damaged, unless those are to be skipped; two have one name.
    """
    short = [scene_names.parse(path.name).short for path in paths]
    if doubled := [name for name, number in Counter(short).items() if number > 1]:
        raise InputError(
            f"{paths[0].parent}: expected one raw scene for each time and service, got several of "
            f"{', '.join(doubled)}; leave one of them"
        )
    tests = {name.short for name in examples.target(settings).names} if settings.target else set()
    with lock.held(out):
        make = partial(_convert, settings, out, frozenset(tests))
        made = list(executor.map(make, paths) if executor else map(make, paths))
    for _, trouble in made:
        if trouble not in (KEPT, WRITTEN):
            print(f"left out: {trouble}")
    counts = Counter(outcome for _, outcome in made)
    print(f"{counts[WRITTEN]} raw scenes converted, {counts[KEPT]} kept")
    return [path for written, _ in made for path in written]


def _convert(
    settings: Settings, out: Path, tests: frozenset[str], source: Path
) -> tuple[list[Path], str]:
    """The files made of a raw scene, and whether they were there, or why it is left out."""
    name = scene_names.parse(source.name)
    path = out / name.prep
    reference = [path.with_name(f"{path.stem}_reference.nc")] if name.short in tests else []
    stat = source.stat()
    attributes = {
        "original_id": source.name,
        "ice_service": name.service,
        "thresholds": settings.thresholds,
        "charts": "in a reference file" if reference else "here",
        "conversion": np.int64(CONVERSION),
        "source_bytes": np.int64(stat.st_size),
        "source_modified": stat.st_mtime,
    }
    files = [path, *reference]
    if all(_is_made(file, attributes) for file in files):
        return files, KEPT
    try:
        _write(raw_scene.describe(source), path, reference, settings.thresholds, attributes)
    except InputError as error:
        if not settings.skip_damaged:
            raise
        return [], str(error)
    if not reference:
        path.with_name(f"{path.stem}_reference.nc").unlink(missing_ok=True)
    return files, WRITTEN


def _is_made(path: Path, attributes: Mapping[str, Any]) -> bool:
    try:
        with opened(path) as content:
            return all(getattr(content, name, None) == value for name, value in attributes.items())
    except (FileNotFoundError, InputError):
        return False


def _write(
    scene: RawScene, path: Path, reference: list[Path], preset: str, attributes: dict[str, Any]
) -> None:
    shape = downscale.size(scene.shape, raw_scene.HALVING)
    for file in reference:
        charts = ((top, _charts(scene, window, preset)) for top, window in _windows(shape))
        scene_writer.write(file, shape, charts, {}, {}, attributes)
    coarse = np.nan_to_num(raw_scene.read_coarse(scene), nan=0.0)  # unknown: the mean
    bands = (
        (top, _channels(scene, window) | ({} if reference else _charts(scene, window, preset)))
        for top, window in _windows(shape)
    )
    layers = {name: coarse[..., i] for i, name in enumerate(COARSE)}
    ties = dict(zip(("latitude", "longitude"), raw_scene.read_places(scene)))
    scene_writer.write(path, shape, bands, layers, ties, attributes)


def _windows(shape: tuple[int, int]) -> Iterator[tuple[int, Window]]:
    height, width = shape
    for top in range(0, height, ROWS):
        yield top, Window(top, 0, min(ROWS, height - top), width)


def _channels(scene: RawScene, window: Window) -> dict[str, np.ndarray]:
    sar, seen = raw_scene.read_sar(scene, window)
    angle = standardise(raw_scene.ANGLE, raw_scene.read_incidence_angle(scene, window))
    layers = (sar[..., 0], sar[..., 1], angle, raw_scene.read_distance(scene, window))
    return {name: np.where(seen, layer, np.float32(FILL)) for name, layer in zip(FINE, layers)}


def _charts(scene: RawScene, window: Window, preset: str) -> dict[str, np.ndarray]:
    charts = raw_scene.read_charts(scene, window, PRESETS[preset])
    return {chart: charts[chart] for chart in CHARTS}
