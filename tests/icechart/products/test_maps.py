import numpy as np
from matplotlib.colors import to_rgb

from seaice_tf.files import maps
from seaice_tf.icechart.data import synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, SAR
from seaice_tf.icechart.products import maps as icechart_maps
from seaice_tf.icechart.products import plots


def test_every_class_has_a_colour_of_its_own():
    for chart in CHARTS:
        colours = [to_rgb(c) for c in (*icechart_maps.COLOURS[chart], icechart_maps.NO_CHART)]
        assert len(set(colours)) == len(CLASSES[chart]) + 1


def test_sar_chart_truth_and_error_are_drawn_side_by_side(tmp_path):
    scene = synthetic_scenes.labels(1)[0].simulate((200, 220))
    primary = scene.fine[SAR[0]]
    true = scene.charts
    pred = {chart: np.where(values == 255, 0, values) for chart, values in true.items()}
    sheet = icechart_maps.figure("synthetic", primary, primary != 0, pred, true)
    assert maps.write(tmp_path / "chart.png", sheet).stat().st_size > 10_000
    assert len(sheet.axes) == 12
    assert "100% right" in sheet.axes[3].get_title()
    assert len(icechart_maps.figure("synthetic", primary, primary != 0, pred).axes) == 6


def test_the_chart_shows_its_colours():
    sheet = maps.Figure(figsize=(4, 2), dpi=100)
    classes = np.repeat([[0, 1, 2, 3, 4, 5, 255]], 3, axis=0).astype(np.uint8)
    icechart_maps.chart(sheet.subplots(), "SOD", classes, "title", legend=False)
    drawn = {tuple(pixel) for pixel in maps.pixels(sheet).reshape(-1, 3)}
    for colour in (*icechart_maps.COLOURS["SOD"], icechart_maps.NO_CHART):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in drawn


def test_large_scenes_are_subsampled():
    assert icechart_maps.thin(np.zeros((1700, 300))).shape == (567, 100)


def test_a_scene_without_data_is_drawn():
    empty = {chart: np.full((20, 20), 255, np.uint8) for chart in CHARTS}
    nothing = np.zeros((20, 20))
    sheet = icechart_maps.figure("empty", nothing, nothing > 0, empty, empty)
    assert sheet.get_suptitle() == "empty"


def test_compositions_weights_and_scores_are_plotted(tmp_path):
    lists = {"train": {"cis": 0.4, "dmi": 0.6}, "target": {"dmi": 1.0}}
    paths = [
        plots.write_composition(tmp_path / "composition.png", [("service", lists)], "two lists"),
        plots.write_weights(tmp_path / "weights.png", np.array([0.5, 1, 2]), "weights"),
        plots.write_scores(
            tmp_path / "scores.png",
            {"cis": {"SIC": -3.0, "SOD": 50.0, "FLOE": 40.0, "score": 26.8, "scenes": 3}},
            "by service",
        ),
    ]
    assert all(path.stat().st_size > 2000 for path in paths)
