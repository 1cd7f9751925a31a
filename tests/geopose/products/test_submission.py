import io
import json
import tarfile

import numpy as np
import pytest
import tifffile

from seaice_tf.errors import InputError
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import UNKNOWN, Pose
from seaice_tf.geopose.products import submission

POSE = Pose(1.25, 3.0)


def test_agl_files_have_the_challenge_s_format(tmp_path):
    agl = np.array([[-2, 0.004, 0.006], [12.345, 700, np.nan]])
    path = submission.write_agl(tmp_path / "a_AGL.tif", agl)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        assert (page.compression, page.dtype, page.shape) == (8, np.uint16, (2, 3))
    assert tifffile.imread(path).tolist() == [[0, 0, 1], [1234, 65534, 65535]]


def test_pose_files_are_in_pixels_per_centimetre(tmp_path):
    path = submission.write_pose(tmp_path / "a_VFLOW.json", Pose(1.25, -1.0))
    content = json.loads(path.read_text())
    assert content == pytest.approx({"scale": 0.0125, "angle": 2 * np.pi - 1})
    assert geopose_tiles.read_pose(path) == pytest.approx(Pose(1.25, 2 * np.pi - 1))


def archive_of(folder, ids=("ARG_a", "JAX_b"), shape=(20, 30)):
    files = []
    for identity in ids:
        agl = np.random.default_rng(0).random(shape) * 20
        files += submission.write_tile(folder, identity, agl, POSE)
    return submission.write_archive(folder / "submission.tar.gz", files)


def test_a_submission_is_valid_and_deterministic(tmp_path):
    first = archive_of(tmp_path / "a")
    assert submission.validate(first, {"ARG_a": (20, 30), "JAX_b": (20, 30)}) == []
    assert first.read_bytes() == archive_of(tmp_path / "b").read_bytes()
    agl, pose = submission.read(tmp_path / "a", "ARG_a")
    assert agl.shape == (20, 30)
    assert pose == pytest.approx(POSE)
    with pytest.raises(InputError, match="OMA_c_AGL"):
        submission.read(tmp_path / "a", "OMA_c")


def test_problems_of_a_submission_are_reported(tmp_path):
    path = archive_of(tmp_path / "a", ids=("ARG_a",))

    def add(archive, name, content):
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    image = io.BytesIO()
    tifffile.imwrite(image, np.full((20, 31), UNKNOWN, np.uint16))
    with tarfile.open(path, "w:gz") as archive:
        add(archive, "ARG_a_AGL.tif", image.getvalue())
        add(archive, "ARG_a_VFLOW.json", b'{"scale": NaN, "angle": 1}')
        add(archive, "ARG_a_VFLOW.json", b"scale")
        add(archive, "../evil_AGL.tif", b"")
        add(archive, "OMA_b_AGL.tif", b"no image")
        link = tarfile.TarInfo("OMA_b_VFLOW.json")
        link.type, link.linkname = tarfile.LNKTYPE, "/etc/passwd"
        archive.addfile(link)
    shapes = dict.fromkeys(("ARG_a", "OMA_b", "JAX_c"), (20, 30))
    found = submission.validate(path, shapes)
    for expected in (
        "ARG_a_AGL.tif: expected 20 x 30 pixels, got 20 x 31",
        "expected deflate",
        "expected a height at every pixel",
        "ARG_a_VFLOW.json: expected a finite scale",
        "ARG_a_VFLOW.json: expected JSON",
        "ARG_a_VFLOW.json occurs 2 times",
        "../evil_AGL.tif is not an expected file",
        "OMA_b_AGL.tif: expected an image",
        "OMA_b_VFLOW.json: expected a file of at most",
        "expected JAX_c_VFLOW.json, got none",
    ):
        assert any(expected in problem for problem in found), expected
    path.write_bytes(b"no archive")
    assert "expected a .tar.gz" in submission.validate(path, {})[0]
