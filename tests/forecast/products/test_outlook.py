"""The outlook's table against extents added up by hand."""

import csv

import numpy as np
import pytest

from seaice_tf.forecast.products import outlook

PERIOD = np.arange("2012-06", "2013-06", dtype="datetime64[M]")


def rows_of(number=11):
    """Members on 2 x 2 cells of a million km2: member i has ice in the first cells alone."""
    members = np.zeros((number, 12, 2, 2))
    members[:, :, 0, 0] = 1.0
    members[number // 2 :, :, 0, 1] = 0.5
    area = np.full((2, 2), 1e6)
    east = np.array([[False, True], [False, True]])
    sums = [
        outlook.sums(month, members[:, lead], area, "north", {"east": east})
        for lead, month in enumerate(PERIOD)
    ]
    return outlook.table(PERIOD, sums)


def found(rows, region, quantity, month="2012-09"):
    (row,) = [r for r in rows if (r.region, r.quantity, str(r.month)) == (region, quantity, month)]
    return row


def test_quantiles_of_hand_counted_extents():
    rows = rows_of()
    whole = found(rows, "arctic", "extent")
    assert (whole.low, whole.median, whole.high) == (1, 2, 2)
    assert whole.lead == 4
    east = found(rows, "east", "ice_area")
    assert (east.low, east.high) == (0, 0.5)
    assert east.mean == pytest.approx(0.5 * 6 / 11)


def test_the_index_s_extent_is_smaller_by_the_offset_of_its_month():
    rows = rows_of()
    offset = outlook.INDEX_OFFSET["north"][8]
    index, extent = (found(rows, "arctic", name) for name in ("index_extent", "extent"))
    assert index.median == pytest.approx(extent.median - offset)
    assert not [r for r in rows if r.region == "east" and r.quantity == "index_extent"]


def test_the_files_hold_the_table(tmp_path):
    rows = rows_of()
    seen = np.arange("2011-06", "2012-06", dtype="datetime64[M]"), np.ones(12)
    table, plot = outlook.write(tmp_path, rows, "north", seen, "a model")
    with table.open() as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(rows)
    assert read[3]["month"] == "2012-09"
    assert float(read[3]["50_percent"]) == 2
    assert plot.stat().st_size > 1000
    assert outlook.summary(rows, "north", "a model").startswith("2012-09, arctic extent")
    assert outlook.summary(rows, "north", "synthetic ice").endswith("by synthetic ice")
    assert {row["source"] for row in read} == {"a model"}
