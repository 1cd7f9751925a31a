"""When each cell becomes free of ice and freezes up, from the members of a forecast."""

from pathlib import Path

import netCDF4
import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import atomic, maps
from seaice_tf.forecast.data.counts import EDGE
from seaice_tf.forecast.members import CrossingDates
from seaice_tf.forecast.products import netcdf
from seaice_tf.grids.polar import Grid

LEADS = 12
QUANTILES = (10, 50, 90)  # %
# Name -> whether the ice rises through the edge, and a title.
EVENTS = {"ice_free": (False, "first free of ice"), "freeze_up": (True, "freeze-up")}


class Dates:
    """When each member becomes free of ice and freezes up; the months are added one at a time.

    Args:
        last: (rows, columns) fraction, of the init.
    """

    def __init__(self, last: np.ndarray):
        self.events = {name: CrossingDates(last, rising) for name, (rising, _) in EVENTS.items()}

    def add(self, members: np.ndarray) -> None:
        """Add the next month, (members, rows, columns) fraction."""
        for event in self.events.values():
            event.add(members)

    def sorted(self) -> dict[str, np.ndarray]:
        """Months after the init by event, (members, rows, columns), the earliest first.

        Infinite where a member does not cross within the 12 months.
        """
        return {name: np.sort(event.found, axis=0) for name, event in self.events.items()}


def quantile(dates: np.ndarray, percent: int) -> np.ndarray:
    """Quantile of sorted dates: (rows, columns), NaN where fewer of the members cross.

    >>> quantile(np.array([1.0, 2.0, np.inf, np.inf]).reshape(4, 1, 1), 50)
    array([[nan]])
    """
    found = dates[percent * len(dates) // 100]
    return np.where(np.isfinite(found), found, np.nan)


def write(
    out: Path,
    dates: dict[str, np.ndarray],
    land: np.ndarray,
    period: np.ndarray,
    source: str,
    citation: str,
    grid: Grid,
) -> list[Path]:
    """Write dates.nc, the dates with their quantiles, and dates.png, maps of the medians.

    Args:
        out: folder.
        dates: of `Dates.sorted`.
        land: (rows, columns) bool.
        period: (12,) datetime64[M] of the forecast.
        source: the model and the data.
        citation: of the data.
        grid: of the maps.
    """
    return [
        _netcdf(out / "dates.nc", dates, land, period, source, citation, grid),
        _maps(out / "dates.png", dates, land, source, grid),
    ]


def _maps(path: Path, dates: dict[str, np.ndarray], land, source: str, grid: Grid) -> Path:
    sheet = Figure(figsize=(8, 5), dpi=110, layout="constrained")
    panels = sheet.subplots(1, 2)
    for axes, (name, (_, title)) in zip(panels, EVENTS.items()):
        field = np.ma.masked_invalid(quantile(dates[name], 50))
        extent = grid.extent
        axes.imshow(np.ma.masked_where(~land, land), cmap="Greys", vmin=0, vmax=2, extent=extent)
        image = axes.imshow(field, cmap="viridis", vmin=0, vmax=LEADS, extent=extent)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    sheet.colorbar(image, ax=panels, shrink=0.7, label="months after the last observed, median")
    maps.write_caption(sheet, source, 9)
    return maps.write(path, sheet)


def _netcdf(path: Path, dates, land, period, source: str, citation: str, grid: Grid) -> Path:
    dataset = netCDF4.Dataset("memory.nc", "w", memory=1 << 20)  # as `netcdf.write`
    what = "dates of ice-free sea and freeze-up, {}"
    netcdf.describe(dataset, period, source, citation, grid, what, "sea_ice_dates")
    netcdf.horizontal_axes(dataset, grid)
    netcdf.reference_time(dataset, period[0])
    dataset.createDimension("quantile", len(QUANTILES))
    levels = dataset.createVariable("quantile", "f8", ("quantile",))
    levels.setncatts({"long_name": "quantile over the members of the forecast", "units": "1"})
    levels[:] = np.array(QUANTILES) / 100
    common = {"coordinates": netcdf.COORDINATES, "coverage_content_type": "modelResult"}
    common |= {"grid_mapping": "crs", "cell_measures": "area: cell_area"}
    for name, (rising, title) in EVENTS.items():
        text = f"sea_ice_area_fraction is {EDGE} or more" if rising else f"it is less than {EDGE}"
        variable = dataset.createVariable(
            name, "f8", ("quantile", "y", "x"), zlib=True, fill_value=np.nan
        )
        variable.setncatts(common | netcdf.UNITS | {"standard_name": "time"})
        variable.long_name = f"date of {title}: from which {text}"
        variable.ancillary_variables = f"{name}_probability"
        variable.comment = "missing where fewer of the members cross within the 12 months"
        for i, percent in enumerate(QUANTILES):
            variable[i] = np.where(land, np.nan, _days(quantile(dates[name], percent), period))
        likely = dataset.createVariable(
            f"{name}_probability", "f4", ("y", "x"), zlib=True, fill_value=np.float32(-1)
        )
        likely.setncatts(common | {"units": "1", "valid_range": np.array([0, 1], np.float32)})
        likely.long_name = f"fraction of the members with a date of {title} within the 12 months"
        likely[:] = np.where(land, -1, np.isfinite(dates[name]).mean(axis=0))
    return atomic.write_bytes(path, dataset.close())


def _days(months_after: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Months after the init as days from 1970, linear within each calendar month."""
    starts = (period[0] + np.arange(-1, LEADS + 1)).astype("datetime64[D]")
    return np.interp(months_after, np.arange(-1, LEADS + 1), (starts - netcdf.EPOCH).astype(float))
