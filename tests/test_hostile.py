"""Nothing that is read runs as a program, is written elsewhere, or fills the memory or the disk.

Each sample is what somebody would send who means harm; the answer is one InputError.
"""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
import zlib

import netCDF4
import numpy as np
import pytest
import tifffile
from PIL import Image

from seaice_tf import settings as settings_file
from seaice_tf.cli import main as cli
from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.products import submission as cloud_submission
from seaice_tf.errors import InputError
from seaice_tf.files import images, npz, tfrecords
from seaice_tf.files import photos as file_photos
from seaice_tf.files import tiff as tiff_files
from seaice_tf.forecast.data import dacon
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.products import submission
from seaice_tf.icechart.data import decoded_scene, scene
from seaice_tf.icechart.data import shards as scene_shards
from seaice_tf.networks import weights
from seaice_tf.nowcast.data import frames
from seaice_tf.runs import checkpoint, folder, report_cases
from seaice_tf.tasks import TASKS


class Program:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return (os.mkdir, (self.mark,))


@pytest.fixture
def mark(tmp_path):
    """What a program that ran would have made; at the end it is not there."""
    path = tmp_path / "it_ran"
    yield path
    assert not path.exists()


PICKLED = {
    "weights": (lambda path: weights.read_npz(path), "weights.npz"),
    "checkpoint": (lambda path: checkpoint.restore(path, None), "checkpoint.npz"),
    "frames": (lambda path: frames.read(path), "frames.npz"),
    "features": (lambda path: npz.mapped(path, "data"), "features.npz"),
    "decoded scene": (decoded_scene.read, "20180124T194759_dmi_decoded_9x9.npz"),
}


@pytest.mark.parametrize("kind", PICKLED)
def test_a_pickled_npz_is_not_run(kind, tmp_path, mark):
    read, name = PICKLED[kind]
    program = np.array([Program(mark)], object)
    np.savez(tmp_path / name, data=program, time=program, state=program, HH=program)
    with pytest.raises(InputError):
        read(tmp_path / name)


def test_a_pickled_npy_is_not_run(tmp_path, mark):
    np.save(tmp_path / "201801.npy", np.array([Program(mark)], object))
    with pytest.raises(InputError):
        dacon.read(tmp_path / "201801.npy", None)


def test_pickles_in_zarr_are_not_run(tmp_path, mark):
    place = tmp_path / "a.zarr" / "data"
    place.mkdir(parents=True)
    facts = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "order": "C"}
    facts |= {"compressor": None, "fill_value": None, "filters": [{"id": "pickle"}]}
    (place / ".zarray").write_text(json.dumps(facts))
    (place / "0").write_bytes(pickle.dumps(np.array([Program(mark)], object)))
    with pytest.raises(InputError, match="got pickles, which are programs"):
        frames.read(tmp_path / "a.zarr")


@pytest.mark.parametrize("text", ['"!!python/object:os.system"', "[" * 99_999, '{"__class__": 1}'])
def test_settings_hold_values_only(text, tmp_path):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(InputError, match="expected"):
        settings_file.read(tmp_path / "s.json", TASKS["clouds"].settings)


@pytest.mark.parametrize("task", TASKS)
def test_an_object_in_place_of_any_setting_is_refused(task):
    kind = TASKS[task].settings
    for name in json.loads(settings_file.to_json(kind())):
        with pytest.raises(InputError, match=name):
            settings_file.from_dict({name: {"__reduce__": ["os.system", "id"]}}, kind, "s.json")


