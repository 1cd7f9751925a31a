import io
import json
import tarfile

import numpy as np
import pytest
import tifffile

from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data import rectify
from seaice_tf.geopose.data import synthetic as synthetic_city
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import Pose
from seaice_tf.geopose.products import maps as geopose_maps
from seaice_tf.geopose.products import submission as geopose_submission
from seaice_tf.geopose.products import tiles as geopose_products

POSE = Pose(1.25, 3.0)


@pytest.fixture(scope="module")
def view():
    return synthetic_city.tile("OMA", 1, 0, (64, 56), gsd=1.0)


def test_agl_files_are_as_the_contest_has_them(tmp_path):
    agl = np.array([[-2, 0.004, 0.006], [12.345, 700, np.nan]])
    path = geopose_products.write_agl(tmp_path / "a_AGL.tif", agl)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        assert (page.compression, page.dtype, page.shape) == (8, np.uint16, (2, 3))
    assert tifffile.imread(path).tolist() == [[0, 0, 1], [1234, 65534, 65535]]


def test_pose_files_are_in_pixels_a_centimetre(tmp_path):
    path = geopose_products.write_pose(tmp_path / "a_VFLOW.json", Pose(1.25, -1.0))
    content = json.loads(path.read_text())
    assert content == pytest.approx({"scale": 0.0125, "angle": 2 * np.pi - 1})
    assert geopose_tiles.read_pose(path) == pytest.approx(Pose(1.25, 2 * np.pi - 1))


def submission(folder, ids=("ARG_a", "JAX_b"), shape=(20, 30)):
    files = []
    for identity in ids:
        agl = np.random.default_rng(0).random(shape) * 20
        files += geopose_products.write(folder, identity, agl, POSE)
    return geopose_products.write_submission(folder / "submission.tar.gz", files)


def test_a_submission_is_faultless_and_the_same_twice(tmp_path):
    first = submission(tmp_path / "a")
    assert geopose_submission.troubles(first, {"ARG_a": (20, 30), "JAX_b": (20, 30)}) == []
    assert first.read_bytes() == submission(tmp_path / "b").read_bytes()
    agl, pose = geopose_submission.read(tmp_path / "a", "ARG_a")
    assert agl.shape == (20, 30)
    assert pose == pytest.approx(POSE)
    assert geopose_submission.read(tmp_path / "a", "OMA_c") is None


def test_troubles_of_a_submission_are_told(tmp_path):
    path = submission(tmp_path / "a", ids=("ARG_a",))

    def add(archive, name, content):
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    image = io.BytesIO()
    tifffile.imwrite(image, np.full((20, 31), geopose.UNKNOWN, np.uint16))
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
    found = geopose_submission.troubles(path, shapes)
    for expected in (
        "ARG_a_AGL.tif: expected 20 x 30 pixels, got 20 x 31",
        "expected deflate",
        "expected a height at every pixel",
        "ARG_a_VFLOW.json: expected a finite scale",
        "ARG_a_VFLOW.json: expected JSON",
        "ARG_a_VFLOW.json is there 2 times",
        "../evil_AGL.tif is no file that is expected",
        "OMA_b_AGL.tif: expected an image",
        "OMA_b_VFLOW.json: expected a file of at most",
        "expected JAX_c_VFLOW.json, got none",
    ):
        assert any(expected in trouble for trouble in found), expected
    path.write_bytes(b"no archive")
    assert "expected a .tar.gz" in geopose_submission.troubles(path, {})[0]


def test_sheets_are_drawn(tmp_path, view):
    rectified = rectify.rectify(view.image, view.agl, view.pose)
    plain = geopose_maps.Sheet("a", view.image, view.agl, view.pose, rectified)
    judged = plain._replace(true=np.fmax(view.agl - 1, 0), true_pose=POSE)
    assert len(geopose_maps.figure([plain, judged], "two tiles").axes) == 2 * 6 + 3
    assert geopose_maps.write(tmp_path / "a.png", [plain], "one").stat().st_size > 10_000


def test_arrows_point_from_roofs_to_their_feet(view):
    agl = np.zeros_like(view.agl)
    agl[8, 50] = 10  # leans up and to the right: its foot is down to the left
    pose = Pose(1.0, 7 * np.pi / 4)
    rectified = rectify.rectify(view.image, agl, pose)
    sheet = geopose_maps.Sheet("a", view.image, agl, pose, rectified)
    (arrows,) = (c for c in geopose_maps.figure([sheet], "").axes[0].collections)
    assert arrows.XY.tolist() == [[50, 8]]
    assert arrows.U[0] == pytest.approx(-10 / np.sqrt(2))
    assert arrows.V[0] == pytest.approx(10 / np.sqrt(2))
