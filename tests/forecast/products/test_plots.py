import numpy as np
import pytest
from matplotlib.colors import to_rgb

from seaice_tf.files import maps
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.products import plots
from seaice_tf.grids.polar import CELL, NORTH

PERIOD = np.arange("2010-01", "2011-01", dtype="datetime64[M]")
SHAPE = (NORTH.rows, NORTH.columns)


@pytest.fixture(scope="module")
def year():
    """Ice in the upper rows, 60 rows farther down in the forecast; land, hole, missing cells."""
    concentration = np.zeros((12, *SHAPE))
    concentration[:, :260] = 1
    true = np.zeros((12, *SHAPE), np.uint8)
    true[:, :200] = counts.FULL_ICE
    true[:, :, :50] = counts.LAND
    true[:, 20:25, 100:105] = counts.POLE_HOLE
    true[2, 300:] = counts.MISSING
    return concentration, true


def area_fraction(picture, color, tolerance=0.06):
    """Fraction of the pixels of a picture that have nearly this colour."""
    distance = np.abs(picture / 255 - np.array(to_rgb(color))).max(axis=-1)
    return (distance < tolerance).mean()


@pytest.mark.parametrize("months", [1, 7])
@pytest.mark.parametrize("draw", [plots.errors, plots.edges])
def test_a_panel_for_each_observed_month(year, draw, months):
    concentration, true = year
    sheet = draw(PERIOD, concentration, true[:months], "a test, synthetic")
    titles = [axes.get_title() for axes in sheet.axes if axes.get_title()]
    assert titles == [str(month) for month in PERIOD[:months]]
    assert "synthetic" in sheet.get_suptitle()
    assert maps.pixels(sheet).std() > 10


def test_errors_are_forecast_minus_truth_where_there_is_a_truth(year):
    concentration, true = year
    sheet = plots.errors(PERIOD, concentration, true[:1], "a test")
    drawn = sheet.axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn.mask, counts.flagged(true[0]))
    assert (drawn[200:260, 50:] == 1).all()
    assert drawn[:200].compressed().max() == drawn[260:].compressed().max() == 0


def test_errors_can_be_seen(year):
    """Too much ice is blue, land grey: nothing lies on top of the colours."""
    concentration, true = year
    picture = maps.pixels(plots.errors(PERIOD, concentration, true[:1], "a test"))
    surplus = (254 * 60) / (NORTH.rows * NORTH.columns)  # of the map
    land = 50 / NORTH.columns
    areas = [area_fraction(picture, color) for color in ("#053061", maps.LAND)]
    assert 0.9 * surplus / land < areas[0] / areas[1] < 1.15 * surplus / land


def test_both_edges_are_drawn_where_they_are(year):
    concentration, true = year
    sheet = plots.edges(PERIOD, concentration, true[:1], "a test")
    assert [line.get_text() for line in sheet.legends[0].get_texts()] == ["truth", "forecast"]
    rows = []
    for lines in sheet.axes[0].collections:
        points = np.concatenate([path.vertices for path in lines.get_paths()])
        assert points[:, 0].min() >= NORTH.axes()[0][50]  # none along the coast
        rows.append(233.5 - points[:, 1] / CELL)
    assert 199 <= rows[0].min() <= rows[0].max() <= 200
    assert 259 <= rows[1].min() <= rows[1].max() <= 260
    picture = maps.pixels(sheet)
    assert all(area_fraction(picture, color) > 1e-4 for color in plots.EDGES.values())


def test_a_month_without_ice_has_no_edge(year):
    concentration, true = year
    melted = np.where(counts.flagged(true), true, 0)
    sheet = plots.edges(PERIOD, 0 * concentration, melted[:1], "a test")
    assert not sheet.axes[0].collections


def test_comparisons_show_march_and_september():
    concentration = np.zeros((12, *NORTH.shape), np.float32)
    concentration[:, :100] = 1
    true = np.zeros((9, *NORTH.shape), np.uint8)
    pictures = plots.comparisons(PERIOD, concentration, true, "a test")
    assert set(pictures) == {"forecast/month_03", "forecast/month_09"}
    assert all(p.dtype == np.uint8 and p.shape[-1] == 3 for p in pictures.values())