def bomb(path, size):
    """A deflated npz member of zeros that claims, and is, `size` bytes."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (size,)}
    )
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data.npy", "w", force_zip64=True) as member,
    ):
        member.write(head.getvalue())
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))


@pytest.mark.parametrize("read", [weights.read_npz, lambda path: npz.mapped(path, "data")])
def test_a_zip_bomb_is_not_unpacked(read, tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "MODEST", 1 << 20)  # the real limit would take a second to reach
    bomb(tmp_path / "a.npz", 8 << 20)
    with pytest.raises(InputError, match="no more than 100 times its size unpacked, got 8"):
        read(tmp_path / "a.npz")


def test_members_with_paths_stay_in_the_archive(tmp_path):
    path = tmp_path / "sub" / "a.npz"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../out.npy", "/tmp/out.npy", "data.npy"):
            content = io.BytesIO()
            np.save(content, np.arange(3))
            archive.writestr(name, content.getvalue())
    np.testing.assert_array_equal(npz.mapped(path, "data"), [0, 1, 2])
    weights.read_npz(path)
    assert [p.name for p in tmp_path.iterdir()] == ["sub"]
    assert [p.name for p in path.parent.iterdir()] == ["a.npz"]


def tarred(path, *entries):
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_an_archive_of_predictions_is_looked_at_and_not_unpacked(tmp_path):
    entries = [
        ("../out.tif", tarfile.REGTYPE, b"x"),
        ("/tmp/out.tif", tarfile.REGTYPE, b"x"),
        ("a_AGL.tif", tarfile.SYMTYPE, b""),
        ("a_VFLOW.json", tarfile.LNKTYPE, b""),
    ]
    path = tarred(tmp_path / "a.tar.gz", *entries)
    found = "\n".join(submission.validate(path, {"a": (8, 8)}))
    assert "../out.tif is not an expected file" in found
    assert "/tmp/out.tif is not an expected file" in found
    assert "a_AGL.tif: expected a file" in found
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar.gz"]


def test_a_gzip_bomb_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "UNPACKED", 1 << 20)
    path = tarred(tmp_path / "a.tar.gz", ("b", tarfile.REGTYPE, bytes(16 << 20)))
    assert "bytes unpacked" in submission.validate(path, {})[-1]


def test_image_bombs_are_not_decoded(tmp_path, monkeypatch):
    side = 40_000
    png = Image.new("1", (8, 8))
    content = io.BytesIO()
    png.save(content, "PNG")
    head = bytearray(content.getvalue())
    head[16:24] = struct.pack(">II", side, side)
    head[29:33] = struct.pack(">I", zlib.crc32(bytes(head[12:29])))
    (tmp_path / "a.png").write_bytes(head)
    with pytest.raises(InputError, match="expected an image"):
        file_photos.read_image(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8), np.uint8), compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as tiff:
        for tag in ("ImageWidth", "ImageLength"):
            tiff.pages.first.tags[tag].overwrite(side)
    with pytest.raises(InputError, match=r"exceeds limit|40000 x 40000 pixels"):
        images.read(tmp_path / "a.tif")
    monkeypatch.setattr(tiff_files, "UNPACKED", 1 << 16)
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((512, 512), np.uint8), compression="zlib")
    with pytest.raises(InputError, match="a strip of more than"):
        images.read(tmp_path / "b.tif")


@pytest.mark.parametrize("name", ["/etc/passwd", "../../a.tif", "..\\a.tif"])
def test_a_table_names_files_of_its_folder_only(name, tmp_path):
    (tmp_path / "geopose_test.csv").write_text(f"id,rgb\na,{name}\n")
    (tmp_path / "metadata.csv").write_text("id,city,gsd\na,JAX,0.4\n")
    with pytest.raises(InputError, match="expected files inside its folder"):
        geopose_tiles.read_unlabelled(tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "=cmd()"])
def test_a_table_of_masks_names_images_that_are_there(name, tmp_path):
    rows = "".join(f"{name}_{kind},\n" for kind in ("Fish", "Flower", "Gravel", "Sugar"))
    (tmp_path / "train.csv").write_text("Image_Label,EncodedPixels\n" + rows)
    (tmp_path / "train_images").mkdir()
    with pytest.raises(InputError):
        cloud_photos.read_labelled(tmp_path)


@pytest.mark.parametrize("name", ["=HYPERLINK(1).jpg", "@SUM(1).jpg", "+1.jpg", "-1.jpg"])
def test_no_table_is_written_that_a_spreadsheet_runs(name, tmp_path):
    with pytest.raises(InputError, match="a formula; rename the image"):
        cloud_submission.write(tmp_path / "submission.csv", {name: [""] * 4})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../a.tfrecord", "/etc/passwd", ".."])
def test_a_manifest_names_shards_of_its_folder_only(name, tmp_path):
    content = {"channels": [], "factor": 5, "shards": {name: {"sha256": "0" * 64}}}
    (tmp_path / tfrecords.MANIFEST).write_text(json.dumps(content))
    with pytest.raises(InputError, match="expected names of shards"):
        scene_shards.find(tmp_path, (), 5)


def test_a_scene_of_endless_dimensions_is_not_read(tmp_path):
    path = tmp_path / "20180124T194759_dmi_prep.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name in ("lines", "samples"):
            data.createDimension(name, 1 << 20)
        data.createVariable("nersc_sar_primary", "f4", ("lines", "samples"), chunksizes=(64, 64))
    with pytest.raises(InputError, match="expected at most"):
        scene.describe(path)


@pytest.mark.parametrize("address", ["http://localhost:9/a.nc", "https://x.invalid/a_prep.nc"])
@pytest.mark.parametrize("task", TASKS)
def test_an_address_is_not_fetched(task, address, capsys):
    assert cli.main(["doctor", task, "--data", address]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["logs", "saved_model", "model_card.md", "weights.npz"])
def test_a_run_with_a_link_to_others_files_is_refused(name, tmp_path, unet_settings):
    outside = tmp_path / "outside"
    outside.mkdir()
    for run in (tmp_path / "run", folder.partial(tmp_path / "new")):
        run.mkdir()
        folder.write_json(run / folder.MANIFEST, {"task": "forecast"})
        (run / name).symlink_to(outside)
    with pytest.raises(InputError, match=f"got a link from {name} to {outside}"):
        folder.open_run(tmp_path / "run", TASKS["forecast"])
    with pytest.raises(InputError, match="got a link"):
        folder.begin(tmp_path / "new", unet_settings)
    assert not list(outside.iterdir())


def test_a_link_is_replaced_and_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "scores.json").symlink_to(tmp_path / "precious")
    folder.write_json(tmp_path / "scores.json", {})
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "scores.json").is_symlink()


@pytest.mark.parametrize("content", [{"scores": {"a": "<script>"}, "baselines": {}}, [], {}, "a"])
def test_scores_are_numbers(content, tmp_path):
    folder.write_json(tmp_path / "scores.json", content)
    with pytest.raises(InputError, match="restore the file"):
        report_cases.read_scores(tmp_path / "scores.json")
