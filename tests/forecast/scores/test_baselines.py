import numpy as np
import pytest

from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.scores import baselines, dacon

ALL = {
    "seasonal_persistence": baselines.seasonal_persistence,
    "climatology": lambda past: baselines.climatology(past, 5),
    "linear_trend": baselines.linear_trend,
    "anomaly_persistence": baselines.anomaly_persistence,
}


def seasonal(years, rise=0):
    """Years of a 12-month cycle on two cells, `rise` counts more each year."""
    cycle = np.arange(100, 112)
    values = cycle + rise * np.arange(years)[:, None]
    return np.repeat(values.reshape(-1, 1, 1), 2, axis=2).astype(np.uint8)


@pytest.mark.parametrize("name", ALL)
def test_a_record_that_repeats_itself_is_forecast_exactly(name):
    pred = ALL[name](seasonal(6))
    np.testing.assert_allclose(pred[:, 0, 0] * 250, np.arange(100, 112))


def test_a_trend_goes_on():
    pred = baselines.linear_trend(seasonal(6, rise=3))
    np.testing.assert_allclose(pred[:, 0, 1] * 250, np.arange(100, 112) + 18)


def test_a_trend_with_holes_is_the_line_through_what_is_left():
    past = seasonal(6, rise=3)
    past[12:24, 0, 0] = counts.POLE_HOLE
    pred = baselines.linear_trend(past)
    np.testing.assert_allclose(pred[:, 0, 0] * 250, np.arange(100, 112) + 18)


def test_an_anomaly_stays():
    past = seasonal(10)
    past[-1] += 50  # the last December; its mean of ten years rises by 5, its anomaly is 45
    change = baselines.anomaly_persistence(past)[:, 0, 0] * 250 - np.arange(100, 112)
    np.testing.assert_allclose(change[:-1], 45)
    assert change[-1] == pytest.approx(5 + 45)


@pytest.mark.parametrize("name", ALL)
def test_cells_never_observed_are_zero(name):
    past = seasonal(6)
    past[:, 0, 0] = counts.LAND
    assert (ALL[name](past)[:, 0, 0] == 0).all()


PUBLISHED = {  # Dacon score on 2007-2009 and on 2010-2012, history means without the hole
    1: (5.700, 5.308),
    5: (4.797, 4.051),
    10: (4.916, 4.504),
    15: (4.995, 4.823),
}


@pytest.mark.parametrize("years", PUBLISHED)
def test_known_scores_on_the_real_record(real_data, years):
    archive = read_archive(real_data / "nsidc0051")
    for first, expected in zip((2007, 2010), PUBLISHED[years]):
        sums = dacon.Sums()
        for year in range(first, first + 3):
            start = archive.index(months.parse(f"{year}-01"))
            pred = baselines.climatology(archive.counts[:start], years) * 250
            sums += dacon.sums(archive.counts[start : start + 12], pred)
        assert round(sums.scores()["contest_score"], 3) == expected
