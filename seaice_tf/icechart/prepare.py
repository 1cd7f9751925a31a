"""Preparation of scenes: shards for training, and ready-to-train scenes from raw ones."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.files import lock, tfrecords
from seaice_tf.grids.windows import Window
from seaice_tf.icechart import examples
from seaice_tf.icechart.data import downscale, raw_scene, shards
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FILL, FINE, standardise
from seaice_tf.icechart.data.inputs import row_windows
from seaice_tf.icechart.data.polygon_codes import PRESETS
from seaice_tf.icechart.data.raw_scene import RawScene
from seaice_tf.icechart.settings import Settings

CONVERSION = 1  # version of the conversion; scenes of another version are converted again
ROWS = 512  # of 80 m that are converted at once
KEPT, WRITTEN = "kept", "written"


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write a shard of each scene with charts, or convert a folder of raw scenes.

    Args:
        settings: name the folder of the scenes, the channels and the downscaling.
        out: folder for the shards, or for the ready-to-train scenes.
        executor: runs the scenes in parallel.

    Returns:
        The files of the folder, written now or earlier.

    Raises:
        InputError: scenes are damaged.
    """
    if raw := raw_scene.find(examples.folder(settings)):
        return convert(raw, settings, out, executor)
    jobs = [
        tfrecords.Job(
            f"{scene.name.short}{shards.SUFFIX}",
            (scene.path,),
            partial(shards.records, scene.path, settings.channels, settings.downscale),
        )
        for scene in examples.training_scenes(settings)
    ]
    facts = {
        "task": "icechart",
        "factor": settings.downscale,
        "channels": list(settings.channels),
    }
    return tfrecords.write(jobs, facts, out, shards.MANIFEST, executor)


def convert(
    paths: Sequence[Path], settings: Settings, out: Path, executor: Executor | None = None
) -> list[Path]:
    """Convert raw scenes with their charts, or test scenes without, to ready-to-train scenes.

    The charts of scenes in `settings.target` go into reference files, which makes them test scenes.
    Scenes that were converted from the same file with the same settings are kept.

    Args:
        paths: the raw scenes.
        settings: give thresholds, target and skip_damaged.
        out: folder for the ready-to-train scenes.
        executor: runs the scenes in parallel.

    Raises:
        InputError: scenes are damaged and not skipped, or two have the same time and service.
    """
    short = [scene_names.parse(path.name).short for path in paths]
    if doubled := [name for name, number in Counter(short).items() if number > 1]:
        raise InputError(
            f"{paths[0].parent}: expected one raw scene for each time and service, got several of "
            f"{', '.join(doubled)}; leave one of them"
        )
    tests = (
        {name.short for name in examples.target_list(settings).names} if settings.target else set()
    )
    with lock.held(out):
        make = partial(_convert, settings, out, frozenset(tests))
        results = executor.map(make, paths) if executor else map(make, paths)
        made = list(progress.track(results, "converting scenes", len(paths)))
    for _, outcome in made:
        if outcome not in (KEPT, WRITTEN):
            print(f"skipped: {outcome}")
    counts = Counter(outcome for _, outcome in made)
    print(f"{counts[WRITTEN]} raw scenes converted, {counts[KEPT]} kept")
    return [path for written, _ in made for path in written]


def _convert(
    settings: Settings, out: Path, tests: frozenset[str], source: Path
) -> tuple[list[Path], str]:
    """Files of a converted scene, and KEPT, WRITTEN or the reason why it is skipped."""
    try:
        scene = raw_scene.describe(source)
    except InputError as error:
        if not settings.skip_damaged:
            raise
        return [], str(error)
    name = scene.name
    path = out / name.prep
    beside = path.with_name(f"{path.stem}_reference.nc")
    reference = [beside] if name.short in tests and scene.codes else []
    stat = source.stat()
    attributes = {
        "original_id": source.name,
        "ice_service": name.service,
        "thresholds": settings.thresholds,
        "charts": "in a reference file" if reference else "here" if scene.codes else "none",
        "conversion": np.int64(CONVERSION),
        "source_bytes": np.int64(stat.st_size),
        "source_modified": stat.st_mtime,
    }
    files = [path, *reference]
    if all(sar_scene.has_attributes(file, attributes) for file in files):
        return files, KEPT
    try:
        _write(scene, path, reference, settings.thresholds, attributes)
    except InputError as error:
        if not settings.skip_damaged:
            raise
        return [], str(error)
    if not reference:
        beside.unlink(missing_ok=True)
    return files, WRITTEN


def _write(
    scene: RawScene, path: Path, reference: list[Path], preset: str, attributes: dict[str, Any]
) -> None:
    shape = downscale.size(scene.shape, raw_scene.FACTOR)
    for file in reference:
        charts = ((w.top, _charts(scene, w, preset)) for w in row_windows(shape, ROWS))
        sar_scene.write(file, shape, charts, {}, {}, attributes)
    coarse = np.nan_to_num(raw_scene.read_coarse(scene), nan=0.0)  # missing values: the mean
    bands = (
        (w.top, _channels(scene, w) | ({} if reference else _charts(scene, w, preset)))
        for w in row_windows(shape, ROWS)
    )
    layers = {name: coarse[..., i] for i, name in enumerate(COARSE)}
    ties = dict(zip(("latitude", "longitude"), raw_scene.read_tie_points(scene)))
    sar_scene.write(path, shape, bands, layers, ties, attributes)


def _channels(scene: RawScene, window: Window) -> dict[str, np.ndarray]:
    sar, valid = raw_scene.read_sar(scene, window)
    angle = standardise(raw_scene.ANGLE, raw_scene.read_incidence_angle(scene, window))
    layers = (sar[..., 0], sar[..., 1], angle, raw_scene.read_distance(scene, window))
    return {name: np.where(valid, layer, np.float32(FILL)) for name, layer in zip(FINE, layers)}


def _charts(scene: RawScene, window: Window, preset: str) -> dict[str, np.ndarray]:
    charts = raw_scene.read_charts(scene, window, PRESETS[preset])
    return {chart: charts[chart] for chart in CHARTS if chart in charts}
