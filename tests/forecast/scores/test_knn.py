import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.scores import knn as baselines_knn
from seaice_tf.forecast.scores.knn import knn

LAND, HOLE = counts.LAND, counts.POLE_HOLE


def record(years, rng, flags=0.05):
    """Years of 12 months on 4 x 5 cells: some change, some never do, some carry flags."""
    past = rng.integers(0, 251, (12 * years, 4, 5)).astype(np.uint8)
    past[:, 0] = [0, 0, 250, 250, LAND]
    past[rng.random(past.shape) < flags] = HOLE
    return past


def slow(past, years, neighbours, targets):
    """The same forecast, a cell and a neighbour at a time; NaN where which are nearest is a tie."""
    history = past.reshape(-1, 12, *past.shape[1:]).astype(float)
    history[history > 250] = np.nan
    length = len(history)
    result = np.zeros(history.shape[1:])
    for month, i, j in np.ndindex(result.shape):
        asked = history[length - years :, month, i, j]
        seen = asked[~np.isnan(asked)]
        if not seen.size:
            continue
        asked = np.where(np.isnan(asked), seen.mean(), asked)
        if (asked == asked[0]).all():
            result[month, i, j] = asked[0]
            continue
        constants, samples = set(), []
        for end in range(length - targets, length):
            for cell in np.ndindex(result.shape[1:]):
                row = history[end - years : end + 1, month, *cell]
                if np.isnan(row).any() or ((row == row[0]).all() and row[0] in constants):
                    continue
                if (row == row[0]).all():
                    constants.add(row[0])
                samples.append((np.abs(row[:-1] - asked).sum(), row[-1]))
        samples.sort()
        near, rest = samples[:neighbours], samples[neighbours:]
        if rest and rest[0][0] == near[-1][0]:
            result[month, i, j] = np.nan
            continue
        exact = [value for distance, value in near if distance == 0]
        if exact:
            result[month, i, j] = np.mean(exact)
        else:
            total = sum(1 / distance for distance, _ in near)
            result[month, i, j] = sum(value / distance for distance, value in near) / total
    return result / 250


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(3, None, 6), (2, 1, 1), (1, 4, 4)]))
def test_it_equals_the_rule_neighbour_by_neighbour(seed, case):
    years, targets, used = case
    past = record(9, np.random.default_rng(seed))
    got = knn(past, years=years, neighbours=10_000, targets=targets)
    np.testing.assert_allclose(got, slow(past, years, 10_000, used), atol=1e-12)


def test_only_the_nearest_count():
    past = record(9, np.random.default_rng(3), flags=0)
    expected = slow(past, 3, 10, 6)
    sure = ~np.isnan(expected)
    assert sure.mean() > 0.9
    got = knn(past, years=3, neighbours=10)
    np.testing.assert_allclose(got[sure], expected[sure], atol=1e-12)


def test_a_hand_drawn_record():
    """Four years of one month's counts in three cells, histories of two years."""
    history = np.array([[10, 40, 7], [20, 50, 7], [30, 60, 7], [40, 70, 7]], np.uint8)
    past = np.repeat(history[:, None, None], 12, axis=1).reshape(48, 1, 3)
    # (30, 40) is 20 from (20, 30) -> 40 and from (40, 50) -> 60; (60, 70) is 20 from
    # (50, 60) -> 70 and 40 from (40, 50) -> 60.
    pred = 250 * knn(past, years=2, neighbours=2)
    np.testing.assert_allclose(pred[:, 0], np.repeat([[50, 200 / 3, 7]], 12, axis=0))


def test_cells_that_never_change_stay_and_unseen_ones_are_zero():
    past = record(6, np.random.default_rng(0), flags=0)
    past[:30, 0, 2] = HOLE  # seen at full ice later
    pred = knn(past, years=3)
    np.testing.assert_array_equal(pred[:, 0], np.repeat([[0, 0, 1, 1, 0]], 12, axis=0))


def test_constant_cells_count_once_for_each_value():
    history = np.zeros((4, 100), np.uint8)
    history[:, 60:90] = 250
    history[:, 99] = [1, 2, 3, 4]
    history[:, 98] = LAND
    before, after = baselines_knn.pairs(history, 3, 1000)
    assert before.tolist() == [[0, 0, 0], [250, 250, 250], [1, 2, 3]]
    assert after.tolist() == [0, 250, 4]


def test_samples_are_thinned_evenly():
    history = np.arange(200, dtype=np.uint8).reshape(2, 100)
    before, after = baselines_knn.pairs(history, 1, 12)
    assert len(before) == len(after) == 12
    assert before[[0, -1], 0].tolist() == [0, 99]
    assert set(np.diff(before[:, 0])) == {9}


def test_a_short_record_has_short_histories():
    past = record(2, np.random.default_rng(1), flags=0)
    np.testing.assert_allclose(knn(past), slow(past, 1, 121, 1), atol=1e-12)
    with pytest.raises(InputError, match="two years"):
        knn(past[:23])


def test_a_forecast_is_kept_by_all_that_it_depends_on(tmp_path, monkeypatch):
    past = record(6, np.random.default_rng(2))
    first = knn(past, years=3, cache=tmp_path / "knn")
    assert len(list((tmp_path / "knn").iterdir())) == 1
    for other in ({"years": 2}, {"years": 3, "neighbours": 5}, {"years": 3, "targets": 1}):
        assert (knn(past, **other, cache=tmp_path / "knn") != first).any()
    changed = past.copy()
    changed[-1, 3, 3] ^= 1
    knn(changed, years=3, cache=tmp_path / "knn")
    assert len(list((tmp_path / "knn").iterdir())) == 5
    monkeypatch.setattr(baselines_knn, "_month", None)  # nothing is computed again
    np.testing.assert_array_equal(knn(past, years=3, cache=tmp_path / "knn"), first)


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_damaged_forecast_is_made_again(tmp_path, content):
    past = record(6, np.random.default_rng(2))
    first = knn(past, years=3, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    middle = len(whole) // 2
    kept.write_bytes(whole[:middle] + b"????" + whole[middle + 4 :] if content is None else content)
    np.testing.assert_array_equal(knn(past, years=3, cache=tmp_path), first)
    assert kept.read_bytes()[-50:] == whole[-50:]
