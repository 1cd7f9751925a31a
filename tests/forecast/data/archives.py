"""Writers of tiny archives in the real formats: names, dimensions, types and attributes."""

import netCDF4
import numpy as np

from seaice_tf.forecast.data import nsidc0051
from seaice_tf.forecast.data.formats import Name
from seaice_tf.forecast.data.nsidc0051 import sensor, write_synthetic
from seaice_tf.grids.counts import COAST, LAND, MISSING, POLE_HOLE, flagged
from seaice_tf.grids.polar import SOUTH, of_shape


def write_v2(folder, first, counts, sensors=None):
    """NSIDC-0051 v2; `sensors` names the variables, each with the same counts."""
    for date, field in zip(first + np.arange(len(counts)), counts):
        chosen = [sensor(date).upper()] if sensors is None else sensors
        write_v2_file(folder, date, of_shape(field.shape), dict.fromkeys(chosen, field))


def write_v2_file(folder, date, grid, fields):
    """One file with the variables <SSS>_ICECON of `fields`; without any, a time without data."""
    pole, digits = grid.name[0].upper(), Name(date).digits
    path = folder / f"NSIDC0051_SEAICE_PS_{pole}25km_{digits}_v2.0.nc"
    folder.mkdir(exist_ok=True)
    with netCDF4.Dataset(path, "w") as data:
        data.Conventions = "CF-1.6, ACDD-1.3"
        _axes(data, grid, "time", date, unlimited=True)
        for name, field in fields.items():
            variable = data.createVariable(f"{name}_ICECON", "u1", ("time", "y", "x"), zlib=True)
            head = nsidc0051.header(Name(date, name.lower(), grid))
            variable.setncatts(
                {
                    "long_name": "Sea Ice Concentration",
                    "standard_name": "sea_ice_area_fraction",
                    "units": "Fraction between 0.0 - 1.0",
                    "scale_factor": 0.004,
                    "add_offset": 0.0,
                    "valid_range": np.array([0, 250], np.uint8),
                    "flag_values": np.arange(251, 256, dtype=np.uint8),
                    "flag_meanings": "pole_hole_mask unused coast land missing",
                    "grid_mapping": "crs",
                    "legacy_binary_header": np.frombuffer(head, np.uint8),
                }
            )
            variable.set_auto_maskandscale(False)
            variable[0] = field
    return path


def write_contest(folder, first, counts):
    """The contest's arrays."""
    folder.mkdir(exist_ok=True)
    for date, field in zip(first + np.arange(len(counts)), counts):
        masks = [field == flag for flag in (POLE_HOLE, COAST, LAND, MISSING)]
        layers = np.stack([np.where(flagged(field), 0, field), *masks], axis=-1)
        np.save(folder / f"{Name(date).digits}.npy", layers.astype(np.uint8))


def write_climate_record(folder, first, counts, stored="u1", fill=255):
    """G02202 v4; `stored` "f4" gives fractions with flags above 1, as a decoder leaves them."""
    folder.mkdir(exist_ok=True)
    for date, field in zip(first + np.arange(len(counts)), counts):
        grid = of_shape(field.shape)
        name = f"seaice_conc_monthly_{grid.name[0]}h_{Name(date).digits}_{sensor(date)}_v04r00.nc"
        with netCDF4.Dataset(folder / name, "w") as data:
            data.title = (
                "NOAA/NSIDC Climate Data Record of Passive Microwave Sea Ice Concentration "
                "Version 4"
            )
            data.product_version = "v04r00"
            _axes(data, grid, "tdim", date)
            percent = np.where(flagged(field), field, np.rint(field / 2.5))
            variable = data.createVariable(
                "cdr_seaice_conc_monthly", stored, ("tdim", "y", "x"), zlib=True, fill_value=fill
            )
            packing = {"scale_factor": np.float32(0.01), "add_offset": np.float32(0)}
            variable.setncatts(
                {
                    "standard_name": "sea_ice_area_fraction",
                    "units": "1",
                    "flag_values": np.arange(251, 256, dtype=np.uint8),
                    "flag_meanings": "pole_hole lakes coastal land_mask missing_data",
                    "valid_range": np.array([0, 100], np.uint8),
                    "grid_mapping": "projection",
                    **(packing if stored != "f4" else {}),
                }
            )
            variable.set_auto_maskandscale(False)
            if stored == "f4":
                variable[0] = np.where(flagged(field), field / 100, field / 250)
            else:
                variable[0] = percent.astype(np.uint8).view(stored)


def _axes(data, grid, time, date, unlimited=False):
    data.createDimension(time, None if unlimited else 1)
    data.createVariable("time", "f8", (time,))[:] = [int(date.astype("datetime64[D]").astype(int))]
    data["time"].setncatts({"units": "days since 1970-01-01", "calendar": "gregorian"})
    for name, values in zip("xy", grid.axes()):
        data.createDimension(name, len(values))
        data.createVariable(name, "f8", (name,))[:] = values
    crs = data.createVariable("crs" if unlimited else "projection", "S1", ())
    crs.grid_mapping_name = "polar_stereographic"
    crs.straight_vertical_longitude_from_pole = 0.0 if grid is SOUTH else -45.0


def every_day(write):
    """A writer of months from one of days: each month as 20 days that are all the same."""

    def write_days(folder, first, counts):
        for month, field in zip(first + np.arange(len(counts)), counts):
            write(folder, month.astype("datetime64[D]"), np.repeat(field[None], 20, axis=0))

    return write_days


WRITERS = {
    "NSIDC-0051 v1.1": write_synthetic,
    "NSIDC-0051 v1.1 daily": every_day(write_synthetic),
    "NSIDC-0051 v2": write_v2,
    "NSIDC-0051 v2 daily": every_day(write_v2),
    "contest Dacon 235706": write_contest,
    "NOAA/NSIDC climate data record v4": write_climate_record,
}
