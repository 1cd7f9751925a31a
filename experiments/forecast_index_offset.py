"""How much larger is the extent of a monthly mean map than that of the Sea Ice Index?

    SEAICE_TF_DATA=... .venv/bin/python experiments/forecast_index_offset.py

Prints mean and standard deviation of the difference by calendar month over the last 15 years,
10^6 km2; the means stand in seaice_tf/forecast/products/outlook.py. The difference drifts: over
2001 to 2012 it is .12 off the mean of the 15 years before, .13 in the north off that of all years.
The pole hole counts as ice in both.
"""

import csv
import os
from pathlib import Path

import numpy as np

from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.counts import ICE_EDGE, POLE_HOLE

ROOT = Path(os.environ["SEAICE_TF_DATA"])
YEARS = 15  # of which the difference is taken


def index_extents(letter: str, month: int) -> dict[int, float]:
    """Extent by year of one calendar month."""
    with (ROOT / "sea_ice_index" / f"{letter}_{month:02}_extent_v3.0.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    return {int(row[0]): float(row[4]) for row in rows if float(row[4]) > 0}


def main() -> None:
    print("| hemisphere | month | offset | standard deviation | years |\n|---|---|---|---|---|")
    for folder, letter in (("nsidc0051", "N"), ("nsidc0051_south", "S")):
        record = read_archive(ROOT / folder)
        ice = (record.counts >= ICE_EDGE) & (record.counts <= POLE_HOLE)
        extent = (ice * record.grid.cell_area()).sum(axis=(1, 2)) / 1e6
        period = record.first + np.arange(len(extent))
        for month in range(1, 13):
            index = index_extents(letter, month)
            differences = [
                value - index[int(str(when)[:4])]
                for when, value in zip(period, extent)
                if months.number(when) == month and int(str(when)[:4]) in index
            ][-YEARS:]
            mean, deviation = np.mean(differences), np.std(differences)
            print(f"| {letter} | {month} | {mean:.3f} | {deviation:.3f} | {len(differences)} |")


if __name__ == "__main__":
    main()
