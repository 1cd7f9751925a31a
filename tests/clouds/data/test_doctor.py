import shutil

import numpy as np
import pytest
from PIL import Image

from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data import photos as cloud_photos
from tests.clouds.conftest import edit


def test_all_problems_are_reported_at_once(competition):
    images = competition / "train_images"
    (images / "0100002.jpg").unlink()
    (images / "0100003.jpg").write_bytes(b"no image")
    shutil.copy(images / "0100004.jpg", images / "other.jpg")
    edit(
        competition, lambda lines: [lines[0], lines[1].split(",")[0] + ",0 1", *lines[2:], "x,y,z"]
    )
    findings = cloud_doctor.examine(competition)
    assert len(findings.names) == 10
    text = "\n".join(findings.problems)
    for part in (
        "0100002.jpg: expected an",
        "0100003.jpg: expected an",
        "other.jpg: expected rows",
    ):
        assert part in text
    for part in ("0100000.jpg_Fish: expected starts", "line 50: expected 2 columns"):
        assert part in text
    assert len(findings.problems) == 5


def test_statistics_equal_those_of_the_masks(cloud_folder):
    findings = cloud_doctor.examine(cloud_folder)
    photos = cloud_photos.read_labelled(cloud_folder)
    assert findings.problems == ()
    assert findings.sizes == {(63, 42): 12}
    np.testing.assert_array_equal(findings.areas > 0, photos.present())
    assert sum(number for _, number in findings.combinations) == 12
    true = photos.truths(cloud_doctor.GRID)
    fish, sugar = true[..., 0], true[..., 3]
    assert findings.overlap[0, 3] == pytest.approx((fish & sugar).sum() / fish.sum())
    assert np.isnan(findings.inside[~photos.present()]).all()
    assert any(line.startswith("Flower: ") for line in findings.lines())


def test_images_without_labels(tmp_path):
    Image.new("RGB", (9, 6), (10, 10, 10)).save(tmp_path / "a.png")
    findings = cloud_doctor.examine(tmp_path)
    (line,) = findings.lines()
    source, _, found = line.partition(": ")
    assert source == "Understanding Clouds from Satellite Images, 1 images"
    assert found == "1 of 9 x 6; mean brightness 10 of 255"
