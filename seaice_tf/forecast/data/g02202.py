"""The NOAA/NSIDC climate data record of sea-ice concentration, G02202 version 4, monthly."""

from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf
from seaice_tf.forecast.data import file_names, g02202_counts
from seaice_tf.forecast.data.file_format import Field, Format
from seaice_tf.forecast.data.file_names import Name

NAME = r"seaice_conc_monthly_(?P<pole>[ns]h)_(?P<date>\d{6})_(?P<sensor>[a-z0-9]{3})_v04r\d\d\.nc"
VARIABLE = "cdr_seaice_conc_monthly"
SCALE = 0.01


def read_file(path: Path, name: Name) -> Field:
    """The record's concentration as counts, to 1 percent as it is stored, with our flags."""
    with netcdf.opened(path) as dataset:
        synthetic = netcdf.is_synthetic(dataset)
        if VARIABLE not in dataset.variables:
            got = ", ".join(dataset.variables) or "none"
            raise InputError(
                f"{path}: expected a variable {VARIABLE}, got {got}; download the file again"
            )
        variable = dataset[VARIABLE]
        stored = netcdf.one_grid(path, variable, name.grid)
        whole = stored.dtype.kind in "iu"
        scale = netcdf.number(path, variable, "scale_factor", SCALE if whole else 1)
        fill = getattr(variable, "_FillValue", None)
    counts, unknown = g02202_counts.to_counts(stored * np.float64(scale))
    if fill is not None:
        unknown &= stored != fill
    if unknown.any():
        raise InputError(
            f"{path}: expected fractions from 0 to 1 and flags, got {stored[unknown][0]:g} times "
            f"{scale:g} in one of {unknown.sum()} cells; download the file again"
        )
    return Field(counts, synthetic)


FORMAT = Format(
    "NOAA/NSIDC climate data record v4",
    "seaice_conc_monthly_[ns]h_YYYYMM_SSS_v04rNN.nc",
    "NOAA/NSIDC climate data record G02202 version 4, doi:10.7265/efmz-2t65",
    partial(file_names.parse, NAME),
    read_file,
)
