import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.forecast.scores import dacon

MAPS = arrays(np.uint8, (2, 3, 4))
FORECASTS = arrays(np.float64, (2, 3, 4), elements=st.floats(0, 250))


def slow(true, pred):
    """The Dacon score, a cell at a time."""
    error, pairs = [], []
    for t, p in zip(true.ravel().tolist(), pred.ravel().tolist()):
        if t > 250:
            t, p = 0, 0
        error.append(abs(t - p))
        if 12.5 < t < 125:
            pairs.append((t >= 37.5, p >= 37.5))
    hits = sum(1 for pair in pairs if pair == (True, True))
    ice = sum(1 for t, _ in pairs if t) + sum(1 for _, p in pairs if p)
    f1 = 2 * hits / ice if ice else 0
    mae = sum(error) / len(error)
    return mae, f1, mae / (f1 + 1e-8)


@given(MAPS, FORECASTS)
def test_it_equals_the_rule_cell_by_cell(true, pred):
    scores = dacon.sums(true, pred).scores()
    got = [scores[name] for name in ("contest_mae", "contest_f1", "contest_score")]
    np.testing.assert_allclose(got, slow(true, pred), rtol=1e-9)


@given(MAPS, FORECASTS)
def test_months_can_be_pooled_in_parts(true, pred):
    parts = dacon.sums(true[:1], pred[:1]) + dacon.sums(true[1:], pred[1:])
    assert parts.scores() == pytest.approx(dacon.sums(true, pred).scores())


def test_swapped_precision_and_recall_change_nothing():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 251, (20, 20)).astype(np.uint8)
    pred = np.clip(true + rng.normal(0, 30, true.shape), 0, 250)
    inside = (true > 12.5) & (true < 125)
    t, p = true[inside] >= 37.5, pred[inside] >= 37.5
    precision, recall = (t & p).sum() / t.sum(), (t & p).sum() / p.sum()
    f1 = 2 * precision * recall / (precision + recall)
    assert dacon.sums(true, pred).scores()["contest_f1"] == pytest.approx(f1)


def test_unsigned_counts_do_not_wrap():
    true, pred = np.array([10], np.uint8), np.array([20], np.uint8)
    assert dacon.sums(true, pred).scores()["contest_mae"] == 10


def test_no_ice_in_the_band_gives_no_f1():
    assert dacon.sums(np.array([250], np.uint8), np.array([250.0])).scores() == {
        "contest_score": 0,
        "contest_mae": 0,
        "contest_f1": 0,
    }
