"""Readers of sea ice and of its scenes: a sound file for each, and what may be read of it."""

import json
from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf.forecast.data import (
    dacon,
    g02202,
    nsidc0051,
    nsidc0051_netcdf,
    osisaf,
    regions,
)
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.grids.polar import NORTH
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart.data import decoded_scene, raw_scene, sampling, synthetic_scenes
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data import shards as scene_shards
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, COARSE, FINE, MASK, TIE_POINTS
from seaice_tf.icechart.products import upload
from tests.forecast.data.archives import (
    write_aggregate,
    write_climate_record,
    write_dacon,
    write_ecdr,
    write_osisaf,
    write_v2,
)
from tests.fuzz.fuzz_expect import (
    Reader,
    framed,
    hold,
    hold_shards,
    manifest,
    refuse,
    window_shape,
    words,
)
from tests.icechart.data import test_raw_scene

MONTH = np.datetime64("2008-02")
SCENE = (60, 75)  # pixels
CHANNELS = ("nersc_sar_primary", "btemp_18_7v", "latitude")
UPLOADED = "20180124T194759_dmi"


def _months(write, folder: Path, number: int = 1, shape=NORTH.shape) -> Path:
    counts = np.random.default_rng(0).integers(0, 251, (number, *shape)).astype(np.uint8)
    counts[:, :40] = 254
    write(folder, MONTH, counts)
    return next(folder.iterdir())


def _counts(form, path: Path, shape=NORTH.shape) -> None:
    found = form.read_file(path, form.parse_name(path.name))
    hold(found.counts, shape, "uint8")
    assert isinstance(found.synthetic, bool)
    assert all(map(words, map(str, found.problems)))


def _folder(path: Path) -> None:
    """The folder of one file under a name that tells nothing."""
    path.rename(path.with_name("unnamed"))
    try:
        assert all(map(words, examine(path.parent).problems))
        record = read_archive(path.parent)
    finally:
        path.with_name("unnamed").rename(path)
    hold(record.counts, (None, *record.grid.shape), "uint8")
    assert len(record.counts) <= 3


def _mask(folder: Path, header: int) -> Path:
    codes = np.random.default_rng(0).integers(0, 20, NORTH.shape).astype(np.uint8)
    (folder / "mask").write_bytes(bytes(header) + codes.tobytes())
    return folder / "mask"


def _read_mask(path: Path) -> None:
    masks = regions.read(path)
    for mask in masks.values():
        hold(mask, NORTH.shape, "bool")
    assert sum(mask.astype(int) for mask in masks.values()).max() <= 1


def _scene(folder: Path, which: str) -> Path:
    synthetic_scenes.write(folder, 1, SCENE, seed=4, tests=1 if which == "reference" else 0)
    return next(folder.glob(f"*{which}.nc"))


def _read_scene(path: Path) -> None:
    assert all(map(words, sar_scene.problems(path, CHANNELS[:2])))
    scene = sar_scene.describe(path)
    rows, columns = scene.shape
    fine = [name for name in FINE if name in scene.channels]
    coarse = [name for name in COARSE if name in scene.channels]
    for points in (scene.latitude, scene.longitude):
        hold(points, (None, None), "float64")
    if fine:
        hold(sar_scene.read_fine(scene, fine), (rows, columns, len(fine)), "float32")
        hold(sar_scene.read_valid(scene), (rows, columns), "bool")
        window = Window(0, 0, min(5, rows), min(7, columns))
        hold(sar_scene.read_fine(scene, fine[:1], window), (*window_shape(window), 1), "float32")
        values, valid = scene_inputs.read(scene, CHANNELS)
        hold(values, (rows, columns, len(CHANNELS)), "float32")
        hold(valid, (rows, columns), "float32", 1)
    if coarse:
        hold(sar_scene.read_coarse(scene, coarse), (None, None, len(coarse)), "float32")
    _charts(sar_scene.read_charts(scene), scene.shape)


def _charts(charts: dict[str, np.ndarray], shape: tuple) -> None:
    assert set(charts) == set(CHARTS)
    for chart, values in charts.items():
        hold(values, shape, "uint8")
        assert ((values < len(CLASSES[chart])) | (values == MASK)).all(), chart


