"""Network, overlay and doctor see the same pixels, whatever the file."""

import dataclasses
import io
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from PIL import Image

from seaice_tf.clouds import cases, examples
from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data import synthetic
from seaice_tf.clouds.networks.serving import decode
from tests.files.pngs import png
from tests.files.test_image_formats import exif

SHAPE = (32, 48)


def picture():
    return synthetic.photo(3, 0, SHAPE)[0]


def deep(pixels):
    return pixels.astype(np.uint16) << 8 | 77


def clear(pixels):
    """With a transparent corner, whose hidden colour is bright."""
    alpha = np.full((*SHAPE, 1), 255, np.uint8)
    alpha[:10, :10] = 0
    shown = pixels.copy()
    shown[:10, :10] = 250
    return np.concatenate([shown, alpha], axis=-1)


def hidden(pixels):
    true = pixels.copy()
    true[:10, :10] = 0
    return true


def compressed(pixels, quality):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def write_tiff(path, pixels):
    tifffile.imwrite(path, pixels, photometric="rgb", compression="zlib")


# Name -> (writer of a file, the pixels that everybody has to see)
FILES = {
    "JPEG": (
        lambda path, p: Image.fromarray(p).save(path, "JPEG", quality=60),
        lambda p: compressed(p, 60),
    ),
    "8 bits": (lambda path, p: path.write_bytes(png(p)), lambda p: p),
    "16 bits": (lambda path, p: path.write_bytes(png(deep(p))), lambda p: p),
    "grey": (
        lambda path, p: path.write_bytes(png(p[..., 0].copy())),
        lambda p: np.repeat(p[..., :1], 3, axis=-1),
    ),
    "grey of 16 bits": (
        lambda path, p: path.write_bytes(png(deep(p[..., 0]))),
        lambda p: np.repeat(p[..., :1], 3, axis=-1),
    ),
    "alpha": (lambda path, p: path.write_bytes(png(clear(p))), hidden),
    "turned by EXIF": (
        lambda path, p: Image.fromarray(p).save(path, "PNG", exif=exif(6)),
        lambda p: np.rot90(p, -1),
    ),
    "TIFF": (write_tiff, lambda p: p),
    "TIFF of 16 bits": (lambda path, p: write_tiff(path, deep(p)), lambda p: p),
}


@pytest.mark.parametrize(("write", "true"), FILES.values(), ids=FILES)
def test_everybody_sees_the_same_pixels(tmp_path, cloud_settings, write, true):
    path = tmp_path / "a.jpg"
    write(path, picture())
    expected = true(picture())
    settings = dataclasses.replace(cloud_settings, data=str(tmp_path))
    (case,) = cases.future(settings)
    network = decode(case.inputs, *expected.shape[:2]).numpy()
    np.testing.assert_array_equal(network, expected)
    np.testing.assert_array_equal(case.context.image(), expected)
    found = cloud_doctor.examine(tmp_path)
    assert found.sizes == {expected.shape[1::-1]: 1}
    grey = np.asarray(Image.fromarray(np.ascontiguousarray(expected)).convert("L"))
    assert found.brightness[0] == pytest.approx(grey.mean(), abs=1.5)


def test_training_sees_what_prediction_sees(competition, cloud_settings):
    images = competition / "train_images"
    names = sorted(path.name for path in images.iterdir())
    pixels = np.asarray(Image.open(images / names[0]))
    (images / names[0]).write_bytes(png(deep(pixels)))
    Image.fromarray(pixels).save(images / names[1], exif=exif(3), quality=95)
    settings = dataclasses.replace(cloud_settings, data=str(competition))
    photos = examples.labelled(settings)
    fetch = examples.photo_examples(photos, settings, (8, 12)).fetch
    upright, turned = (fetch(tf.constant(i, tf.int64))[0].numpy() for i in (0, 1))
    true = tf.image.resize(pixels, upright.shape[:2], antialias=True).numpy()
    np.testing.assert_allclose(upright, true, atol=0.51)  # stored as bytes
    jpeg = tf.image.resize(compressed(pixels, 95), upright.shape[:2], antialias=True).numpy()
    np.testing.assert_allclose(turned, jpeg[::-1, ::-1], atol=0.51)


def test_a_tiff_by_its_own_name_is_found(tmp_path, cloud_settings):
    write_tiff(tmp_path / "a.tif", picture())
    shutil.copy(tmp_path / "a.tif", tmp_path / "b.tiff")
    settings = dataclasses.replace(cloud_settings, data=str(tmp_path))
    assert [case.name for case in cases.future(settings)] == ["a.tif", "b.tiff"]
