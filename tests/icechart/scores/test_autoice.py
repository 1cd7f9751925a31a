"""The AutoICE score against the functions of scikit-learn that AutoICE used."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, r2_score

from seaice_tf.errors import InputError
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.scores import autoice


def scene(rng, few=False):
    """Random charts: a masked truth, and a prediction that is often right."""
    true, pred = {}, {}
    for chart in CHARTS:
        number = 2 if few else len(CLASSES[chart])
        true[chart] = rng.integers(0, number, (9, 7)).astype(np.uint8)
        wrong = rng.integers(0, len(CLASSES[chart]), (9, 7)).astype(np.uint8)
        pred[chart] = np.where(rng.random((9, 7)) < 0.6, true[chart], wrong)
        true[chart][rng.random((9, 7)) < 0.3] = 255
    return true, pred


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 4), st.booleans())
def test_pooled_scores_are_those_of_scikit_learn(seed, number, few):
    rng = np.random.default_rng(seed)
    scenes = [scene(rng, few) for _ in range(number)]
    found = autoice.scores(autoice.pooled(autoice.matrices(*each) for each in scenes))
    expected = {}
    for chart in CHARTS:
        true = np.concatenate([t[chart][t[chart] != 255] for t, _ in scenes]).astype(int)
        pred = np.concatenate([p[chart][t[chart] != 255] for t, p in scenes]).astype(int)
        if chart == "SIC":
            expected[chart] = 100 * r2_score(true, pred)
        else:
            expected[chart] = 100 * f1_score(true, pred, average="weighted")
    expected["score"] = (2 * expected["SIC"] + 2 * expected["SOD"] + expected["FLOE"]) / 5
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_case_by_hand():
    true = np.array([0, 0, 1, 255], np.uint8)
    pred = np.array([0, 1, 1, 5], np.uint8)
    matrix = autoice.confusion(true, pred, 6)
    # Residual 1, spread 2/3; F1 of both classes 2/3.
    assert autoice.r2(matrix) == pytest.approx(1 - 1 / (2 / 3))
    assert autoice.weighted_f1(matrix) == pytest.approx(2 / 3)


@pytest.mark.parametrize("pred", [[3, 3, 3], [3, 3, 4]])
def test_a_constant_truth_is_scored_as_scikit_learn_does(pred):
    true = np.full(3, 3, np.uint8)
    matrix = autoice.confusion(true, np.array(pred, np.uint8), 11)
    assert autoice.r2(matrix) == r2_score(true, pred)


def test_scores_without_pixels_are_nan():
    found = autoice.scores(autoice.pooled([]))
    assert all(np.isnan(value) for value in found.values())
    assert np.isnan(autoice.r2(autoice.confusion(np.array([2]), np.array([2]), 11)))


def test_masked_pixels_are_ignored():
    true, pred = np.array([[1, 255]], np.uint8), np.array([[1, 255]], np.uint8)
    assert autoice.confusion(true, pred, 6).sum() == 1


@pytest.mark.parametrize(
    ("true", "pred"), [([1, 2], [1, 255]), ([1, 2], [1, 6]), ([9, 1], [1, 1]), ([1, 2], [1])]
)
def test_pixels_without_a_class_are_errors(true, pred):
    with pytest.raises(InputError, match="ice charts: expected"):
        autoice.confusion(np.array(true, np.uint8), np.array(pred, np.uint8), 6)


def test_fractions_are_errors():
    with pytest.raises(InputError, match="got float64"):
        autoice.confusion(np.array([1]), np.array([1.7]), 6)


def test_many_pixels_are_counted_in_blocks():
    true = np.zeros((1 << 20) + 5, np.uint8)
    true[-3:] = 2
    assert autoice.confusion(true, true, 3).tolist() == [[(1 << 20) + 2, 0, 0], [0] * 3, [0, 0, 3]]


def test_each_class_has_its_row():
    total = autoice.pooled([autoice.matrices(*scene(np.random.default_rng(0)))])
    rows = autoice.by_class(total)["SOD"]
    assert [row["class"] for row in rows] == list(CLASSES["SOD"])
    assert sum(row["pixels"] for row in rows) == total["SOD"].sum()
    new = rows[1]
    assert new["precision"] == total["SOD"][1, 1] / total["SOD"][:, 1].sum()
    assert new["recall"] == total["SOD"][1, 1] / total["SOD"][1].sum()
    both = 2 * new["precision"] * new["recall"] / (new["precision"] + new["recall"])
    assert new["f1"] == pytest.approx(both)


def test_scenes_are_grouped_by_condition():
    rng = np.random.default_rng(1)
    scenes = [autoice.matrices(*scene(rng)) for _ in range(3)]
    found = autoice.by_condition(scenes, ["dmi", "cis", "dmi"])
    assert list(found) == ["cis", "dmi"]
    assert found["dmi"]["scenes"] == 2
    assert found["dmi"]["score"] == autoice.scores(autoice.pooled(scenes[::2]))["score"]
