import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from seaice_tf.errors import InputError
from seaice_tf.geopose.data import synthetic
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, encode_pose
from seaice_tf.geopose.data.tiles import LABELLED_TABLE, METADATA, TEST_TABLE
from seaice_tf.grids.windows import Window

SIDE = 48  # pixels of the tiles


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_files_survive_a_round_trip(made):
    tiles = geopose_tiles.read_labelled(made)
    assert [tile.city for tile in tiles] == list(CITIES)
    assert all(tile.id.startswith(tile.city) for tile in tiles)
    for index, tile in enumerate(tiles):
        view = synthetic.tile(tile.city, 3, index, (SIDE, SIDE), gsd=1.0)
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


def test_unlabelled_tiles(made, folder):
    (tile,) = geopose_tiles.read_unlabelled(made)
    assert tile.image.parent.name == "test"
    with pytest.raises(InputError, match="labelled"):
        geopose_tiles.read_agl(tile)
    (folder / TEST_TABLE).unlink()
    assert len(geopose_tiles.read_unlabelled(folder)) == 4


def test_a_converted_image_replaces_the_listed_one(folder):
    replaced(folder / LABELLED_TABLE, "_RGB.tif", "_RGB.j2k")
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


PROBLEMS = {
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
    "unknown city": (
        table(METADATA, "{},ARG", "{},XYZ"),
        "expected the city ARG, ATL",
    ),
    "no gsd": (table(METADATA, "{},ARG,1.0", "{},ARG,coarse"), "expected a gsd"),
    "no metadata": (table(METADATA, "{},ARG,1.0\n", ""), "expected a row for"),
    "empty cell": (table(METADATA, "{},ARG,1.0", "{},ARG,"), "correct the row"),
    "leaves the folder": (
        table(LABELLED_TABLE, ",{}_RGB.tif", ",../../{}_RGB.tif"),
        "inside its folder",
    ),
    "absolute": (
        table(LABELLED_TABLE, ",{}_AGL.tif", ",/etc/{}.tif"),
        "inside its folder",
    ),
    "empty table": (
        lambda folder, _: (folder / METADATA).write_text(""),
        "expected the columns id, city, gsd, got no id",
    ),
    "no column": (table(LABELLED_TABLE, "id,rgb", "id,image"), "got no rgb"),
}


@pytest.mark.parametrize(("damage", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_input_errors(folder, damage, message):
    first = geopose_tiles.read_labelled(folder)[0].id
    damage(folder, first)
    with pytest.raises(InputError, match=message):
        geopose_tiles.read_labelled(folder)


def test_duplicate_rows_and_missing_tables(folder):
    path = folder / LABELLED_TABLE
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(InputError, match="each id once"):
        geopose_tiles.read_labelled(folder)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="rows of tiles"):
        geopose_tiles.read_labelled(folder)
    (folder / METADATA).unlink()
    with pytest.raises(InputError, match="expected a table"):
        geopose_tiles.read_labelled(folder)


def test_real_flow_files(real_data):
    paths = sorted((real_data / "geopose").glob("*_VFLOW.json"))
    assert len(paths) == 11
    for path in paths:
        pose = geopose_tiles.read_pose(path)
        raw = json.loads(path.read_text())
        assert pose.scale == pytest.approx(100 * raw["scale"])
        assert pose.angle == pytest.approx(raw["angle"])
        assert encode_pose(pose) == pytest.approx(raw)
        assert 5 < np.degrees(np.arctan(pose.scale * 0.5)) < 45  # at half a metre a pixel
