import numpy as np

from seaice_tf import baselines_charts
from seaice_tf.transforms.icechart import CHARTS, CLASSES


def histograms(sic, sod, floe):
    """Two scenes with one class each."""
    return {
        chart: 10 * np.eye(len(CLASSES[chart]), dtype=int)[list(kinds)]
        for chart, kinds in zip(CHARTS, (sic, sod, floe))
    }


def test_usual_classes_by_hand():
    pixels = histograms((0, 10), (0, 4), (0, 5))
    pixels["SOD"][1] *= 2
    assert baselines_charts.usual(pixels) == {"SIC": 5, "SOD": 4, "FLOE": 0}
    chosen = np.array([False, True])
    assert baselines_charts.usual(pixels, chosen) == {"SIC": 10, "SOD": 4, "FLOE": 5}


def test_a_month_without_scenes_takes_those_of_all():
    pixels = histograms((0, 10), (0, 4), (0, 5))
    none = np.zeros(2, bool)
    assert baselines_charts.usual(pixels, none) == baselines_charts.usual(pixels)


def test_open_water_is_class_0():
    charts = baselines_charts.open_water((2, 3))
    assert all((charts[c] == 0).all() and charts[c].shape == (2, 3) for c in CHARTS)
