import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from seaice_tf.errors import InputError
from seaice_tf.geopose.data import doctor as geopose_doctor
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data import synthetic as synthetic_city
from seaice_tf.geopose.data import synthetic_tiles
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES
from seaice_tf.grids.windows import Window

SIDE = 48


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Four labelled tiles of 48 x 48 pixels, one of each city, and one to be predicted."""
    folder = tmp_path_factory.mktemp("geopose") / "contest"
    synthetic_tiles.write(folder, 4, seed=3, side=SIDE, gsd=1.0, tests=1)
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """A copy to be damaged."""
    return shutil.copytree(made, tmp_path / "copy")


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_files_give_back_what_was_drawn(made):
    tiles = geopose_tiles.read_labelled(made)
    assert [tile.city for tile in tiles] == list(CITIES)
    assert all(tile.id.startswith(tile.city) for tile in tiles)
    for index, tile in enumerate(tiles):
        view = synthetic_city.tile(tile.city, 3, index, (SIDE, SIDE), gsd=1.0)
        read = geopose_tiles.view(tile)
        np.testing.assert_array_equal(read.image, view.image)
        np.testing.assert_allclose(read.agl, view.agl, atol=0.0051)
        assert read.pose == pytest.approx(view.pose)
        assert (read.gsd, tile.shape) == (1.0, (SIDE, SIDE))
    window = Window(5, 7, 20, 30)
    part = geopose_tiles.view(tiles[0], window)
    whole = geopose_tiles.view(tiles[0])
    np.testing.assert_array_equal(part.image, whole.image[window.slices])
    np.testing.assert_array_equal(part.agl, whole.agl[window.slices])
    assert "NOT OBSERVED" in geopose_tiles.title(made, 4)


def test_tiles_to_be_predicted(made, folder):
    (tile,) = geopose_tiles.read_unlabelled(made)
    assert tile.image.parent.name == "test"
    with pytest.raises(InputError, match="labelled"):
        geopose_tiles.read_agl(tile)
    (folder / geopose.TEST_TABLE).unlink()
    assert len(geopose_tiles.read_unlabelled(folder)) == 4


def test_a_converted_image_stands_for_the_one_in_the_table(folder):
    replaced(folder / geopose.LABELLED_TABLE, "_RGB.tif", "_RGB.j2k")
    assert geopose_tiles.read_labelled(folder)[0].image.suffix == ".tif"
    image = geopose_tiles.read_labelled(folder)[0].image
    pixels = np.asarray(Image.open(image))
    Image.fromarray(pixels).save(image.with_suffix(".j2k"))
    tile = geopose_tiles.read_labelled(folder)[0]
    assert tile.image.suffix == ".j2k"
    np.testing.assert_array_equal(geopose_tiles.read_image(tile), pixels)


def small_label(folder, first):
    tifffile.imwrite(folder / "train" / f"{first}_AGL.tif", np.zeros((8, 9), np.uint16))


def grey_image(folder, first):
    tifffile.imwrite(folder / "train" / f"{first}_RGB.tif", np.zeros((SIDE, SIDE), np.uint8))


def flow(text):
    return lambda folder, first: (folder / "train" / f"{first}_VFLOW.json").write_text(text)


def without(end):
    return lambda folder, first: (folder / "train" / f"{first}{end}").unlink()


def table(name, old, new):
    return lambda folder, first: replaced(folder / name, old.format(first), new.format(first))


TROUBLES = {
    "missing label": (without("_AGL.tif"), "no such file"),
    "missing image": (without("_RGB.tif"), "no such file"),
    "missing flow": (without("_VFLOW.json"), "expected a VFLOW file"),
    "NaN scale": (flow('{"scale": NaN, "angle": 1.0}'), "finite scale of at least 0, got nan"),
    "negative scale": (flow('{"scale": -1, "angle": 1.0}'), "of at least 0, got -1"),
    "a scale beyond all": (flow('{"scale": 1e307, "angle": 1.0}'), "got 1e.307"),
    "an angle beyond all": (flow(f'{{"scale": 1, "angle": {10**400}}}'), "finite angle"),
    "no angle": (flow('{"scale": 0.01}'), "finite angle, got None"),
    "text": (flow('{"scale": "0.01", "angle": 1}'), "got '0.01'"),
    "no object": (flow("[1, 2]"), "finite scale"),
    "no JSON": (flow("scale: 1"), "expected JSON"),
    "other size": (small_label, f"expected the {SIDE} x {SIDE} pixels"),
    "grey image": (grey_image, "expected 3 bands of uint8, got 1"),
    "unknown city": (table(geopose.METADATA, "{},ARG", "{},XYZ"), "expected the city ARG, ATL"),
    "no gsd": (table(geopose.METADATA, "{},ARG,1.0", "{},ARG,coarse"), "expected a gsd"),
    "no metadata": (table(geopose.METADATA, "{},ARG,1.0\n", ""), "expected a row for"),
    "empty cell": (table(geopose.METADATA, "{},ARG,1.0", "{},ARG,"), "mend the row"),
    "leaves the folder": (
        table(geopose.LABELLED_TABLE, ",{}_RGB.tif", ",../../{}_RGB.tif"),
        "inside its folder",
    ),
    "absolute": (table(geopose.LABELLED_TABLE, ",{}_AGL.tif", ",/etc/{}.tif"), "inside its folder"),
    "empty table": (
        lambda folder, _: (folder / geopose.METADATA).write_text(""),
        "expected the columns id, city, gsd, got no id",
    ),
    "no column": (table(geopose.LABELLED_TABLE, "id,rgb", "id,image"), "got no rgb"),
}


@pytest.mark.parametrize(("damage", "message"), TROUBLES.values(), ids=TROUBLES)
def test_troubles_are_input_errors(folder, damage, message):
    first = geopose_tiles.read_labelled(folder)[0].id
    damage(folder, first)
    with pytest.raises(InputError, match=message):
        geopose_tiles.read_labelled(folder)


def test_rows_given_twice_and_tables_that_are_missing(folder):
    path = folder / geopose.LABELLED_TABLE
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(InputError, match="each id once"):
        geopose_tiles.read_labelled(folder)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="rows of tiles"):
        geopose_tiles.read_labelled(folder)
    (folder / geopose.METADATA).unlink()
    with pytest.raises(InputError, match="expected a table"):
        geopose_tiles.read_labelled(folder)


def test_doctor_finds_all_troubles_and_counts_the_rest(folder):
    tiles = geopose_tiles.read_labelled(folder)
    flow("{}")(folder, tiles[1].id)
    agl = folder / "train" / f"{tiles[2].id}_AGL.tif"
    agl.write_bytes(agl.read_bytes()[:-400])
    found = geopose_doctor.examine(folder)
    assert [tile.city for tile in found.tiles] == ["ARG", "OMA"]
    assert len(found.troubles) == 2
    text = "\n".join(found.lines())
    assert "ATL: no tile" in text
    assert "2 of 48 x 48" in text
    known = geopose_tiles.read_agl(tiles[0])
    assert f"heights mean {np.nanmean(known):.1f} m" in text
    top = float(text.split("highest ")[1].split(",")[0])
    assert top == pytest.approx(np.nanmax(known), abs=0.11)


def test_doctor_of_a_good_folder_and_of_one_without_labels(made, folder):
    assert not geopose_doctor.examine(made).troubles
    (folder / geopose.LABELLED_TABLE).unlink()
    found = geopose_doctor.examine(folder)
    assert (len(found.tiles), found.facts) == (1, ())
    assert "heights" not in "\n".join(found.lines())


def framed(records) -> bytes:
    """As TFRecord frames them, with checks of zeros."""
    return b"".join(struct.pack("<Q", len(r)) + bytes(4) + r + bytes(4) for r in records)


def test_shards_give_back_the_tiles(made, tmp_path):
    tile = geopose_tiles.read_labelled(made)[1]
    path = tmp_path / "a.tfrecord"
    path.write_bytes(framed(geopose_shards.records(tile)))
    shard = geopose_shards.read(path)
    assert shard.facts == geopose_tiles.facts(tile)
    assert shard.facts.known == np.isfinite(geopose_tiles.read_agl(tile)).sum()
    window = Window(3, 4, 30, 20)
    for part in (None, window):
        expected, view = geopose_tiles.view(tile, part), shard.view(part)
        np.testing.assert_array_equal(view.image, expected.image)
        np.testing.assert_array_equal(view.agl, expected.agl)
        assert (view.pose, view.gsd) == (expected.pose, expected.gsd)
    for content in (b"", path.read_bytes()[:-9], framed([b"{}", b"", b""])):
        path.write_bytes(content)
        with pytest.raises(InputError, match="expected a shard"):
            geopose_shards.read(path)
    header, *pixels = geopose_shards.records(tile)
    for change in ({"gsd": "1"}, {"gsd": -1.0}, {"known": None}, {"square": float("inf")}):
        path.write_bytes(framed([json.dumps({**json.loads(header), **change}).encode(), *pixels]))
        with pytest.raises(InputError, match="no finite numbers"):
            geopose_shards.read(path)
    path.write_bytes(framed([b"7", *pixels]))
    with pytest.raises(InputError, match="expected a shard"):
        geopose_shards.read(path)
    with pytest.raises(InputError, match="not ended"):
        geopose_shards.find(tmp_path)


def test_real_flow_files(real_data):
    paths = sorted((real_data / "geopose").glob("*_VFLOW.json"))
    assert len(paths) == 11
    for path in paths:
        pose = geopose_tiles.read_pose(path)
        raw = json.loads(path.read_text())
        assert pose.scale == pytest.approx(100 * raw["scale"])
        assert pose.angle == pytest.approx(raw["angle"])
        assert geopose.encode_pose(pose) == pytest.approx(raw)
        assert 5 < np.degrees(np.arctan(pose.scale * 0.5)) < 45  # at half a metre a pixel
