"""Every reader: how to write a sound file for it, and what it may answer to a damaged one.

A `read` raises an AssertionError where the answer is not what the reader's docstring promises.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import test_raw_scene
import test_torch_weights
from conftest import write_climate_record, write_contest, write_v2
from PIL import Image

from seaice_tf import settings
from seaice_tf.errors import InputError
from seaice_tf.readers import (
    climate_record,
    cloud_photos,
    cloud_submission,
    contest_array,
    contest_frames,
    decoded_scene,
    frame_doctor,
    frame_shards,
    frames,
    geopose_shards,
    geopose_submission,
    geopose_tiles,
    icechart_upload,
    npz,
    nsidc0051,
    nsidc0051_netcdf,
    raster,
    raw_scene,
    regions,
    sar_scene,
    scene_doctor,
    scene_inputs,
    scene_shards,
    torch_weights,
)
from seaice_tf.transforms import nowcast, scene_names, synthetic_frames
from seaice_tf.transforms.frame_pixels import Frames
from seaice_tf.transforms.grid import NORTH
from seaice_tf.transforms.icechart import CHARTS, CLASSES, COARSE, FINE, MASK
from seaice_tf.transforms.windows import Window, whole
from seaice_tf.writers import contest_frames as window_writer
from seaice_tf.writers import (
    geopose_products,
    synthetic_clouds,
    synthetic_scenes,
    synthetic_tiles,
)
from seaice_tf.writers import icechart_upload as upload_writer
from seaice_tf.writers.nsidc0051 import write_synthetic

MONTH = np.datetime64("2008-02")
SCENE = (60, 75)  # pixels
CHANNELS = ("nersc_sar_primary", "btemp_18_7v", "latitude")
TILE = (48, 48)  # pixels


@dataclass(frozen=True)
class Reader:
    """What is asked of a reader.

    Attributes:
        kind: of the structure of its files, see `mutations`.
        write: makes what is needed in an empty folder; the path of the file to be damaged.
        read: reads that file in every way that there is.
    """

    kind: str
    write: Callable[[Path], Path]
    read: Callable[[Path], Any]


def hold(array: np.ndarray, shape: tuple, kind: str, highest: float | None = None) -> None:
    """Fail if an array is not of a shape (None for any length), a type and a range from 0."""
    assert isinstance(array, np.ndarray), type(array)
    fits = len(shape) == array.ndim and all(n in (None, m) for n, m in zip(shape, array.shape))
    assert fits, f"{array.shape} instead of {shape}"
    assert array.dtype == kind, f"{array.dtype} instead of {kind}"
    if highest is not None and array.size:
        assert 0 <= array.min() <= array.max() <= highest, f"{array.min()} to {array.max()}"
    array.copy()  # a map that leaves its file is felt here


def _months(write, folder: Path) -> Path:
    counts = np.random.default_rng(0).integers(0, 251, (1, *NORTH.shape)).astype(np.uint8)
    counts[:, :40] = 254
    write(folder, MONTH, counts)
    return next(folder.iterdir())


def _counts(form, path: Path) -> None:
    found = form.read_file(path, form.parse_name(path.name))
    hold(found.counts, NORTH.shape, "uint8")
    assert isinstance(found.synthetic, bool)


def _photo(folder: Path, suffix: str) -> Path:
    path = folder / f"a.{suffix}"
    pixels = np.random.default_rng(0).integers(0, 256, (42, 63, 3), np.uint8)
    Image.fromarray(pixels).resize((126, 84)).save(path)
    return path


def _read_photo(path: Path) -> None:
    columns, rows = cloud_photos.image_size(path)
    hold(cloud_photos.read_image(path, (21, 32)), (21, 32, 3), "uint8")
    hold(cloud_photos.read_image(path, (21, 32), "L"), (21, 32), "uint8")
    hold(cloud_photos.read_image(path), (rows, columns, 3), "uint8")


def _clouds(folder: Path) -> Path:
    synthetic_clouds.write(folder / "clouds", 3, seed=1, shape=(42, 63))
    return folder / "clouds" / "train.csv"


def _read_clouds(path: Path) -> None:
    assert all(map(words, cloud_submission.validate_submission(path)))
    photos = cloud_photos.read_labelled(path.parent)
    hold(photos.truths((35, 52)), (None, 35, 52, 4), "bool")
    hold(photos.coverage(0, (35, 52)), (35, 52, 4), "float64", 1)
    hold(photos.present(), (len(photos), 4), "bool")


def _scene(folder: Path, which: str) -> Path:
    synthetic_scenes.write(folder, 1, SCENE, seed=4, tests=1 if which == "reference" else 0)
    return next(folder.glob(f"*{which}.nc"))


def _read_scene(path: Path) -> None:
    assert all(map(words, scene_doctor.troubles(path, CHANNELS[:2])))
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
        values, share = scene_inputs.read(scene, CHANNELS)
        hold(values, (rows, columns, len(CHANNELS)), "float32")
        hold(share, (rows, columns), "float32", 1)
    if coarse:
        hold(sar_scene.read_coarse(scene, coarse), (None, None, len(coarse)), "float32")
    _charts(sar_scene.read_charts(scene), scene.shape)


def _refuse(troubles: list[str]) -> None:
    assert all(map(words, troubles)), troubles
    if troubles:
        raise InputError(troubles[0])


def window_shape(window: Window) -> tuple[int, int]:
    return window.height, window.width


def _charts(charts: dict[str, np.ndarray], shape: tuple) -> None:
    assert set(charts) == set(CHARTS)
    for chart, values in charts.items():
        hold(values, shape, "uint8")
        assert ((values < len(CLASSES[chart])) | (values == MASK)).all(), chart


def _read_raw(path: Path) -> None:
    scene = raw_scene.describe(path)
    assert all(isinstance(code, str) for code in scene.codes)
    half = tuple(-(-n // 2) for n in scene.shape)
    values, seen = raw_scene.read_sar(scene)
    hold(values, (*half, 2), "float32")
    assert np.isfinite(values).all()
    hold(seen, half, "bool")
    hold(raw_scene.read_incidence_angle(scene), half, "float64")
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


UPLOADED = "20180124T194759_dmi"


def _upload(folder: Path) -> Path:
    charts = {chart: np.tile(np.uint8([0, 1, 2, MASK]), (30, 8)) for chart in CHARTS}
    return upload_writer.write(folder / "upload.nc", [(UPLOADED, charts)])


def _read_upload(path: Path) -> None:
    assert all(map(words, icechart_upload.troubles(path)))
    charts = icechart_upload.read(path, UPLOADED)
    _charts(charts, charts["SIC"].shape)
    _refuse(icechart_upload.troubles(path, [UPLOADED], {UPLOADED: (30, 32)}))
    assert charts["SIC"].shape == (30, 32)


def framed(path: Path, records) -> Path:
    """Records as a TFRecord file without checks."""
    path.write_bytes(b"".join(struct.pack("<Q4x", len(r)) + r + bytes(4) for r in records))
    return path


def _scene_shard(folder: Path) -> Path:
    scene = sar_scene.describe(_scene(folder / "scenes", "prep"))
    pixels = scene_shards.hold(scene, CHANNELS, 2)
    header = {
        "name": scene.name.short,
        "satellite": scene.name.satellite,
        "area": "box",
        "channels": CHANNELS,
        "factor": 2,
        "bands": [band.share.shape for band in pixels.bands],
    }
    arrays = [a for b in pixels.bands for a in (b.channels, b.share, b.charts)]
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
    hold(pixels.counted(), pixels.shape, "bool")


def _text(name: str, content, folder: Path) -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def _read_list(path: Path) -> None:
    names = scene_doctor.read_list(path)
    assert len(names.names) == len(names.areas) > 0


def _read_histograms(path: Path) -> None:
    names = [scene_names.parse(UPLOADED)]
    for chart, pixels in scene_doctor.read_histograms(path, names).items():
        hold(pixels, (1, len(CLASSES[chart])), "int64", 2**62)


def _frames(folder: Path) -> Path:
    path, time = folder / "a.npz", synthetic_frames.times(14)
    data = np.random.default_rng(0).integers(0, 1024, (14, 30, 40)).astype(np.int16)
    osgb = synthetic_frames.osgb((30, 40))
    np.savez_compressed(path, data=data, time=time.astype(str), osgb=osgb, title=np.array("t"))
    return path


def _read_frames(path: Path) -> None:
    _each_frame(frames.read(path))
    found = frame_doctor.sequence(path)
    assert all(map(words, found.troubles))


def _each_frame(held: Frames) -> None:
    values = held.read(0, len(held), whole(held.shape))
    assert values.shape == (len(held), *held.shape)
    assert values.dtype.kind in "if", values.dtype
    assert held.time.dtype == "datetime64[s]"
    assert held.osgb is None or held.osgb.dtype.kind in "iuf"
    assert isinstance(held.name, str)
    hold(frame_doctor.usable(held), (len(held),), "bool")


def _windows(folder: Path, which: str) -> Path:
    frame = np.random.default_rng(0).integers(0, 1024, (24, 128, 128)).astype(np.uint16)
    given, came = frame[:12], frame[:, nowcast.CENTRE, nowcast.CENTRE]
    osgb = synthetic_frames.osgb((128, 128))[None]
    if which == "features":
        return window_writer.write(folder / "features.npz", 1, [given], osgb=osgb)
    return window_writer.write(folder / "targets.npz", 1, [came])


def _read_windows(path: Path) -> None:
    given = path.name == contest_frames.FEATURES
    windows = contest_frames.features(path) if given else contest_frames.targets(path)
    shape = (12, 128, 128) if given else (None, 64, 64)
    for index in range(min(len(windows), 3)):
        values = windows.read(index)
        hold(values, shape, values.dtype.str, nowcast.HIGHEST)
        assert values.dtype.kind in "iuf"
    assert windows.osgb is None or windows.osgb.dtype.kind in "iuf"


def _frame_shard(folder: Path) -> Path:
    data = np.random.default_rng(0).integers(0, 1024, (14, 70, 90)).astype(np.int16)
    held = Frames("a.npz", synthetic_frames.times(14), (((data,),),))
    return framed(folder / "a.tfrecord", frame_shards.records(held, frame_shards.Span(0, 14)))


def _read_frame_shard(path: Path) -> None:
    for held in frame_shards.read([path]):
        _each_frame(held)


def _read_npz(path: Path) -> None:
    for key in npz.keys(path):
        array = npz.mapped(path, key)
        assert not array.dtype.hasobject
        array.copy()


def _image(folder: Path, name: str, **options) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (*TILE, 3), np.uint8)
    path = folder / name
    if options or path.suffix == ".j2k":
        Image.fromarray(pixels).save(path, **options)
    else:
        geopose_products.write_image(path, pixels)
    return path


def _agl(folder: Path) -> Path:
    heights = np.random.default_rng(0).uniform(0, 90, TILE)
    return geopose_products.write_agl(folder / "a_AGL.tif", heights)


def _read_raster(path: Path) -> None:
    shape, bands, kind = raster.describe(path)
    expected = (*shape, bands) if bands > 1 else shape
    hold(raster.read(path), expected, kind)
    part = Window(shape[0] // 2, shape[1] // 3, 1 + shape[0] // 4, 1 + shape[1] // 4)
    hold(raster.read(path, part), (*window_shape(part), *expected[2:]), kind)


def _pose(folder: Path) -> Path:
    return geopose_products.write_pose(folder / "a_VFLOW.json", geopose_tiles.Pose(1.2, 0.7))


def _read_pose(path: Path) -> None:
    scale, angle = geopose_tiles.read_pose(path)
    assert 0 <= scale < np.inf
    assert 0 <= angle < 2 * np.pi


def _tiles(folder: Path, table: str) -> Path:
    synthetic_tiles.write(folder / "tiles", 3, seed=3, side=24, gsd=1.0, tests=1)
    return folder / "tiles" / table


def _read_tiles(path: Path) -> None:
    for labelled in (True, False):
        tiles, troubles = geopose_tiles.scan(path.parent, labelled)
        assert all(map(words, troubles))
        for tile in tiles:
            assert (tile.agl is not None) == labelled
            assert 0 < tile.gsd < np.inf
            assert tile.image.resolve().is_relative_to(path.parent.resolve())
            hold(geopose_tiles.read_image(tile), (24, 24, 3), "uint8")
            if labelled:
                hold(geopose_tiles.read_agl(tile), (24, 24), "float32")


def _submission(folder: Path) -> Path:
    files = geopose_products.write(folder, "a", np.ones(TILE), geopose_tiles.Pose(1.2, 0.7))
    return geopose_products.write_submission(folder / "a.tar.gz", files)


def _read_submission(path: Path) -> None:
    _refuse(geopose_submission.troubles(path, {"a": TILE}))


def _tile_shard(folder: Path) -> Path:
    _tiles(folder, "")
    tile = geopose_tiles.read_labelled(folder / "tiles")[0]
    return framed(folder / "a.tfrecord", geopose_shards.records(tile))


def _read_tile_shard(path: Path) -> None:
    shard = geopose_shards.read(path)
    view = shard.view()
    hold(view.image, (*shard.shape, 3), "uint8")
    hold(view.agl, shard.shape, "float32")
    for number in (view.gsd, *view.pose, *shard.facts[4:]):
        assert isinstance(number, int | float), number
        assert np.isfinite(number), number


def _mask(folder: Path, header: int) -> Path:
    codes = np.random.default_rng(0).integers(0, 20, NORTH.shape).astype(np.uint8)
    (folder / "mask").write_bytes(bytes(header) + codes.tobytes())
    return folder / "mask"


def _read_mask(path: Path) -> None:
    masks = regions.read(path)
    for mask in masks.values():
        hold(mask, NORTH.shape, "bool")
    assert sum(mask.astype(int) for mask in masks.values()).max() <= 1


def _torch(folder: Path) -> Path:
    path = folder / "w.pth"
    return test_torch_weights.write_zip(
        path, test_torch_weights.pickled(test_torch_weights.state())
    )


def _read_torch(path: Path) -> None:
    for name, array in torch_weights.read(path).items():
        assert isinstance(name, str)
        assert array.dtype.kind in "fiub", array.dtype
        assert array.nbytes <= 100 * path.stat().st_size


def _weights(folder: Path) -> Path:
    path = folder / "weights.npz"
    np.savez(path, **{"conv/kernel": np.ones((3, 3, 2, 4), "f4"), "conv/bias": np.zeros(4, "f4")})
    return path


def _read_weights(path: Path) -> None:
    for name, array in npz.read(path).items():
        assert isinstance(name, str)
        hold(array, array.shape, array.dtype.str)


@dataclass(frozen=True)
class Settings:
    """Every type that settings have."""

    training: settings.Training = field(default_factory=settings.Training)
    filters: tuple[int, ...] = (2, 3)
    channels: tuple[str, ...] = ("a", "b")
    share: float = 0.5
    flip: bool = True
    years: int | None = 2


def _settings(folder: Path) -> Path:
    (folder / "settings.json").write_text(settings.to_json(Settings()))
    return folder / "settings.json"


def _read_settings(path: Path) -> None:
    found = settings.read(path, Settings)
    again = settings.from_dict(json.loads(settings.to_json(found)), Settings, "again")
    assert repr(again) == repr(found)  # a NaN is not itself


def clear(text: str) -> bool:
    """Whether a message can be shown as one line."""
    return 10 < len(text) < 2000 and text.isprintable()


def words(text: str) -> bool:
    """Whether a trouble can be shown; the command line makes one line of it."""
    return isinstance(text, str) and len(text) > 10


TABLES = ("geopose_train.csv", "geopose_test.csv", "metadata.csv")
READERS = {
    "nsidc0051": Reader("", partial(_months, write_synthetic), partial(_counts, nsidc0051.FORMAT)),
    "nsidc0051_netcdf": Reader(
        "netcdf", partial(_months, write_v2), partial(_counts, nsidc0051_netcdf.FORMAT)
    ),
    "climate_record": Reader(
        "netcdf", partial(_months, write_climate_record), partial(_counts, climate_record.FORMAT)
    ),
    "contest_array": Reader(
        "npy", partial(_months, write_contest), partial(_counts, contest_array.FORMAT)
    ),
    "photo_jpg": Reader("", partial(_photo, suffix="jpg"), _read_photo),
    "photo_png": Reader("", partial(_photo, suffix="png"), _read_photo),
    "cloud_table": Reader("csv", _clouds, _read_clouds),
    "sar_scene": Reader("netcdf", partial(_scene, which="prep"), _read_scene),
    "sar_reference": Reader("netcdf", partial(_scene, which="reference"), _read_scene),
    "raw_scene": Reader("netcdf", test_raw_scene.write, _read_raw),
    "decoded_scene": Reader("zip", _decoded, _read_decoded),
    "icechart_upload": Reader("netcdf", _upload, _read_upload),
    "scene_shard": Reader("tfrecord", _scene_shard, _read_scene_shard),
    "scene_list": Reader("json", partial(_text, "list.json", [UPLOADED] * 3), _read_list),
    "scene_histograms": Reader(
        "json",
        partial(_text, "h.json", {UPLOADED: {chart: {"0": 5, "1": 7} for chart in CHARTS}}),
        _read_histograms,
    ),
    "frames": Reader("zip", _frames, _read_frames),
    "contest_features": Reader("zip", partial(_windows, which="features"), _read_windows),
    "contest_targets": Reader("zip", partial(_windows, which="targets"), _read_windows),
    "frame_shard": Reader("tfrecord", _frame_shard, _read_frame_shard),
    "npz": Reader("zip", _frames, _read_npz),
    "tiff_tiles": Reader("tiff", partial(_image, name="a.tif"), _read_raster),
    "tiff_strips": Reader("tiff", _agl, _read_raster),
    "tiff_plain": Reader("tiff", partial(_image, name="a.tif", compression=None), _read_raster),
    "tiff_lzw": Reader("tiff", partial(_image, name="a.tif", compression="tiff_lzw"), _read_raster),
    "jpeg_2000": Reader("", partial(_image, name="a.j2k"), _read_raster),
    "geopose_pose": Reader("json", _pose, _read_pose),
    **{t: Reader("csv", partial(_tiles, table=t), _read_tiles) for t in TABLES},
    "geopose_submission": Reader("targz", _submission, _read_submission),
    "geopose_shard": Reader("tfrecord", _tile_shard, _read_tile_shard),
    "regions_2021": Reader("", partial(_mask, header=0), _read_mask),
    "regions_sectors": Reader("", partial(_mask, header=300), _read_mask),
    "torch_zip": Reader("zip", _torch, _read_torch),
    "torch_legacy": Reader(
        "", lambda folder: test_torch_weights.write_legacy(folder / "w.pth"), _read_torch
    ),
    "settings": Reader("json", _settings, _read_settings),
    "weights": Reader("zip", _weights, _read_weights),
}
