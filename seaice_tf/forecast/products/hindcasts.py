"""Forecasts from many inits in one netCDF file, readable by xarray and climpred as it is.

Dimensions `init`, `lead`, `y`, `x`, and `member` where members are written: the names of climpred.
`init` is the first day of the last month observed and `lead` counts months, so that init + lead is
the first day of the month forecast, as monthly observations are dated.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf import __version__
from seaice_tf.files import netcdf
from seaice_tf.forecast.data.counts import EDGE
from seaice_tf.forecast.products.netcdf import horizontal_axes
from seaice_tf.grids.polar import Grid

LEADS = 12
FILL = np.float32(-1)  # on land
DIGITS = 4  # decimals that are kept
EPOCH = np.datetime64("1970-01-01")
UNITS = f"days since {EPOCH}"
FIELDS = {
    "concentration": "monthly mean sea ice concentration, forecast",
    "probability": f"probability of a monthly mean concentration of at least {EDGE}",
    "spread": "standard deviation of the forecast of concentration",
}
Write = Callable[[np.datetime64, Mapping[str, Any]], None]


@contextmanager
def writer(
    path: Path, grid: Grid, land: np.ndarray, source: str, citation: str = "", members: int = 0
) -> Iterator[Write]:
    """Open a file to write one init after the other, so that memory stays bounded.

    Args:
        path: appears when all is written.
        grid: of the maps.
        land: (rows, columns) bool, written as fill value.
        source: the model and the data.
        citation: of the data.
        members: number of members; 0 writes none.

    Yields:
        A function of an init (the last month observed, datetime64[M]) and its fields:
        "concentration" and, where the forecast has them, "probability" and "spread", (12, rows,
        columns), and "members", (members, rows, columns) of each lead; fractions.
    """
    inits: list[np.datetime64] = []
    with netcdf.created(path) as dataset:
        horizontal_axes(dataset, grid)
        _forecast_axes(dataset, members)

        def write(init: np.datetime64, fields: Mapping[str, Any]) -> None:
            position = len(inits)
            inits.append(init)
            dataset["init"][position] = _days(init)
            dataset["valid_time"][position] = _days(init + np.arange(1, LEADS + 1))
            for name, text in FIELDS.items():
                if name in fields:
                    variable = _variable(dataset, name, ("init", "lead", "y", "x"), text)
                    variable[position] = np.where(land, FILL, fields[name])
            if members:
                text = "members of the forecast of concentration"
                dimensions = ("init", "member", "lead", "y", "x")
                variable = _variable(dataset, "concentration_members", dimensions, text)
                for lead, maps in enumerate(fields["members"]):
                    variable[position, :, lead] = np.where(land, FILL, maps)

        yield write
        _describe(dataset, inits, source, citation)


def _variable(
    dataset: netCDF4.Dataset, name: str, dimensions: tuple[str, ...], text: str
) -> netCDF4.Variable:
    """The variable of that name, made when it is first written."""
    if name in dataset.variables:
        return dataset[name]
    map_shape = tuple(len(dataset.dimensions[name]) for name in dimensions[-2:])
    variable = dataset.createVariable(
        name,
        "f4",
        dimensions,
        compression="zlib",
        complevel=2,
        least_significant_digit=DIGITS,
        chunksizes=(1,) * (len(dimensions) - 2) + map_shape,
        fill_value=FILL,
    )
    variable.setncatts(
        {
            "long_name": text,
            "units": "1",
            "valid_range": np.array([0, 1], np.float32),
            "grid_mapping": "crs",
            "cell_measures": "area: cell_area",
            "coordinates": "lat lon valid_time",
        }
    )
    if name == "concentration":
        variable.standard_name = "sea_ice_area_fraction"
    return variable


def _describe(
    dataset: netCDF4.Dataset, inits: list[np.datetime64], source: str, citation: str
) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind, period = "Forecast", f"from {inits[0]}, made from observations up to it alone"
    if len(inits) > 1:
        kind = "Hindcasts"
        period = (
            f"from every month from {inits[0]} to {inits[-1]}, each made from observations up to "
            "its init alone"
        )
    dataset.setncatts(
        {
            "Conventions": "CF-1.10",
            "title": f"{kind} of monthly sea ice concentration",
            "summary": f"{kind} of 12 months {period}. Made by {source}.",
            "source": source,
            "history": f"{now} seaice_tf {__version__} predict forecast",
        }
    )
    if citation:
        dataset.references = citation


def _forecast_axes(dataset: netCDF4.Dataset, members: int) -> None:
    dataset.createDimension("init", None)
    dataset.createDimension("lead", LEADS)
    init = dataset.createVariable("init", "i4", ("init",))
    init.setncatts(
        {
            "standard_name": "forecast_reference_time",
            "long_name": "first day of the last month observed",
            "units": UNITS,
            "calendar": "standard",
        }
    )
    lead = dataset.createVariable("lead", "i4", ("lead",))
    lead.setncatts({"standard_name": "forecast_period", "long_name": "lead", "units": "months"})
    lead[:] = np.arange(1, LEADS + 1)
    time = dataset.createVariable("valid_time", "i4", ("init", "lead"))
    time.setncatts(
        {
            "standard_name": "time",
            "long_name": "first day of the month forecast",
            "units": UNITS,
            "calendar": "standard",
        }
    )
    if members:
        dataset.createDimension("member", members)
        member = dataset.createVariable("member", "i4", ("member",))
        member.setncatts({"standard_name": "realization", "units": "1"})
        member[:] = np.arange(1, members + 1)


def _days(months: np.ndarray | np.datetime64) -> np.ndarray:
    """Days from 1970 to the first of each month."""
    return (months.astype("datetime64[D]") - EPOCH).astype(int)