def _read_raw(path: Path) -> None:
    scene = raw_scene.describe(path)
    assert all(isinstance(code, str) for code in scene.codes)
    half = tuple(-(-n // 2) for n in scene.shape)
    values, valid = raw_scene.read_sar(scene)
    hold(values, (*half, 2), "float32")
    assert np.isfinite(values).all()
    hold(valid, half, "bool")
    hold(raw_scene.read_incidence_angle(scene), half, "float64")
    hold(raw_scene.read_distance(scene), half, "float32")
    for degrees in raw_scene.read_tie_points(scene):
        hold(degrees, (TIE_POINTS, TIE_POINTS), "float64")
    hold(raw_scene.read_coarse(scene), (None, None, len(COARSE)), "float32")
    _charts(raw_scene.read_charts(scene), half)


def _decoded(folder: Path) -> Path:
    path, shape = folder / "20180607T184326_dmi_decoded_30x20.npz", (20, 30)
    arrays = dict.fromkeys((*decoded_scene.GREYS, *CHARTS, "mask"), np.ones(shape, np.uint8))
    np.savez_compressed(path, **arrays)
    return path


def _read_decoded(path: Path) -> None:
    scene = decoded_scene.read(path)
    shape = scene.sea.shape
    hold(scene.sea, (None, None), "bool")
    for grey in scene.greys.values():
        hold(grey, shape, "uint8")
    _charts(scene.charts, shape)


def _upload(folder: Path) -> Path:
    charts = {chart: np.tile(np.uint8([0, 1, 2, 1]), (30, 8)) for chart in CHARTS}
    return upload.write(folder / "upload.nc", [(UPLOADED, charts)])


def _read_upload(path: Path) -> None:
    assert all(map(words, upload.problems(path)))
    charts = upload.read(path, UPLOADED)
    _charts(charts, charts["SIC"].shape)
    refuse(upload.problems(path, [UPLOADED], {UPLOADED: (30, 32)}))
    assert charts["SIC"].shape == (30, 32)


def _scene_shard(folder: Path) -> Path:
    scene = sar_scene.describe(_scene(folder / "scenes", "prep"))
    pixels = scene_shards.load_pixels(scene, CHANNELS, 2)
    header = {
        "name": scene.name.short,
        "satellite": scene.name.satellite,
        "area": "box",
        "channels": CHANNELS,
        "factor": 2,
        "bands": [band.valid_fraction.shape for band in pixels.bands],
    }
    arrays = [a for b in pixels.bands for a in (b.channels, b.valid_fraction, b.charts)]
    records = [json.dumps(header).encode(), *(array.tobytes() for array in arrays)]
    return framed(folder / "a.tfrecord", records)


def _read_scene_shard(path: Path) -> None:
    pixels = scene_shards.read(path)
    assert isinstance(pixels.area, str)
    assert isinstance(pixels.name.satellite, str)
    rows, columns = pixels.shape
    channels, charts = pixels.read(whole(pixels.shape))
    hold(channels, (rows, columns, None), "float16")
    hold(charts, (rows, columns, 3), "uint8")
    hold(pixels.labelled(), pixels.shape, "bool")


def _text(name: str, content, folder: Path) -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def _read_list(path: Path) -> None:
    names = sampling.read_list(path)
    assert len(names.names) == len(names.areas) > 0


def _read_histograms(path: Path) -> None:
    names = [scene_names.parse(UPLOADED)]
    for chart, pixels in sampling.read_histograms(path, names).items():
        hold(pixels, (1, len(CLASSES[chart])), "int64", 2**62)


READERS = {
    "nsidc0051": Reader("", partial(_months, write_synthetic), partial(_counts, nsidc0051.FORMAT)),
    "nsidc0051_netcdf": Reader(
        "netcdf", partial(_months, write_v2), partial(_counts, nsidc0051_netcdf.FORMATS[0])
    ),
    "climate_record": Reader(
        "netcdf", partial(_months, write_climate_record), partial(_counts, g02202.FORMATS[0])
    ),
    "climate_record_6": Reader(
        "netcdf", partial(_months, write_ecdr), partial(_counts, g02202.FORMATS[2])
    ),
    "osi_saf": Reader(
        "netcdf",
        partial(_months, write_osisaf, shape=(432, 432)),
        partial(_counts, osisaf.FORMATS[0], shape=(432, 432)),
    ),
    "unnamed_aggregate": Reader("netcdf", partial(_months, write_aggregate, number=3), _folder),
    "unnamed_version_2": Reader("netcdf", partial(_months, write_v2), _folder),
    "unnamed_binary": Reader("", partial(_months, write_synthetic), _folder),
    "contest_array": Reader("npy", partial(_months, write_dacon), partial(_counts, dacon.FORMAT)),
    "sar_scene": Reader("netcdf", partial(_scene, which="prep"), _read_scene),
    "sar_reference": Reader("netcdf", partial(_scene, which="reference"), _read_scene),
    "raw_scene": Reader("netcdf", test_raw_scene.write, _read_raw),
    "decoded_scene": Reader("zip", _decoded, _read_decoded),
    "icechart_upload": Reader("netcdf", _upload, _read_upload),
    "scene_shard": Reader("tfrecord", _scene_shard, _read_scene_shard),
    "scene_manifest": Reader(
        "json",
        partial(manifest, task="icechart", channels=CHANNELS, factor=2),
        lambda path: hold_shards(scene_shards.find(path.parent, CHANNELS, 2), path.parent),
    ),
    "scene_list": Reader("json", partial(_text, "list.json", [UPLOADED] * 3), _read_list),
    "scene_histograms": Reader(
        "json",
        partial(_text, "h.json", {UPLOADED: {chart: {"0": 5, "1": 7} for chart in CHARTS}}),
        _read_histograms,
    ),
    "regions_2021": Reader("", partial(_mask, header=0), _read_mask),
    "regions_sectors": Reader("", partial(_mask, header=300), _read_mask),
}
