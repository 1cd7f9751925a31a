"""The NOAA/NSIDC climate data record of sea-ice concentration, G02202 version 4, monthly.

Source: G02202 user guide, version 4. Concentrations are stored as percent with a scale of 0.01,
flags as 251 pole hole, 252 lakes, 253 coast, 254 land, 255 missing. As signed bytes, and where a
server has made them floats, the same flags are -5 to -1 times the scale, or 2.51 to 2.55.
"""

from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf
from seaice_tf.forecast.data import formats
from seaice_tf.forecast.data.formats import Field, Format, Name
from seaice_tf.grids.counts import FULL_ICE, LAND, MISSING, POLE_HOLE

NAME = r"seaice_conc_monthly_(?P<pole>[ns]h)_(?P<date>\d{6})_(?P<sensor>[a-z0-9]{3})_v04r\d\d\.nc"
VARIABLE = "cdr_seaice_conc_monthly"
SCALE = 0.01
LAKE = 252


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
    counts, unknown = to_counts(stored * np.float64(scale))
    if fill is not None:
        unknown &= stored != fill
    if unknown.any():
        raise InputError(
            f"{path}: expected fractions from 0 to 1 and flags, got {stored[unknown][0]:g} times "
            f"{scale:g} in one of {unknown.sum()} cells; download the file again"
        )
    return Field(counts, synthetic)


def to_counts(fraction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractions with flags beyond 0 and 1 as counts with our flags, and where that failed.

    A stored percent is 2.5 counts, rounded to the even one. Lakes become land: no sea lies there,
    and 252 is a value that NSIDC-0051 does not use.

    Args:
        fraction: of any shape, stored value times scale; NaN is missing.

    Returns:
        uint8 counts, and bool where a value is neither a fraction nor a flag; same shape.

    >>> to_counts(np.array([0.0, 0.5, 1.0, 2.54, -0.05, np.nan]))[0]
    array([  0, 125, 250, 254, 251, 255], dtype=uint8)
    """
    value = np.where(np.isnan(fraction), MISSING / 100, fraction).astype(np.float64)
    ice = np.abs(value - 0.5) < 0.5 + 1e-6  # 1 may have passed through float32
    percent = np.rint(100 * np.clip(value, -1e4, 1e4)).astype(int)
    near = np.isclose(100 * value, percent, atol=1e-3)
    flag = np.where(percent < 0, percent + 256, percent)
    unknown = ~ice & ~(near & (flag >= POLE_HOLE) & (flag <= MISSING))
    flag = np.where(flag == LAKE, LAND, flag)
    counts = np.where(ice, np.rint(np.where(ice, value, 0) * FULL_ICE), flag)
    return np.where(unknown, MISSING, counts).astype(np.uint8), unknown


FORMAT = Format(
    "NOAA/NSIDC climate data record v4",
    "seaice_conc_monthly_[ns]h_YYYYMM_SSS_v04rNN.nc",
    "NOAA/NSIDC climate data record G02202 version 4, doi:10.7265/efmz-2t65",
    partial(formats.parse_name, NAME),
    read_file,
)
