import numpy as np

from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data.labels import CLASSES, SCORE_SHAPE, join_label
from seaice_tf.clouds.products import submission
from seaice_tf.clouds.scores import dice


def test_a_submission_is_validated(tmp_path):
    full = rle.resize(np.ones((3, 3), bool), SCORE_SHAPE)
    masks = np.stack([full, ~full, ~full, full], axis=-1)
    path = submission.write(
        tmp_path / "submission.csv", {"b.jpg": submission.encode(masks), "a.jpg": [""] * 4}
    )
    assert path.read_text().splitlines()[:6] == [
        "Image_Label,EncodedPixels",
        *(join_label("a.jpg", kind) + "," for kind in CLASSES),
        "b.jpg_Fish,1 183750",
    ]
    assert submission.validate(path) == []
    assert submission.validate(path, ["a.jpg", "b.jpg"]) == []
    problems = submission.validate(path, ["a.jpg", "c.jpg"])
    assert "got none of c.jpg" in problems[0]
    assert "got others of b.jpg" in problems[1]
    path.write_text(path.read_text().replace("1 183750", "2 183750") + "a.jpg_Fish,\n")
    problems = submission.validate(path)
    assert [("one row for" in line, "350 x 525" in line) for line in problems] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert "no such file" in submission.validate(tmp_path / "none.csv")[0]


def test_an_encoded_mask_scores_as_the_mask_does(cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    large, small = photos.truth(2, (700, 1050)), photos.truth(2, SCORE_SHAPE)
    for code, mask in zip(submission.encode(large), np.moveaxis(small, -1, 0)):
        decoded = rle.decode(code, SCORE_SHAPE)
        assert dice.dice(mask[..., None], decoded[..., None])[0] > 0.99


def test_the_check_of_a_submission_names_the_missing_photos(cloud_folder, tmp_path):
    names = sorted(path.name for path in (cloud_folder / "train_images").iterdir())
    path = submission.write(tmp_path / "submission.csv", {name: [""] * 4 for name in names})
    assert submission.check(path, cloud_folder) == []
    submission.write(path, {name: [""] * 4 for name in names[1:]})
    (problem,) = submission.check(path, cloud_folder)
    assert f"expected 48 rows of 12 images, got none of {names[0]}" in problem
    assert submission.check(cloud_folder) is None
    assert submission.check(tmp_path / submission.CHOICES) is None
