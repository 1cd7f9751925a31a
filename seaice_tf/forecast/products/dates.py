"""Maps of when each cell becomes free of ice and freezes, from the members of a forecast."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.forecast.members import crossing_dates
from seaice_tf.grids.polar import Grid

LEADS = 12


def median_dates(members: np.ndarray, last: np.ndarray, rising: bool) -> np.ndarray:
    """Median over the members of the date at which a cell crosses 15 %, in months after the init.

    Args:
        members: (members, 12, rows, columns) fraction.
        last: (rows, columns) fraction, of the init.
        rising: freeze-up; False for the date from which the cell is free of ice.

    Returns:
        (rows, columns); NaN where fewer than half of the members cross.
    """
    dates = np.stack([crossing_dates(each, last, rising) for each in members])
    late = np.where(np.isnan(dates), np.inf, dates)  # never within the year
    middle = np.partition(late, len(late) // 2, axis=0)[len(late) // 2]
    return np.where(np.isfinite(middle), middle, np.nan)


def write(
    path: Path,
    members: np.ndarray,
    last: np.ndarray,
    land: np.ndarray,
    source: str,
    grid: Grid,
) -> Path:
    """Write both maps as PNG; arguments as of `median_dates`, and land mask, title and grid."""
    sheet = Figure(figsize=(8, 5), dpi=110, layout="constrained")
    panels = sheet.subplots(1, 2)
    for axes, rising, title in zip(panels, (False, True), ("first free of ice", "freeze-up")):
        field = np.ma.masked_invalid(median_dates(members, last, rising))
        extent = grid.extent
        axes.imshow(np.ma.masked_where(~land, land), cmap="Greys", vmin=0, vmax=2, extent=extent)
        image = axes.imshow(field, cmap="viridis", vmin=0, vmax=LEADS, extent=extent)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    sheet.colorbar(image, ax=panels, shrink=0.7, label="months after the last observed, median")
    maps.write_caption(sheet, source, 9)
    return maps.write(path, sheet)
