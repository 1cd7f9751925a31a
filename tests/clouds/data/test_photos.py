import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data import masks, rle
from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data import synthetic as synthetic_clouds
from seaice_tf.clouds.data.classes import CLASSES, LABEL_SHAPE, SCORE_SHAPE, join_label
from seaice_tf.clouds.products import submission as submission_writer
from seaice_tf.clouds.products import submission_check
from seaice_tf.errors import InputError
from seaice_tf.files import photos as file_photos


@pytest.fixture
def contest(tmp_path, cloud_folder):
    """A copy that a test may damage."""
    return shutil.copytree(cloud_folder, tmp_path / "contest")


def edit(folder, change):
    """Rewrite the lines of train.csv, header first, by a function of their list."""
    path = folder / "train.csv"
    path.write_text("".join(line + "\n" for line in change(path.read_text().splitlines())))


def test_masks_and_images_come_back_as_they_were_made(cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    assert len(photos) == 12
    assert photos.source == "synthetic, not observed, 12 images"
    picture, true = synthetic_clouds.photo(1, 3, (42, 63))
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


def test_images_to_be_predicted(tmp_path):
    (tmp_path / "test_images").mkdir()
    (tmp_path / "sample_submission.csv").write_text("not looked at")
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
    ("change", "told"),
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
def test_a_damaged_table_is_told(contest, change, told):
    edit(contest, change)
    with pytest.raises(InputError) as error:
        cloud_photos.read_labelled(contest)
    assert told in str(error.value)


def test_a_missing_table(tmp_path):
    with pytest.raises(InputError, match="got no such file"):
        cloud_photos.read_labelled(tmp_path)


def test_a_missing_image(contest):
    (contest / "train_images" / "0100002.jpg").unlink()
    with pytest.raises(InputError, match=r"got none for 0100002\.jpg"):
        cloud_photos.read_labelled(contest)


def test_a_bad_code_is_told_when_it_is_decoded(contest):
    edit(contest, lambda lines: [lines[0], lines[1].split(",")[0] + ",7", *lines[2:]])
    photos = cloud_photos.read_labelled(contest)
    with pytest.raises(InputError, match=r"train\.csv: 0100000\.jpg_Fish: expected pairs"):
        photos.truth(0, (4, 6))


def test_a_corrupt_image(contest):
    path = contest / "train_images" / "0100000.jpg"
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


def test_a_code_longer_than_the_csv_module_likes(contest):
    usual = csv.field_size_limit()
    dots = np.zeros(LABEL_SHAPE, bool)
    dots[::2, :40] = True
    code = rle.encode(dots)
    assert len(code) > usual
    edit(contest, lambda lines: [lines[0], f"{lines[1].split(',')[0]},{code}", *lines[2:]])
    photos = cloud_photos.read_labelled(contest)
    assert photos.codes[0][0] == code
    assert csv.field_size_limit() == usual


def test_the_doctor_tells_everything_at_once(contest):
    images = contest / "train_images"
    (images / "0100002.jpg").unlink()
    (images / "0100003.jpg").write_bytes(b"no image")
    shutil.copy(images / "0100004.jpg", images / "other.jpg")
    edit(contest, lambda lines: [lines[0], lines[1].split(",")[0] + ",0 1", *lines[2:], "x,y,z"])
    findings = cloud_doctor.examine(contest)
    assert len(findings.names) == 10
    told = "\n".join(findings.troubles)
    for part in (
        "0100002.jpg: expected an",
        "0100003.jpg: expected an",
        "other.jpg: expected rows",
    ):
        assert part in told
    for part in ("0100000.jpg_Fish: expected starts", "line 50: expected 2 columns"):
        assert part in told
    assert len(findings.troubles) == 5


def test_the_doctor_counts(cloud_folder):
    findings = cloud_doctor.examine(cloud_folder)
    photos = cloud_photos.read_labelled(cloud_folder)
    assert findings.troubles == ()
    assert findings.sizes == {(63, 42): 12}
    np.testing.assert_array_equal(findings.areas > 0, photos.present())
    assert sum(number for _, number in findings.combinations) == 12
    true = photos.truths(cloud_doctor.GRID)
    fish, sugar = true[..., 0], true[..., 3]
    assert findings.shared[0, 3] == pytest.approx((fish & sugar).sum() / fish.sum())
    assert np.isnan(findings.inside[~photos.present()]).all()
    assert any(line.startswith("Flower: ") for line in findings.lines())


def test_the_doctor_looks_at_images_without_labels(tmp_path):
    Image.new("RGB", (9, 6), (10, 10, 10)).save(tmp_path / "a.png")
    findings = cloud_doctor.examine(tmp_path)
    assert findings.lines() == [
        "Understanding Clouds from Satellite Images, 1 images: 1 of 9 x 6; mean grey 10 of 255"
    ]


def test_a_submission_is_validated(tmp_path):
    full = masks.resize(np.ones((3, 3), bool), SCORE_SHAPE)
    layers = np.stack([full, ~full, ~full, full], axis=-1)
    path = submission_writer.write(
        tmp_path / "submission.csv", {"b.jpg": submission_writer.encode(layers), "a.jpg": [""] * 4}
    )
    assert path.read_text().splitlines()[:6] == [
        "Image_Label,EncodedPixels",
        *(join_label("a.jpg", kind) + "," for kind in CLASSES),
        "b.jpg_Fish,1 183750",
    ]
    assert submission_check.validate_submission(path) == []
    assert submission_check.validate_submission(path, ["a.jpg", "b.jpg"]) == []
    told = submission_check.validate_submission(path, ["a.jpg", "c.jpg"])
    assert "got none of c.jpg" in told[0]
    assert "got others of b.jpg" in told[1]
    path.write_text(path.read_text().replace("1 183750", "2 183750") + "a.jpg_Fish,\n")
    told = submission_check.validate_submission(path)
    assert [("one row for" in line, "350 x 525" in line) for line in told] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert "no such file" in submission_check.validate_submission(tmp_path / "none.csv")[0]


def test_the_real_folder(real_data):
    photos = cloud_photos.read_labelled(real_data / "clouds")
    assert photos.present().sum(axis=0).tolist() == [231, 202, 233, 291]
    assert photos.image(0).shape == (426, 640, 3)
    some = photos.take([0]).truths(SCORE_SHAPE)
    assert some[0, :, :, 0].mean() == pytest.approx(0.137, abs=0.001)
