import numpy as np

from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.scores import baselines


def histograms(sic, sod, floe):
    """Two scenes with one class each."""
    return {
        chart: 10 * np.eye(len(CLASSES[chart]), dtype=int)[list(kinds)]
        for chart, kinds in zip(CHARTS, (sic, sod, floe))
    }


def test_climatology_by_hand():
    pixels = histograms((0, 10), (0, 4), (0, 5))
    pixels["SOD"][1] *= 2
    assert baselines.climatology(pixels) == {"SIC": 5, "SOD": 4, "FLOE": 0}
    chosen = np.array([False, True])
    assert baselines.climatology(pixels, chosen) == {"SIC": 10, "SOD": 4, "FLOE": 5}


def test_without_scenes_of_a_month_all_are_used():
    pixels = histograms((0, 10), (0, 4), (0, 5))
    none = np.zeros(2, bool)
    assert baselines.climatology(pixels, none) == baselines.climatology(pixels)


def test_open_water_is_class_0():
    charts = baselines.open_water((2, 3))
    assert all((charts[c] == 0).all() and charts[c].shape == (2, 3) for c in CHARTS)


def scenes(number=3, seed=0):
    """Cells whose SIC is linear in two channels, and whose SOD depends on the second."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        values = rng.uniform(0, 1, (400, 2))
        sic = np.rint(5 * values[:, 0] + 5 * values[:, 1])
        sod = np.where(values[:, 1] > 0.5, 4, 2)
        charts = {"SIC": sic, "SOD": sod, "FLOE": np.full(400, 3)}
        charts = {chart: classes.astype(np.uint8) for chart, classes in charts.items()}
        for classes in charts.values():
            classes[rng.random(400) < 0.2] = 255
        yield values.astype(np.float32), charts


def test_linear_regression_recovers_a_linear_relation():
    model = baselines.fit_linear(("a", "b"), scenes())
    values, true = next(scenes(1, seed=1))
    pred = baselines.predict_linear(model, values)
    known = {chart: true[chart] != 255 for chart in CHARTS}
    assert (np.abs(pred["SIC"].astype(int) - true["SIC"])[known["SIC"]] <= 1).all()
    icy = known["SOD"] & (pred["SIC"] > 0)
    assert (pred["SOD"] == true["SOD"])[icy].mean() > 0.95
    assert (pred["FLOE"][pred["SIC"] > 0] == 3).all()
    np.testing.assert_array_equal(pred["SIC"] == 0, pred["FLOE"] == 0)


def test_linear_regression_without_pixels_is_open_water():
    for model, width in (
        (baselines.fit_linear((), ()), 0),
        (baselines.fit_linear(("a",), ()), 1),
    ):
        charts = baselines.predict_linear(model, np.ones((2, 3, width), np.float32))
        assert all((charts[chart] == 0).all() and charts[chart].shape == (2, 3) for chart in CHARTS)
