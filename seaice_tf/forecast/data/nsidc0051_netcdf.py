"""NSIDC-0051 version 2, monthly and daily sea-ice concentration, in netCDF.

Source: NSIDC-0051 user guide, version 2. One variable for each sensor, stored as the counts and
flags of version 1.1.
"""

import re
from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf
from seaice_tf.forecast.data import formats
from seaice_tf.forecast.data.formats import Field, Format, Name
from seaice_tf.grids import counts

NAME = r"NSIDC0051_SEAICE_PS_(?P<pole>[NS])25km_(?P<date>\d{6}(\d\d)?)_v2\.0\.nc"
VARIABLE = re.compile(r"([NF]\d\d)_ICECON")
SCALE = 0.004  # fraction of a count


def read_file(path: Path, name: Name) -> Field:
    """The counts of the newest sensor that observed anything.

    Sensors overlap at each change of satellite. The newest one is taken because it is the one
    that the record goes on with, so that a record has one change and not a to and fro; a user of
    version 1.1 makes the same choice by the file that is kept.

    A file without a variable, or with nothing but flags in all of them, stands for a time without
    data: its counts are flags all over.
    """
    with netcdf.opened(path) as dataset:
        synthetic = netcdf.is_synthetic(dataset)
        if {"x", "y"} - set(dataset.dimensions):
            got = ", ".join(dataset.dimensions) or "none"
            raise InputError(
                f"{path}: expected dimensions time, y, x, got {got}; download the file again"
            )
        empty = np.full(name.grid.shape, counts.MISSING, np.uint8)
        for sensor in newest_first(dataset.variables):
            variable = dataset[f"{sensor}_ICECON"]
            scale = netcdf.number(path, variable, "scale_factor", SCALE)
            if variable.dtype != np.uint8 or not np.isclose(scale, SCALE):
                raise InputError(
                    f"{path}: expected {variable.name} as ubyte with scale_factor {SCALE}, "
                    f"got {variable.dtype} with {scale:g}; download the file again"
                )
            field = netcdf.one_grid(path, variable, name.grid)
            if not counts.flagged(field).all():
                return Field(field, synthetic)
            empty = field
        return Field(empty, synthetic)


def newest_first(variables) -> list[str]:
    """The sensors among the names of variables: DMSP's count upwards, Nimbus 7 came before.

    >>> newest_first(["crs", "N07_ICECON", "F08_ICECON", "F11_ICECON"])
    ['F11', 'F08', 'N07']
    """
    sensors = [match[1] for name in variables if (match := VARIABLE.fullmatch(name))]
    return sorted(sensors, key=lambda sensor: (sensor[0] == "F", sensor), reverse=True)


FORMAT = Format(
    "NSIDC-0051 v2",
    "NSIDC0051_SEAICE_PS_[NS]25km_YYYYMM[DD]_v2.0.nc",
    "NSIDC-0051 version 2, doi:10.5067/MPYG15WAA4WX",
    partial(formats.parse_name, NAME),
    read_file,
)
