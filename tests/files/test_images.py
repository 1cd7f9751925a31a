import numpy as np
import pytest
import tifffile
from PIL import Image

from seaice_tf.errors import InputError
from seaice_tf.files import images, tiff
from seaice_tf.files.image_header import Header, readable
from seaice_tf.grids.windows import Window

WINDOW = Window(17, 30, 40, 25)
LAYOUTS = {
    "one strip": {},
    "plain strips": {"rowsperstrip": 16},
    "deflated strips": {"compression": "zlib", "rowsperstrip": 16},
    "predictor": {"compression": "zlib", "rowsperstrip": 16, "predictor": 2},
    "tiles": {"compression": "zlib", "tile": (32, 16)},
    "big endian": {"compression": "zlib", "tile": (32, 16), "byteorder": ">"},
    "big endian plain": {"byteorder": ">"},
}


def image(bands, kind):
    rng = np.random.default_rng(0)
    shape = (70, 61, bands) if bands > 1 else (70, 61)
    return rng.integers(0, np.iinfo(kind).max, shape, kind)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(("bands", "kind"), [(3, "uint8"), (1, "uint16")])
def test_windows_equal_the_whole_cut(tmp_path, layout, bands, kind):
    path, pixels = tmp_path / "a.tif", image(bands, kind)
    tifffile.imwrite(path, pixels, photometric="rgb" if bands > 1 else "minisblack", **layout)
    bits = 8 * np.dtype(kind).itemsize
    assert images.describe(path) == Header("TIFF", (70, 61), bands, bits)
    whole = images.read(path)
    np.testing.assert_array_equal(whole, pixels)
    assert whole.dtype == kind
    np.testing.assert_array_equal(images.read(path, WINDOW), pixels[WINDOW.slices])
    corner = Window(66, 60, 4, 1)
    np.testing.assert_array_equal(images.read(path, corner), pixels[corner.slices])


def test_bands_in_planes_and_what_pillow_decodes(tmp_path):
    pixels = image(3, "uint8")
    planes = np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(
        tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate", compression="zlib"
    )
    Image.fromarray(pixels).save(tmp_path / "b.tif", compression="tiff_lzw")
    Image.fromarray(pixels).save(tmp_path / "c.j2k")
    for name in ("a.tif", "b.tif", "c.j2k"):
        known = images.describe(tmp_path / name)
        assert (known.shape, known.bands, known.dtype) == ((70, 61), 3, "uint8")
        np.testing.assert_array_equal(images.read(tmp_path / name, WINDOW), pixels[WINDOW.slices])


def test_a_window_decodes_only_what_it_touches(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image(3, "uint8"), tile=(16, 16), compression="zlib", photometric="rgb")
    decoded = []
    original = tiff._segment
    monkeypatch.setattr(
        tiff, "_segment", lambda *args: (decoded.append(args[-1]), original(*args))[1]
    )
    images.read(path, Window(16, 16, 16, 32))
    assert decoded == [5, 6]  # of 5 x 4


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"hello there", lambda b: b""]
)
@pytest.mark.parametrize("name", ["a.tif", "a.j2k"])
def test_damage_is_an_input_error(tmp_path, damage, name):
    path = tmp_path / name
    pixels = image(3, "uint8")
    if name == "a.tif":
        tifffile.imwrite(path, pixels, rowsperstrip=8, compression="zlib", photometric="rgb")
    else:
        Image.fromarray(pixels).save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=name):
        images.read(path)


def test_other_troubles(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        images.describe(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "f.tif", np.zeros((4, 4), np.float32))
    with pytest.raises(InputError, match="pixels of float32"):
        images.describe(tmp_path / "f.tif")
    tifffile.imwrite(tmp_path / "g.tif", np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match="window inside"):
        images.read(tmp_path / "g.tif", Window(0, 0, 5, 4))


def tags(path, **changes):
    """Write some tags of a TIFF again."""
    with tifffile.TiffFile(path, mode="r+b") as file:
        for name, value in changes.items():
            file.pages.first.tags[name].overwrite(value)


LIES = {
    "a width that the bytes cannot hold": {"ImageWidth": 1 << 22},
    "tiles that the bytes cannot hold": {"TileLength": 1 << 28},
    "more tiles than there are": {"ImageLength": 700},
    "fewer tiles than there are": {"TileWidth": 64},
    "another order of bands": {"PlanarConfiguration": 2},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_tags_that_contradict_the_file_are_refused(tmp_path, lie):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image(3, "uint8"), compression="zlib", tile=(32, 16), photometric="rgb")
    tags(path, **lie)
    with pytest.raises(InputError, match=r"a\.tif: expected an image, got "):
        images.read(path)


def test_an_input_error_is_not_wrapped_in_another(tmp_path):
    (tmp_path / "a.png").touch()
    with (
        pytest.raises(InputError, match=r"^a sentence$"),
        readable(tmp_path / "a.png"),
    ):
        raise InputError("a sentence")
