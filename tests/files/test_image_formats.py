"""Every format by its content, in its own depth, and the right way up."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from seaice_tf.errors import InputError
from seaice_tf.files import images, photos
from seaice_tf.grids.windows import Window
from tests.files.pngs import png

SHAPE = (9, 14)
WINDOW = Window(2, 3, 4, 5)


def drawn(bands, kind):
    shape = (*SHAPE, bands) if bands > 1 else SHAPE
    return np.random.default_rng(bands).integers(0, np.iinfo(kind).max, shape, kind, True)


def exif(orientation):
    tags = Image.Exif()
    tags[images.ORIENTATION] = orientation
    return tags.tobytes()


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_a_png_of_any_depth_and_bands_keeps_its_pixels(tmp_path, bands, kind):
    path, pixels = tmp_path / "a.png", drawn(bands, kind)
    path.write_bytes(png(pixels))
    known = images.describe(path)
    assert (known.shape, known.bands, known.dtype) == (SHAPE, bands, kind)
    assert known.highest == np.iinfo(kind).max
    assert known.alpha == (bands in (2, 4))
    np.testing.assert_array_equal(images.read(path), pixels)
    np.testing.assert_array_equal(images.read(path, WINDOW), pixels[WINDOW.slices])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "lzw.tif"])
def test_orientation_is_applied(tmp_path, kind, orientation):
    path, pixels = tmp_path / f"a.{kind}", (drawn(1, "uint8") >> 7) * np.uint8(255)
    if kind == "tif":
        tifffile.imwrite(path, pixels, extratags=[(274, 3, 1, orientation, True)])
    elif kind == "lzw.tif":
        Image.fromarray(pixels).save(path, compression="tiff_lzw", tiffinfo={274: orientation})
    else:
        Image.fromarray(pixels).save(path, exif=exif(orientation), quality=100)
    stored = Image.fromarray(pixels)
    stored.getexif()[images.ORIENTATION] = orientation
    true = np.asarray(ImageOps.exif_transpose(stored))
    assert images.describe(path).shape == true.shape
    pixels = images.read(path)
    np.testing.assert_array_equal(pixels > 127, true > 127)  # a JPEG is not exact
    np.testing.assert_array_equal(images.read(path, WINDOW), pixels[WINDOW.slices])
    np.testing.assert_array_equal(photos.read_image(path, mode="L"), pixels)


def test_orientation_behind_the_pixels_of_a_png(tmp_path):
    path, pixels = tmp_path / "a.png", drawn(1, "uint16")
    whole, end = png(pixels)[:-12], png(pixels)[-12:]
    body = exif(6).removeprefix(b"Exif\0\0")
    chunk = png(pixels, (b"eXIf", body))
    chunk = chunk[33 : 33 + 12 + len(body)]
    path.write_bytes(whole + chunk + end)
    np.testing.assert_array_equal(images.read(path), np.rot90(pixels, -1))


def test_damaged_exif_data_are_no_reason_to_refuse_a_photo(tmp_path):
    pixels = drawn(1, "uint8")
    path = written("a.png", png(pixels, (b"eXIf", b"no TIFF at all")), tmp_path)
    np.testing.assert_array_equal(images.read(path), pixels)
    path = written("a.jpg", saved(pixels, "JPEG", exif=b"Exif\0\0neither"), tmp_path)
    assert images.describe(path).orientation == 1


def jpeg2000(pixels, bits):
    """A lossless codestream of fewer bits than 16, whose level is half the range of its bits."""
    level = (1 << 15) - (1 << (bits - 1))
    stream = io.BytesIO()
    Image.fromarray((pixels + level).astype(np.uint16)).save(stream, "JPEG2000", no_jp2=True)
    content = bytearray(stream.getvalue())
    content[images.SIZ_DEPTH] = bits - 1
    return bytes(content)


@pytest.mark.parametrize("bits", [10, 12, 15, 16])
def test_jpeg_2000_of_any_depth_is_read_in_its_own_range(tmp_path, bits):
    path = tmp_path / "a.j2k"
    pixels = drawn(1, "uint16") >> (16 - bits)
    path.write_bytes(jpeg2000(pixels, bits))
    known = images.describe(path)
    assert (known.bits, known.highest, known.dtype) == (bits, 2**bits - 1, "uint16")
    np.testing.assert_array_equal(images.read(path), pixels)
    np.testing.assert_array_equal(photos.read_image(path, mode="L"), pixels >> (bits - 8))


def written(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def saved(pixels, kind, **options):
    stream = io.BytesIO()
    if kind == "TIFF":
        tifffile.imwrite(stream, pixels, photometric="rgb")
    else:
        Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "j2k"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
def test_the_name_says_nothing_about_the_format(tmp_path, kind, suffix):
    pixels = drawn(3, "uint8")
    path = written(f"a.{suffix}", saved(pixels, kind), tmp_path)
    np.testing.assert_array_equal(images.read(path), pixels)
    np.testing.assert_array_equal(photos.read_image(path), pixels)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (saved(np.zeros((4, 4), np.uint8), "GIF"), "starts with b'GIF8"),
        (b"<html>log in</html>", "starts with b'<html>"),
        (png(drawn(3, "uint16"))[:99], "expected an image, got"),
    ],
)
def test_other_content_is_refused_in_one_line(tmp_path, content, message):
    path = written("a.jpg", content, tmp_path)
    for reader in (images.read, photos.read_image, photos.encoded):
        with pytest.raises(InputError, match=message):
            reader(path)


def test_white_is_zero_in_some_tiffs(tmp_path):
    pixels = drawn(1, "uint16")
    tifffile.imwrite(tmp_path / "a.tif", 65535 - pixels, photometric="miniswhite")
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), pixels)


def test_luminance_keeps_the_counts_of_16_bits(tmp_path):
    pixels = np.full((*SHAPE, 4), 1000, np.uint16)
    pixels[0] = 65535
    pixels[1, :, 3] = 0  # transparent
    pixels[2:, :, 3] = 65535
    grey, highest = images.read_grey(written("a.png", png(pixels), tmp_path))
    assert highest == 65535
    np.testing.assert_allclose(grey[:3, 0], [65535, 0, 1000], rtol=1e-6)


def test_photos_of_16_bits_give_their_high_byte_and_dark_ones_are_refused(tmp_path):
    pixels = drawn(3, "uint16")
    path = written("a.png", png(pixels), tmp_path)
    np.testing.assert_array_equal(photos.read_image(path), pixels >> 8)
    path = written("b.png", png(pixels >> 6), tmp_path)  # counts of 10 bits
    with pytest.raises(InputError, match=r"range of its 16 bits, .* got counts up to 10\d\d;"):
        photos.read_image(path)


def test_a_transparent_colour_is_black(tmp_path):
    pixels = drawn(3, "uint16")
    clear = pixels[3, 4].astype(">u2").tobytes()
    path = written("a.png", png(pixels, (b"tRNS", clear)), tmp_path)
    true = pixels >> 8
    true[3, 4] = 0
    np.testing.assert_array_equal(photos.read_image(path), true)


def test_encoded_photos_decode_to_the_same_pixels(tmp_path):
    plain = written("a.jpg", saved(drawn(3, "uint8"), "JPEG"), tmp_path)
    assert photos.encoded(plain) == plain.read_bytes()
    others = {
        "16 bits": png(drawn(3, "uint16")),
        "alpha": png(drawn(4, "uint8")),
        "grey, alpha, 16 bits": png(drawn(2, "uint16")),
        "turned": saved(drawn(3, "uint8"), "JPEG", exif=exif(8)),
        "TIFF": saved(drawn(3, "uint8"), "TIFF"),
    }
    for name, content in others.items():
        path = written("b.jpg", content, tmp_path)
        again = np.asarray(Image.open(io.BytesIO(photos.encoded(path))))
        np.testing.assert_array_equal(again, photos.read_image(path), err_msg=name)
