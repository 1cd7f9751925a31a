import csv

import numpy as np
import pytest
from PIL import Image

from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data import rle, synthetic
from seaice_tf.clouds.data.labels import CLASSES, LABEL_SHAPE, SCORE_SHAPE
from seaice_tf.errors import InputError
from seaice_tf.files import photos as file_photos
from tests.clouds.conftest import edit


def test_masks_and_images_survive_a_round_trip(cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    assert len(photos) == 12
    assert photos.source == "synthetic, not observed, 12 images"
    picture, true = synthetic.photo(1, 3, (42, 63))
    np.testing.assert_array_equal(photos.truth(3, LABEL_SHAPE), true)
    np.testing.assert_array_equal(photos.present()[3], true.any(axis=(0, 1)))
    assert abs(photos.image(3).astype(int) - picture).mean() < 12  # JPEG
    assert photos.image(3, (21, 40)).shape == (21, 40, 3)
    assert photos.truths((35, 52)).shape == (12, 35, 52, 4)


def test_some_of_the_images(cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    some = photos.take(np.array([4, 2]))
    assert some.names == (photos.names[4], photos.names[2])
    np.testing.assert_array_equal(some.present(), photos.present()[[4, 2]])


def test_unlabelled_images(tmp_path):
    (tmp_path / "test_images").mkdir()
    (tmp_path / "sample_submission.csv").write_text("ignored")
    Image.new("RGB", (9, 6)).save(tmp_path / "test_images" / "b.jpg")
    Image.new("L", (5, 5)).save(tmp_path / "test_images" / "a.png")
    for folder in (tmp_path, tmp_path / "test_images"):
        photos = cloud_photos.read_unlabelled(folder)
        assert photos.names == ("a.png", "b.jpg")
        assert photos.image(0).shape == (5, 5, 3)
        assert photos.source == "Understanding Clouds from Satellite Images, 2 images"
    with pytest.raises(InputError, match="expected labelled images"):
        photos.truth(0, (4, 4))


def test_no_image_at_all(tmp_path):
    with pytest.raises(InputError, match="expected images"):
        cloud_photos.read_unlabelled(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: ["a,b", *lines[1:]], "expected the columns Image_Label,EncodedPixels"),
        (lambda lines: [], "expected the columns"),
        (lambda lines: lines[:1], "expected rows of labelled images, got none"),
        (lambda lines: [*lines, lines[1]], "line 50: expected one row for"),
        (lambda lines: [*lines, "x.jpg_Cirrus,"], "line 50: expected <image>_<Fish|Flower"),
        (lambda lines: [*lines, "_Fish,"], "line 50: expected <image>_<Fish|Flower"),
        (lambda lines: [*lines, "x.jpg_Fish,1 2,3"], "line 50: expected 2 columns, got 3"),
        (lambda lines: lines[:-1], "got none for Sugar"),
        (lambda lines: [*lines, *(f"../x.jpg_{k}," for k in CLASSES)], "got none for ../x.jpg"),
        (lambda lines: [*lines, "\0,"], "line 50: expected <image>_"),
    ],
)
def test_a_damaged_table_is_an_input_error(competition, change, message):
    edit(competition, change)
    with pytest.raises(InputError) as error:
        cloud_photos.read_labelled(competition)
    assert message in str(error.value)


def test_a_missing_table(tmp_path):
    with pytest.raises(InputError, match="got no such file"):
        cloud_photos.read_labelled(tmp_path)


def test_a_missing_image(competition):
    (competition / "train_images" / "0100002.jpg").unlink()
    with pytest.raises(InputError, match=r"got none for 0100002\.jpg"):
        cloud_photos.read_labelled(competition)


def test_an_invalid_code_is_reported_when_it_is_decoded(competition):
    edit(competition, lambda lines: [lines[0], lines[1].split(",")[0] + ",7", *lines[2:]])
    photos = cloud_photos.read_labelled(competition)
    with pytest.raises(InputError, match=r"train\.csv: 0100000\.jpg_Fish: expected pairs"):
        photos.truth(0, (4, 6))


def test_a_corrupt_image(competition):
    path = competition / "train_images" / "0100000.jpg"
    whole = path.read_bytes()
    for content in (b"", b"no image", whole[: len(whole) // 2]):
        path.write_bytes(content)
        for shape in (None, (7, 9)):
            with pytest.raises(InputError, match="expected an image"):
                file_photos.read_image(path, shape)


def test_an_image_too_large_for_a_photo(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (9000, 8000)).save(path)
    with pytest.raises(InputError, match="8000 x 9000 pixels are too many"):
        file_photos.read_image(path, (42, 63))


def test_a_code_longer_than_the_limit_of_the_csv_module(competition):
    usual = 1 << 17
    csv.field_size_limit(usual)
    dots = np.zeros(LABEL_SHAPE, bool)
    dots[::2, :40] = True
    code = rle.encode(dots)
    assert len(code) > usual
    edit(competition, lambda lines: [lines[0], f"{lines[1].split(',')[0]},{code}", *lines[2:]])
    photos = cloud_photos.read_labelled(competition)
    assert photos.codes[0][0] == code
    assert csv.field_size_limit() == usual


def test_the_real_folder(real_data):
    photos = cloud_photos.read_labelled(real_data / "clouds")
    assert photos.present().sum(axis=0).tolist() == [231, 202, 233, 291]
    assert photos.image(0).shape == (426, 640, 3)
    some = photos.take([0]).truths(SCORE_SHAPE)
    assert some[0, :, :, 0].mean() == pytest.approx(0.137, abs=0.001)
