import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.nowcast.scores import frame_scores
from seaice_tf.nowcast.scores.ms_ssim import ms_ssim

SHAPE = (24, 64, 64)


def window(seed, leads):
    rng = np.random.default_rng(seed)
    true = rng.uniform(100, 600, SHAPE).astype(np.float32)
    pred = true + rng.normal(0, 50, SHAPE).astype(np.float32)
    known = np.arange(24) < leads
    return np.where(known[:, None, None], true, 0), pred, known


def test_windows_are_averaged_over_their_known_leads():
    cases = [window(0, 24), window(1, 12)]
    values = frame_scores.mean_scores([frame_scores.of_window(*case) for case in cases])
    expected = [ms_ssim(true[known], pred[known]).mean() for true, pred, known in cases]
    assert values["ms_ssim"] == pytest.approx(np.mean(expected))
    errors = [np.abs(true - pred)[known].mean() for true, pred, known in cases]
    assert values["mae"] == pytest.approx(np.mean(errors), rel=1e-5)


def test_windows_of_one_place_are_resampled_together():
    windows = [frame_scores.of_window(*window(seed, 12)) for seed in range(4)]
    unknown = frame_scores.of_window(*window(4, 0))
    means = [np.nanmean(each.ms_ssim) for each in windows]
    low, high = frame_scores.interval([*"abcd", "e"], [*windows, unknown])
    assert min(means) <= low < np.mean(means) < high <= max(means)
    twice = frame_scores.interval([*"aabb"], [*windows[:2], *windows[:2]])
    assert twice[0] == pytest.approx(twice[1]) == pytest.approx(np.mean(means[:2]))
    assert np.isnan(frame_scores.interval(["e"], [unknown])).all()


def test_leads_are_scored_over_the_windows_with_truth():
    cases = [window(0, 24), window(1, 12), window(2, 0)]
    leads = frame_scores.by_lead([frame_scores.of_window(*case) for case in cases])
    for lead in (0, 11, 12, 23):
        errors = [np.abs(t - p)[lead].mean() for t, p, known in cases if known[lead]]
        assert leads["mae"][lead] == pytest.approx(np.mean(errors), rel=1e-5)
    only = frame_scores.by_lead([frame_scores.of_window(*cases[1])])
    for name in ("ms_ssim", "mae", "csi_250"):
        assert np.isfinite(only[name][:12]).all()
        assert np.isnan(only[name][12:]).all()


def test_csi_of_a_hand_drawn_case():
    true, pred = np.full((2, *SHAPE), 100.0)
    true[0, 0, :4] = 300  # two hits, two misses,
    pred[0, 0, 2:7] = 300  # three false alarms
    found = frame_scores.of_window(true, pred, np.arange(24) < 1)
    assert found.events[0, 0].tolist() == [2, 2, 3]
    values = frame_scores.mean_scores([found])
    assert values["csi_250"] == pytest.approx(2 / 7)
    assert np.isnan(values["csi_450"])


def test_pixels_of_all_windows_are_pooled_for_csi():
    one, other = (np.full(SHAPE, 300.0) for _ in range(2))
    none = np.full(SHAPE, 100.0)
    first = np.arange(24) < 1
    leads = [frame_scores.of_window(one, other, first), frame_scores.of_window(none, other, first)]
    assert frame_scores.mean_scores(leads)["csi_250"] == 0.5


def test_no_truth_gives_nan():
    nothing = frame_scores.of_window(*window(0, 0))
    known = frame_scores.of_window(*window(1, 12))
    assert frame_scores.mean_scores([nothing, known]) == frame_scores.mean_scores([known])
    for windows in ([], [nothing]):
        assert all(np.isnan(value) for value in frame_scores.mean_scores(windows).values())
        assert all(np.isnan(values).all() for values in frame_scores.by_lead(windows).values())
        assert set(frame_scores.by_lead(windows)) == set(frame_scores.mean_scores(windows))


def test_wrong_shapes_and_nan_are_refused():
    true, pred, known = window(0, 12)
    with pytest.raises(InputError, match="frames of shape"):
        frame_scores.of_window(true, pred[:12], known)
    pred[20] = np.nan  # beyond the end of the truth
    frame_scores.of_window(true, pred, known)
    pred[3, 0, 0] = np.nan
    with pytest.raises(InputError, match="finite counts"):
        frame_scores.of_window(true, pred, known)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 24), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_windows_does_not_matter_and_leads_make_up_the_whole(leads, rng):
    windows = [frame_scores.of_window(*window(seed, known)) for seed, known in enumerate(leads)]
    found = frame_scores.mean_scores(windows)
    mixed = frame_scores.mean_scores(rng.sample(windows, len(windows)))
    assert mixed == pytest.approx(found, nan_ok=True)
    for name, value in found.items():
        assert np.isnan(value) or name == "mae" or 0 <= value <= 1
    by_lead = frame_scores.by_lead(windows[:1])
    for name in ("ms_ssim", "mae"):
        alone = frame_scores.mean_scores(windows[:1])[name]
        if leads[0]:
            assert np.nanmean(by_lead[name]) == pytest.approx(alone)
        else:
            assert np.isnan(alone)
