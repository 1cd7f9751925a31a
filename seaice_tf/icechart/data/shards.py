"""Shards of downscaled scenes: one TFRecord file a scene, memory-mapped.

Record 0 is JSON: name, satellite, area, channels, factor, and rows and columns of each band. Three
records of raw arrays follow for each band: channels <f2 (rows, columns, C), valid fraction u1
(rows, columns), charts u1 (rows, columns, 3). Only the pages that a patch touches are read, so
memory does not grow with the data set. The checksums of the records are not verified; the SHA-256
of each shard in the manifest is, when the shards are found.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import json_text, tfrecords
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.patches import ALL_VALID, Band, Pixels
from seaice_tf.icechart.data.scene import Scene

SUFFIX = ".tfrecord"
MANIFEST = tfrecords.MANIFEST
ROWS = 256  # of a band
ADVICE = "run seaice-tf prepare icechart again"


def grids(shape: tuple[int, int], factor: int) -> list[tuple[int, int]]:
    """Rows and columns of each band of a downscaled scene.

    Args:
        shape: lines and samples of the scene at 80 m.
        factor: of the downscaling.
    """
    windows = scene_inputs.row_windows(downscale.size(shape, factor), ROWS)
    return [(window.height, window.width) for window in windows]


def bands(scene: Scene, channels: Sequence[str], factor: int) -> Iterator[Band]:
    """Downscale a scene with charts band by band, in bounded memory."""
    for window in scene_inputs.row_windows(downscale.size(scene.shape, factor), ROWS):
        values, fraction = scene_inputs.read(scene, channels, window, factor)
        native = sar_scene.read_charts(scene, window.times(factor, scene.shape))
        charts = downscale.charts(native, factor)
        # Rounded up: 0 means that no pixel is valid.
        valid = np.ceil(fraction * ALL_VALID).astype(np.uint8)
        stacked = np.stack([charts[chart] for chart in CHARTS], axis=-1)
        yield Band(values.astype(np.float16), valid, stacked)


def load_pixels(scene: Scene, channels: Sequence[str], factor: int) -> Pixels:
    """Downscale a scene with charts and keep it in memory."""
    return Pixels(scene.name, sar_scene.area(scene), tuple(bands(scene, channels, factor)))


def records(path: Path, channels: Sequence[str], factor: int) -> Iterator[bytes]:
    """The records of the shard of a scene.

    Args:
        path: of the ready-to-train scene.
        channels: names of the channels.
        factor: of the downscaling.
    """
    scene = sar_scene.describe(path)
    header = {
        "name": scene.path.name,
        "satellite": scene.name.satellite,
        "area": sar_scene.area(scene),
        "factor": factor,
        "channels": list(channels),
        "bands": grids(scene.shape, factor),
    }
    yield json.dumps(header).encode()
    for band in bands(scene, channels, factor):
        for values in (band.channels.astype("<f2"), band.valid_fraction, band.charts):
            yield values.tobytes()


def find(folder: Path, channels: Sequence[str], factor: int) -> list[Path]:
    """Find the verified shards of a folder.

    Raises:
        InputError: the folder is incomplete or damaged, or has other channels or another factor.
    """
    content = tfrecords.read_manifest(folder, ADVICE)
    try:
        stored = content["channels"], content["factor"]
    except KeyError as error:
        raise InputError(
            f"{folder / MANIFEST}: expected shards of icechart, got no {error}; {ADVICE}"
        ) from error
    if stored != (list(channels), factor):
        raise InputError(
            f"{folder}: expected factor {factor} and channels {', '.join(channels)}, got factor "
            f"{stored[1]} and channels {stored[0]}; prepare with the settings of the training"
        )
    return tfrecords.verify(folder, content, ADVICE)


def read(path: Path) -> Pixels:
    """Memory-map a shard.

    Raises:
        InputError: not a shard.
    """
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
        if not found or len({band.valid_fraction.shape[1] for band in found}) > 1:
            raise ValueError(f"bands of {header['bands']} pixels")
        return Pixels(name, area, tuple(found))
    except InputError as error:  # of the name; is a ValueError
        raise InputError(f"{path}: expected a shard, got {error}; {ADVICE}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a shard, got {error!r}; {ADVICE}") from error
