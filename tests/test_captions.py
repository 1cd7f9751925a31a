"""The caption of every figure stays within it, however long the names of model and data are."""

import dataclasses

import numpy as np
import pytest

from seaice_tf.clouds.data.doctor import examine
from seaice_tf.clouds.products import plots as cloud_plots
from seaice_tf.files import maps
from seaice_tf.forecast.products import dates, outlook
from seaice_tf.forecast.products import plots as forecast_plots
from seaice_tf.geopose.data import rectify, synthetic
from seaice_tf.geopose.products import plots as geopose_plots
from seaice_tf.grids.polar import NORTH
from seaice_tf.icechart.products import plots as chart_plots
from seaice_tf.nowcast.products import maps as frame_maps

CAPTION = f"seaice_tf some_system {'a_name_of_a_run ' * 8}on synthetic, not observed, data"
PERIOD = np.arange("2010-01", "2011-01", dtype="datetime64[M]")
GRIDS = np.zeros((12, *NORTH.shape), np.uint8)
LAND = np.zeros(NORTH.shape, bool)


def overlays(path, folder):
    panel = cloud_plots.Panel("a", np.zeros((40, 60, 3), np.uint8), np.zeros((4, 6, 4), bool))
    cloud_plots.write_overlays(path, [panel], CAPTION)


def statistics(path, folder):
    cloud_plots.write_statistics(path, dataclasses.replace(examine(folder), source=CAPTION))


def heights(path, folder):
    view = synthetic.tile("OMA", 1, 0, (64, 56), gsd=1.0)
    rectified = rectify.rectify(view.image, view.agl, view.pose)
    sheet = geopose_plots.Sheet("a", view.image, view.agl, view.pose, rectified)
    geopose_plots.write(path, [sheet], CAPTION)


def extents(path, folder):
    row = outlook.Row(PERIOD[0], 1, outlook.WHOLE["north"], "extent", 1, 2, 3, 2)
    outlook.write(path, [row], "north", (PERIOD, np.ones(12)), CAPTION)


WRITERS = {
    "clouds overlays": overlays,
    "clouds statistics": statistics,
    "geopose heights": heights,
    "forecast outlook": extents,
    "forecast record": lambda path, _: forecast_plots.write_record(path, PERIOD, GRIDS, CAPTION),
    "forecast dates": lambda path, _: dates.write(
        path,
        dict.fromkeys(dates.EVENTS, np.full((2, *NORTH.shape), np.inf)),
        LAND,
        PERIOD,
        *(CAPTION, "", NORTH),
    ),
    "icechart weights": lambda path, _: chart_plots.write_weights(path, np.ones(3), CAPTION),
    "icechart composition": lambda path, _: chart_plots.write_composition(
        path, [("month", {"train": {"May": 1.0}})], CAPTION
    ),
    "icechart scores": lambda path, _: chart_plots.write_scores(
        path, {"May": dict.fromkeys(("SIC", "SOD", "FLOE", "score"), 50.0)}, CAPTION
    ),
    "icechart reliability": lambda path, _: chart_plots.write_reliability(
        path, {"SIC_50": {"stated": 0.5, "right": 0.5}}, CAPTION
    ),
    "nowcast means": lambda path, _: frame_maps.write_means(path, np.ones(5), CAPTION),
    "nowcast flow": lambda path, _: frame_maps.write_flow(
        path, CAPTION, np.zeros((64, 64)), np.ones((64, 64, 2))
    ),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_long_caption_stays_within_its_figure(write, tmp_path, cloud_folder, monkeypatch):
    sheets = []
    monkeypatch.setattr(maps, "write", lambda path, sheet: sheets.append(sheet) or path)
    write(tmp_path, cloud_folder)
    assert sheets
    for sheet in sheets:
        maps.pixels(sheet)
        (title,) = sheet.texts
        assert title.get_text().replace("\n", " ") == CAPTION
        extent = title.get_window_extent()
        assert 0 <= extent.x0 < extent.x1 <= sheet.bbox.width
        assert 0 <= extent.y0 < extent.y1 <= sheet.bbox.height
