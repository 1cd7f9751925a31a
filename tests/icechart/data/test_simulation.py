import numpy as np
import pytest

from seaice_tf.icechart.data import downscale, synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, COARSE, FINE, SAR, physical

SHAPE = (210, 252)
LABELS = synthetic_scenes.labels(24)


@pytest.fixture(scope="module")
def scenes():
    """Two of each kind."""
    return [label.simulate(SHAPE) for label in LABELS[:8]]


def test_a_scene_has_all_channels_and_charts(scenes):
    for scene in scenes:
        assert set(scene.fine) == set(FINE)
        assert set(scene.coarse) == set(COARSE)
        assert {a.shape for a in scene.fine.values()} == {SHAPE}
        assert {a.shape for a in scene.coarse.values()} == {(9, 11)}
        assert {a.dtype for a in (*scene.fine.values(), *scene.coarse.values())} == {np.dtype("f4")}
        for chart in CHARTS:
            values = scene.charts[chart]
            assert values.dtype == np.uint8
            assert ((values < len(CLASSES[chart])) | (values == 255)).all()


def test_a_scene_is_a_function_of_its_seed():
    first, again = (LABELS[0].simulate(SHAPE, seed=4) for _ in range(2))
    other = LABELS[0].simulate(SHAPE, seed=5)
    for name in SAR:
        np.testing.assert_array_equal(first.fine[name], again.fine[name])
        assert (first.fine[name] != other.fine[name]).any()


def test_land_and_the_edge_of_the_swath_have_no_data(scenes):
    for scene in scenes:
        masked = scene.fine[SAR[0]] == 0
        assert (scene.charts["SIC"][masked] == 255).all()
        assert (scene.fine["sar_incidenceangle"][masked] == 0).all()
        assert masked[:, 0].any()
    assert np.mean(scenes[1].fine[SAR[0]] == 0) > 0.3


def test_open_water_is_open_in_every_chart(scenes):
    for scene in scenes:
        water = scene.charts["SIC"] == 0
        assert (scene.charts["SOD"][water] == 0).all()
        assert (scene.charts["FLOE"][water] == 0).all()
    assert set(np.unique(scenes[2].charts["SIC"])) == {0, 255}


def test_a_masked_scene_has_data_without_charts(scenes):
    for scene in (scenes[3], scenes[7]):
        valid = scene.fine[SAR[0]] != 0
        assert np.mean(scene.charts["SIC"][valid] == 255) > 0.2


def test_the_channels_are_in_their_physical_range(scenes):
    for scene in scenes:
        valid = scene.fine[SAR[0]] != 0
        angle = physical("sar_incidenceangle", scene.fine["sar_incidenceangle"])[valid]
        assert 18.9 <= angle.min() <= angle.max() <= 47.1
        zones = physical("distance_map", scene.fine["distance_map"])[valid]
        assert -0.01 <= zones.min() <= zones.max() <= 41.01
        for name in COARSE[:14]:
            kelvin = physical(name, scene.coarse[name])
            assert 60 <= kelvin.min() <= kelvin.max() <= 290


def test_channels_depend_on_the_ice():
    """Brightness temperatures rise with concentration, backscatter with old ice."""
    tenths, kelvin, old, others = [], [], [], []
    for label in LABELS:
        scene = label.simulate(SHAPE)
        sic = downscale.majority(scene.charts["SIC"], 25 // 5, 11)[2::5, 2::5]
        cells = scene.coarse["btemp_18_7h"][: sic.shape[0], : sic.shape[1]]
        tenths.append(sic[sic != 255])
        kelvin.append(cells[sic != 255])
        stage, radar = scene.charts["SOD"], scene.fine["nersc_sar_secondary"]
        old.append(radar[stage == 5])
        others.append(radar[(stage > 0) & (stage < 5)])
    assert np.corrcoef(np.concatenate(tenths), np.concatenate(kelvin))[0, 1] > 0.6
    assert np.concatenate(old).mean() > np.concatenate(others).mean() + 0.3


def test_classes_follow_the_given_frequencies():
    frequencies = {
        "SIC": (0.2, *[0.0] * 9, 0.8),
        "SOD": (0.2, 0, 0, 0, 0.8, 0),
        "FLOE": (0.2, 0, 0, 0, 0, 0.8, 0),
    }
    scene = LABELS[0].simulate(SHAPE, frequencies=frequencies)
    assert set(np.unique(scene.charts["SIC"])) <= {0, 10, 255}
    assert set(np.unique(scene.charts["SOD"])) <= {0, 4, 255}


def test_tie_points_lie_in_the_area_of_the_name():
    for label in LABELS:
        latitude, longitude = synthetic_scenes.tie_points(label.name, (5000, 5200))
        assert latitude.shape == longitude.shape == (21, 21)
        north, east = synthetic_scenes.PLACES[label.name.service][label.name.area]
        assert latitude[10, 10] == pytest.approx(north)
        assert longitude[10, 10] == pytest.approx(east)
        assert (np.diff(latitude, axis=0) < 0).all()
        assert np.ptp(latitude) * 111.2 < 560
