import numpy as np
from matplotlib.colors import to_rgb

from seaice_tf.files import maps
from seaice_tf.icechart.data import synthetic as synthetic_scene
from seaice_tf.icechart.data import synthetic_names
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, SAR
from seaice_tf.icechart.products import maps as icechart_maps
from seaice_tf.icechart.products import scene_plots


def test_every_class_has_a_colour_of_its_own():
    for chart in CHARTS:
        colours = [to_rgb(c) for c in (*icechart_maps.COLOURS[chart], icechart_maps.NO_CHART)]
        assert len(set(colours)) == len(CLASSES[chart]) + 1


def test_radar_chart_truth_and_error_stand_side_by_side(tmp_path):
    scene = synthetic_scene.scene(synthetic_names.labels(1)[0], (200, 220))
    primary = scene.fine[SAR[0]]
    true = scene.charts
    pred = {chart: np.where(values == 255, 0, values) for chart, values in true.items()}
    path = icechart_maps.write(tmp_path / "chart.png", "made up", primary, primary != 0, pred, true)
    assert path.stat().st_size > 10_000
    sheet = icechart_maps.figure("made up", primary, primary != 0, pred, true)
    assert len(sheet.axes) == 12
    assert "100% right" in sheet.axes[3].get_title()
    assert len(icechart_maps.figure("made up", primary, primary != 0, pred).axes) == 6


def test_the_chart_shows_its_colours():
    sheet = maps.Figure(figsize=(4, 2), dpi=100)
    classes = np.repeat([[0, 1, 2, 3, 4, 5, 255]], 3, axis=0).astype(np.uint8)
    icechart_maps.chart(sheet.subplots(), "SOD", classes, "title", legend=False)
    seen = {tuple(pixel) for pixel in maps.pixels(sheet).reshape(-1, 3)}
    for colour in (*icechart_maps.COLOURS["SOD"], icechart_maps.NO_CHART):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in seen


def test_large_scenes_are_thinned():
    assert icechart_maps.thin(np.zeros((1700, 300))).shape == (567, 100)


def test_a_scene_without_data_is_drawn():
    empty = {chart: np.full((20, 20), 255, np.uint8) for chart in CHARTS}
    nothing = np.zeros((20, 20))
    icechart_maps.figure("empty", nothing, nothing > 0, empty, empty)


def test_the_make_up_of_lists_is_drawn(tmp_path):
    shares = {"train": {"cis": 0.4, "dmi": 0.6}, "target": {"dmi": 1.0}}
    paths = [
        scene_plots.write_shares(tmp_path / "shares.png", [("service", shares)], "two lists"),
        scene_plots.write_weights(tmp_path / "weights.png", np.array([0.5, 1, 2]), "weights"),
        scene_plots.write_conditions(
            tmp_path / "scores.png",
            {"cis": {"SIC": -3.0, "SOD": 50.0, "FLOE": 40.0, "score": 26.8, "scenes": 3}},
            "by service",
        ),
    ]
    assert all(path.stat().st_size > 2000 for path in paths)
