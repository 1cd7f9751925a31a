import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from seaice_tf.errors import InputError
from seaice_tf.geopose.data.pose import CITIES, Pose, flow
from seaice_tf.geopose.scores import overhead as scores

SHAPE = (11, 13)


def tiles(number, seed=0):
    """(city, true, true_pose, pred, pred_pose) with unknown heights in the truth."""
    rng = np.random.default_rng(seed)
    for index in range(number):
        true = (rng.gamma(1, 6, SHAPE)).astype(np.float32)
        pred = (true + rng.normal(0, 2, SHAPE)).astype(np.float32)
        true[rng.random(SHAPE) < 0.1] = np.nan
        pose = Pose(rng.uniform(0.4, 1.3), rng.uniform(0, 2 * np.pi))
        guess = Pose(pose.scale * 1.1, pose.angle + rng.normal(0, 0.1))
        yield CITIES[index % 4], true, pose, pred, guess


def pooled(some):
    """Reference implementation: all pixels of a city in one array."""
    result = {}
    for city in CITIES:
        mine = [t for t in some if t[0] == city]
        true, pred, true_flow, pred_flow = [], [], [], []
        for _, agl, pose, guess, guessed in mine:
            known = np.isfinite(agl)
            true.append(agl[known].astype(float))
            pred.append(guess[known].astype(float))
            true_flow.append(flow(agl.astype(float), pose)[known].ravel())
            pred_flow.append(flow(guess.astype(float), guessed)[known].ravel())
        agl = r2_score(np.concatenate(true), np.concatenate(pred))
        vflow = r2_score(np.concatenate(true_flow), np.concatenate(pred_flow))
        result[city] = (agl + vflow) / 2
    return result


def table(some):
    return [t[0] for t in some], np.array([scores.sums(*t[1:]) for t in some])


def test_streamed_equals_pooled_and_scikit_learn():
    some = list(tiles(10))
    result = scores.scores(*table(some))
    expected = pooled(some)
    for city in CITIES:
        assert result[f"r2_{city.lower()}"] == pytest.approx(expected[city], rel=1e-9)
    assert result["r2"] == pytest.approx(np.mean(list(expected.values())), rel=1e-9)
    assert result["r2"] == pytest.approx((result["r2_agl"] + result["r2_vflow"]) / 2)


def test_bands_do_not_change_the_sums(monkeypatch):
    one = next(tiles(1))
    whole = scores.sums(*one[1:])
    monkeypatch.setattr(scores, "BAND", 3)
    np.testing.assert_allclose(scores.sums(*one[1:]), whole, rtol=1e-12)


def test_by_hand():
    """Heights 0 and 2 predicted as 1 and 2: 1 - 1 / 2; flow down by 0 and 2 of (0, 0, 0, 2)."""
    true, pred = np.array([[0.0, 2.0]]), np.array([[1.0, 2.0]])
    row = scores.sums(true, Pose(1, 0), pred, Pose(1, 0))
    agl, vflow = scores.r2(row)
    assert agl == pytest.approx(0.5)
    assert vflow == pytest.approx(1 - 1 / 3)  # mean 0.5: 3 x 0.25 + 2.25 = 3
    result = scores.scores(["OMA"], row[None])
    assert result["r2"] == pytest.approx((0.5 + 2 / 3) / 2)
    assert result["agl_mae"] == 0.5
    assert result["agl_rmse"] == pytest.approx(np.sqrt(0.5))


def test_a_perfect_score_is_one_and_a_missing_tile_makes_its_city_zero():
    some = [(*t[:3], t[1], t[2]) for t in tiles(8)]
    cities, rows = table(some)
    assert scores.scores(cities, rows)["r2"] == pytest.approx(1)
    rows[1] = scores.missing_sums()
    result = scores.scores(cities, rows)
    assert result["r2_atl"] == 0
    assert result["r2"] == pytest.approx(0.75)
    assert result["agl_rmse"] == 0  # of the tiles that are predicted


@pytest.mark.parametrize("case", ["scale", "angle", "height"])
def test_predictions_that_are_not_finite_count_as_missing(case):
    _, true, pose, pred, guess = next(tiles(1))
    if case == "height":
        pred = pred.copy()
        pred[np.isfinite(true).nonzero()[0][0], np.isfinite(true).nonzero()[1][0]] = np.nan
    else:
        guess = guess._replace(**{case: np.nan})
    assert np.isnan(scores.sums(true, pose, pred, guess)).all()


def test_unknown_truth_is_left_out():
    _, true, pose, pred, guess = next(tiles(1))
    wild = np.where(np.isnan(true), np.nan, pred)
    np.testing.assert_array_equal(
        scores.sums(true, pose, pred, guess), scores.sums(true, pose, wild, guess)
    )
    nothing = scores.sums(np.full_like(true, np.nan), pose, pred, guess)
    assert np.isnan(scores.scores(["ARG"], nothing[None])["r2"])


def test_constant_heights_score_as_in_scikit_learn():
    flat, pose = np.full(SHAPE, 0.1, np.float32), Pose(1, 0.3)
    assert scores.r2(scores.sums(flat, pose, flat, pose))[0] == 1
    assert scores.r2(scores.sums(flat, pose, flat + 1, pose))[0] == 0


def test_angle_errors_are_wrapped():
    true = np.ones(SHAPE)
    row = scores.sums(true, Pose(1, 0.1), true, Pose(1.5, 2 * np.pi - 0.1))
    result = scores.scores(["ARG"], row[None])
    assert result["angle_mae"] == pytest.approx(np.degrees(0.2))
    assert result["scale_mae"] == pytest.approx(0.5)


def test_other_shapes_are_rejected():
    with pytest.raises(InputError, match="shape of the truth"):
        scores.sums(np.ones((2, 3)), Pose(1, 0), np.ones((3, 2)), Pose(1, 0))


def test_intervals_contain_the_score_and_are_paired():
    cities, rows = table(list(tiles(16)))
    low, high = scores.interval(cities, rows, draws=300)
    assert low < scores.scores(cities, rows)["r2"] < high
    assert scores.interval(cities, rows, rows, draws=50) == (0, 0)
    assert scores.interval(cities, rows, draws=300) == (low, high)
    lost = rows.copy()
    lost[0] = scores.missing_sums()
    assert scores.interval(cities, lost, draws=300)[1] <= high + 1e-9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 6))
def test_scores_are_at_most_one_and_ignore_the_order_of_tiles(seed, number):
    rng = np.random.default_rng(seed)
    cities, rows = [], []
    for _ in range(number):
        true = rng.exponential(5, SHAPE)
        true[rng.random(SHAPE) < 0.3] = np.nan
        pose = Pose(rng.random(), rng.uniform(0, 6.28))
        guess = Pose(rng.random(), rng.uniform(0, 6.28))
        cities.append(str(rng.choice(CITIES)))
        rows.append(scores.sums(true, pose, true + rng.normal(size=SHAPE), guess))
        if rng.random() < 0.2:
            rows[-1] = scores.missing_sums()
    table, order = np.array(rows), rng.permutation(number)
    found = scores.scores(cities, table)
    for name, value in scores.scores([cities[i] for i in order], table[order]).items():
        assert value == pytest.approx(found[name], nan_ok=True), name
        assert name[:2] != "r2" or value <= 1
