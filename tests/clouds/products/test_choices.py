import csv

import numpy as np
import pytest

from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.data.postprocessing import expected_dice
from seaice_tf.clouds.products import choices


def photo():
    """A class that is sure, one at the edge, one that is surely absent, and one of zeros."""
    probabilities = np.zeros((10, 10, 4))
    probabilities[:5, :, 0] = 0.9
    probabilities[:5, :, 1] = 0.5
    probabilities[0, 0, 2] = 0.1
    return probabilities, np.array([0.9, 0.5, 0.1, 0.0])


def test_the_worth_of_a_mask_and_of_none_by_hand():
    probabilities, present = photo()
    masks = np.zeros((10, 10, 4), bool)
    masks[:5, :, :2] = True  # the half where the classes are, if they are there at all
    fish, flower, gravel, sugar = choices.choices(probabilities, present, masks)
    assert fish == pytest.approx((0.5, 0.9, 0.9, 0.1))
    assert fish.sure
    assert flower == pytest.approx((0.5, 0.5, 0.5, 0.5))
    assert not flower.sure
    assert gravel == pytest.approx((0.0, 0.1, 0.9, 0.1))
    assert sugar == (0, 0, 1, 0)


def test_the_choice_of_the_largest_expected_dice_is_never_worth_less_than_the_other():
    rng = np.random.default_rng(0)
    for _ in range(20):
        probabilities = rng.random((8, 9, 4)) * rng.random(4)
        present = np.maximum(probabilities.max(axis=(0, 1)), rng.random(4))
        masks = expected_dice(probabilities, present)
        for each in choices.choices(probabilities, present, masks):
            assert each.expected_dice >= each.other - 1e-9


def test_the_table_and_the_line_mark_what_is_close(tmp_path):
    probabilities, present = photo()
    found = choices.choices(probabilities, present, expected_dice(probabilities, present))
    path = choices.write(tmp_path / "choices.csv", {"b.jpg": found, "a.jpg": found})
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["a.jpg"] * 4 + ["b.jpg"] * 4
    assert [row["class"] for row in rows[:4]] == list(CLASSES)
    assert [row["sure"] for row in rows[:4]] == ["yes", "no", "yes", "yes"]
    assert rows[0]["choice"] == "mask"
    assert float(rows[0]["class_probability"]) == 0.9
    line = choices.caption(found)
    assert line.startswith("Fish 90 % mask; Flower 50 % none, close; Gravel 10 % none;")
