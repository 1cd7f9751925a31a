"""The extent and area of each month ahead with their uncertainty: table, CSV and plot.

The Sea Ice Outlook of the Sea Ice Prediction Network asks for the mean September extent of the
Arctic, SIPN South for December to February around Antarctica. Both mean the extent of the Sea Ice
Index (NSIDC G02135): cells of at least 15 % by their true areas, daily maps averaged over the
month. The extent of a monthly mean map is larger; `INDEX_OFFSET` takes that off.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import atomic, maps
from seaice_tf.forecast.data import months
from seaice_tf.forecast.scores import ice_edge

QUANTILES = (10, 50, 90)  # %
# Extent of the monthly mean map minus that of the Sea Ice Index v3, January to December, 10^6 km2:
# mean over 1998 to 2012 of NSIDC-0051 v1.1; from year to year it varies by .04 to .27.
# experiments/forecast_index_offset.py
INDEX_OFFSET = {
    "north": (
        *(0.438, 0.400, 0.409, 0.359, 0.407, 0.398),
        *(0.394, 0.196, 0.244, 0.873, 0.504, 0.532),
    ),
    "south": (
        *(0.236, 0.058, 0.396, 0.590, 0.645, 0.591),
        *(0.508, 0.402, 0.324, 0.290, 0.458, 0.924),
    ),
}
ASKED_FOR = {"north": (9,), "south": (12, 1, 2)}  # calendar months of the outlooks
WHOLE = {"north": "arctic", "south": "antarctic"}
Sums = dict[tuple[str, str], np.ndarray]  # by region and quantity, (members,) in 10^6 km2


@dataclass(frozen=True)
class Row:
    """One quantity of one month and region; values in 10^6 km2."""

    month: np.datetime64
    lead: int
    region: str
    quantity: str
    low: float
    median: float
    high: float
    mean: float


def sums(
    month: np.datetime64,
    members: np.ndarray,
    area: np.ndarray,
    hemisphere: str,
    regions: Mapping[str, np.ndarray] | None = None,
) -> Sums:
    """Extent, area and Index-equivalent extent of each member in a month.

    Args:
        month: datetime64[M].
        members: (members, rows, columns) fraction.
        area: (rows, columns) true cell areas in km2.
        hemisphere: "north" or "south".
        regions: name -> (rows, columns) bool, besides the whole hemisphere.

    Returns:
        (members,) in 10^6 km2 by region and quantity: `extent`, `ice_area`, and for the whole
        hemisphere also `index_extent`, comparable with the Sea Ice Index.
    """
    whole, found = WHOLE[hemisphere], {}
    for region, mask in {whole: np.ones(area.shape, bool), **(regions or {})}.items():
        found[region, "extent"] = ice_edge.extent(members, area * mask)
        found[region, "ice_area"] = ice_edge.ice_area(members, area * mask)
        if region == whole:
            offset = INDEX_OFFSET[hemisphere][months.number(month) - 1]
            found[region, "index_extent"] = np.maximum(found[region, "extent"] - offset, 0)
    return found


def table(period: np.ndarray, by_lead: Sequence[Sums]) -> list[Row]:
    """Quantiles over the members of what `sums` returns: a row a region, quantity and month.

    Args:
        period: (12,) datetime64[M] of the leads 1 to 12.
        by_lead: what `sums` returns for each of these months.
    """
    rows = []
    for region, quantity in by_lead[0]:
        for lead, month in enumerate(period):
            values = by_lead[lead][region, quantity]
            low, middle, high = np.percentile(values, QUANTILES)
            rows.append(Row(month, lead + 1, region, quantity, low, middle, high, values.mean()))
    return rows


def to_csv(rows: Sequence[Row], source: str) -> str:
    """The table as CSV, 10^6 km2; `source` is the model and the data, in every row."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    head = [f"{q}_percent" for q in QUANTILES]
    writer.writerow(
        ["init", "month", "lead", "region", "quantity", *head, "mean", "unit", "source"]
    )
    for row in rows:
        values = [f"{value:.3f}" for value in (row.low, row.median, row.high, row.mean)]
        place = [row.month - row.lead, row.month, row.lead, row.region, row.quantity]
        writer.writerow([*place, *values, "10^6 km2", source])
    return file.getvalue()


def summary(rows: Sequence[Row], hemisphere: str, source: str) -> str:
    """The months that the outlooks ask for, as lines of text, by the model and the data."""
    lines = []
    for row in rows:
        asked = months.number(row.month) in ASKED_FOR[hemisphere]
        if asked and row.quantity == "index_extent":
            lines.append(
                f"{row.month}, {row.region} extent as in the Sea Ice Index: {row.median:.2f} "
                f"million km2 (10 to 90 %: {row.low:.2f} to {row.high:.2f}), lead {row.lead}, "
                f"by {source}"
            )
    return "\n".join(lines)


def write(
    out: Path,
    rows: Sequence[Row],
    hemisphere: str,
    observed: tuple[np.ndarray, np.ndarray],
    source: str,
) -> list[Path]:
    """Write outlook.csv and outlook.png.

    Args:
        out: folder.
        rows: of `table`.
        hemisphere: "north" or "south".
        observed: months (n,) datetime64[M] and extents (n,) in 10^6 km2 of the months before.
        source: the model and the data, for the title.
    """
    whole = [r for r in rows if r.region == WHOLE[hemisphere] and r.quantity == "extent"]
    sheet = Figure(figsize=(9, 4.5), dpi=110, layout="constrained")
    axes = sheet.subplots()
    axes.plot(observed[0].astype("datetime64[D]"), observed[1], "k.-", label="observed")
    time = np.array([row.month for row in whole]).astype("datetime64[D]")
    low, middle, high = (
        np.array([getattr(r, n) for r in whole]) for n in ("low", "median", "high")
    )
    axes.fill_between(time, low, high, alpha=0.3, label="forecast, 10 to 90 %")
    axes.plot(time, middle, label="forecast, median")
    axes.set(ylabel="extent, million km2")
    axes.set_ylim(bottom=0)
    axes.legend()
    maps.write_caption(sheet, source)
    return [
        atomic.write_text(out / "outlook.csv", to_csv(rows, source)),
        maps.write(out / "outlook.png", sheet),
    ]
