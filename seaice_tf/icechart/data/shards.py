"""Scenes as `prepare` leaves them: one TFRecord file a scene, mapped instead of read.

Record 0 is JSON: name, satellite, area, channels, factor, and rows and columns of each band. Three
records of raw numbers follow for each band: channels <f2 (rows, columns, C), share u1 (rows,
columns), charts u1 (rows, columns, 3). A patch costs the pages that it touches, so memory does not
grow with the set. TFRecord's own check of each record is not looked at: the shards' SHA-256 in the
manifest is, when they are found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import json_text, tfrecords
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import doctor as scene_doctor
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.pixels import WHOLE, Band, Pixels
from seaice_tf.icechart.data.scene import Scene

SUFFIX = ".tfrecord"
MANIFEST = tfrecords.MANIFEST
ROWS = 256  # of a band
WAY_OUT = "run seaice-tf prepare icechart again"


def grids(shape: tuple[int, int], factor: int) -> list[tuple[int, int]]:
    """Rows and columns of each band of a scene of `shape` pixels of 80 m."""
    height, width = downscale.size(shape, factor)
    return [(min(ROWS, height - top), width) for top in range(0, height, ROWS)]


def bands(scene: Scene, channels: Sequence[str], factor: int) -> Iterator[Band]:
    """A scene with charts, downscaled, a band at a time in bounded memory."""
    top = 0
    for height, width in grids(scene.shape, factor):
        window = Window(top, 0, height, width)
        top += height
        values, share = scene_inputs.read(scene, channels, window, factor)
        native = sar_scene.read_charts(scene, window.times(factor, scene.shape))
        charts = downscale.charts(native, factor)
        # Hardly a valid pixel is still one.
        parts = np.ceil(share * WHOLE).astype(np.uint8)
        stacked = np.stack([charts[chart] for chart in CHARTS], axis=-1)
        yield Band(values.astype(np.float16), parts, stacked)


def hold(scene: Scene, channels: Sequence[str], factor: int) -> Pixels:
    """The same in memory."""
    return Pixels(scene.name, scene_doctor.area(scene), tuple(bands(scene, channels, factor)))


def find(folder: Path, channels: Sequence[str], factor: int) -> list[Path]:
    """The shards of a folder that is complete and holds what is asked for."""
    content = tfrecords.read_manifest(folder, WAY_OUT)
    try:
        held = content["channels"], content["factor"]
    except KeyError as error:
        raise InputError(
            f"{folder / MANIFEST}: expected shards of icechart, got no {error}; {WAY_OUT}"
        ) from error
    if held != (list(channels), factor):
        raise InputError(
            f"{folder}: expected factor {factor} and channels {', '.join(channels)}, got factor "
            f"{held[1]} and {held[0]}; prepare with the settings that you train with"
        )
    return tfrecords.verify(folder, content, WAY_OUT)


def read(path: Path) -> Pixels:
    """A shard, mapped."""
    content = tfrecords.map_file(path)
    try:
        (start, end), *rest = tfrecords.record_bounds(content)
        header = json_text.parse(content[start:end].tobytes())
        name, satellite, area = (header[key] for key in ("name", "satellite", "area"))
        if not all(isinstance(text, str) for text in (name, satellite, area)):
            raise ValueError(f"no names: {name!r}, {satellite!r}, {area!r}")
        name = replace(scene_names.parse(name), satellite=satellite)
        if len(rest) != 3 * len(header["bands"]):
            raise ValueError(f"{len(rest)} records for {len(header['bands'])} bands")
        number = len(header["channels"])
        found = []
        for i, (rows, columns) in enumerate(header["bands"]):
            kinds = (("<f2", (number,)), ("u1", ()), ("u1", (len(CHARTS),)))
            arrays = [
                np.ndarray((rows, columns, *more), kind, content[first:last])
                for (first, last), (kind, more) in zip(rest[3 * i : 3 * i + 3], kinds)
            ]
            found.append(Band(*arrays))
        if not found or len({band.share.shape[1] for band in found}) > 1:
            raise ValueError(f"bands of {header['bands']} pixels")
        return Pixels(name, area, tuple(found))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a shard, got {error!r}; {WAY_OUT}") from error
