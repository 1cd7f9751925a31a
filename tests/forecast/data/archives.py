"""Writers of tiny archives in the real formats: names, groups, dimensions, types and attributes.

The layouts are those of the producers: NSIDC's user guides, the public generators nsidc/seaice_ecdr
(G02202 versions 5 and 6, G10016) and nsidc/nsidc0803, and files of OSI SAF.
"""

import netCDF4
import numpy as np

from seaice_tf.forecast.data import nsidc0051
from seaice_tf.forecast.data.counts import COAST, LAND, MISSING, POLE_HOLE, flagged
from seaice_tf.forecast.data.formats import Name
from seaice_tf.forecast.data.nsidc0051 import sensor, write_synthetic
from seaice_tf.grids.polar import EASE_NORTH, EASE_SOUTH, of_shape

EPOCH = np.datetime64("1970-01-01")
DAY = "datetime64[D]"
STEREOGRAPHIC_TITLE = {"north": "NSIDC Sea Ice Polar Stereographic North", "south": "... South"}


def letter(grid):
    return grid.name[0]


def days_since(date, epoch=EPOCH):
    return int((date.astype(DAY) - epoch.astype(DAY)).astype(int))


# --- binaries ---------------------------------------------------------------------------------


def write_binary(folder, first, counts, version="v01", title=nsidc0051.SYNTHETIC_TITLE):
    """`_v01_`, `_v2.0_` and `_nrt_`: the bytes of version 1.1 under other names."""
    folder.mkdir(exist_ok=True, parents=True)
    paths = []
    for date, field in zip(first + np.arange(len(counts)), counts):
        name = Name(date, "f18" if version == "nrt" else sensor(date), of_shape(field.shape))
        path = folder / f"nt_{name.digits}_{name.sensor}_{version}_{letter(name.grid)}.bin"
        head = nsidc0051.header(name, title)
        stamped = head.replace(b"_v01_", b"_nrt_") if version == "nrt" else head
        path.write_bytes(stamped + field.tobytes())
        paths.append(path)
    return paths


# --- NSIDC-0051, NSIDC-0081 and NSIDC-0803 in netCDF -------------------------------------------


def write_v2(folder, first, counts, sensors=None, product="NSIDC0051_SEAICE_PS"):
    """NSIDC-0051 v2; `sensors` names the variables, each with the same counts."""
    for date, field in zip(first + np.arange(len(counts)), counts):
        chosen = [sensor(date).upper()] if sensors is None else sensors
        write_v2_file(
            folder, date, of_shape(field.shape), dict.fromkeys(chosen, field), product=product
        )


V2_TITLES = {
    "NSIDC0051_SEAICE_PS": "Sea Ice Concentrations from Nimbus-7 SMMR and DMSP SSM/I-SSMIS Passive "
    "Microwave Data, Version 2",
    "NSIDC0081_SEAICE_PS": "Near-Real-Time DMSP SSMIS Daily Polar Gridded Sea Ice Concentrations, "
    "Version 2",
    "NSIDC0803_SIC": "AMSR2 Daily Polar Gridded Sea Ice Concentrations, Version 2",
}


def write_v2_file(folder, date, grid, fields, product="NSIDC0051_SEAICE_PS"):
    """One file with the variables <SSS>_ICECON of `fields`; without any, a time without data.

    A sensor "" gives the variable ICECON of NSIDC-0803.
    """
    path = folder / f"{product}_{letter(grid).upper()}25km_{Name(date).digits}_v2.0.nc"
    folder.mkdir(exist_ok=True, parents=True)
    with netCDF4.Dataset(path, "w") as data:
        data.Conventions = "CF-1.6, ACDD-1.3"
        data.title = V2_TITLES[product]
        data.time_coverage_duration = "P1D" if date.dtype == DAY else "P1M"
        stereographic_axes(data, grid, "time", date, unlimited=True)
        for name, field in fields.items():
            variable = data.createVariable(
                f"{name}_ICECON".lstrip("_"), "u1", ("time", "y", "x"), zlib=True
            )
            head = nsidc0051.header(Name(date, name.lower() or "as2", grid))
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
                }
            )
            if product == "NSIDC0051_SEAICE_PS":
                variable.legacy_binary_header = np.frombuffer(head, np.uint8)
            variable.set_auto_maskandscale(False)
            variable[0] = field
    return path


def of_product(product, sensors):
    """A writer of another product in the format of version 2."""

    def write(folder, first, counts):
        write_v2(folder, first, counts, sensors, product)

    return write


# --- Dacon ------------------------------------------------------------------------------------


def write_dacon(folder, first, counts):
    """The arrays of Dacon 235706."""
    folder.mkdir(exist_ok=True, parents=True)
    for date, field in zip(first + np.arange(len(counts)), counts):
        masks = [field == flag for flag in (POLE_HOLE, COAST, LAND, MISSING)]
        layers = np.stack([np.where(flagged(field), 0, field), *masks], axis=-1)
        np.save(folder / f"{Name(date).digits}.npy", layers.astype(np.uint8))


# --- NOAA/NSIDC climate data record ------------------------------------------------------------


def write_climate_record(folder, first, counts, stored="u1", fill=255):
    """G02202 v4; `stored` "f4" gives fractions with flags above 1, as a decoder leaves them."""
    folder.mkdir(exist_ok=True, parents=True)
    for date, field in zip(first + np.arange(len(counts)), counts):
        grid, daily = of_shape(field.shape), date.dtype == DAY
        period, suffix = ("daily", "") if daily else ("monthly", "_monthly")
        code, digits = sensor(date), Name(date).digits
        name = f"seaice_conc_{period}_{letter(grid)}h_{digits}_{code}_v04r00.nc"
        with netCDF4.Dataset(folder / name, "w") as data:
            data.title = (
                "NOAA/NSIDC Climate Data Record of Passive Microwave Sea Ice Concentration "
                "Version 4"
            )
            data.product_version = "v04r00"
            data.platform = f"DMSP 5D-3/{code.upper()} > Defense Meteorological Satellite Program"
            data.time_coverage_duration = "P1D" if daily else "P1M"
            epoch = np.datetime64("1601-01-01")
            stereographic_axes(data, grid, "tdim", date, epoch=epoch, unlimited=True, grids="grid")
            percent = np.where(flagged(field), field, np.rint(field / 2.5))
            variable = data.createVariable(
                f"cdr_seaice_conc{suffix}", stored, ("tdim", "y", "x"), zlib=True, fill_value=fill
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


SURFACES = {POLE_HOLE: 100, COAST: 200, LAND: 250}  # of surface_type_mask; the sea is 50


def write_ecdr_file(path, dates, counts, version="v06r00", grid=None):
    """One file of G02202 version 5 or 6 or of G10016: a time, or an aggregate of many."""
    grid = grid or of_shape(counts.shape)
    daily = dates.dtype == DAY
    suffix, near = ("" if daily else "_monthly"), "_icdr_" in path.name
    path.parent.mkdir(exist_ok=True, parents=True)
    with netCDF4.Dataset(path, "w") as data:
        kind = "Near-Real-Time NOAA/NSIDC" if near else "NOAA/NSIDC"
        data.title = f"{kind} Climate Data Record of Passive Microwave Sea Ice Concentration"
        data.product_version = version.removeprefix("icdr_")
        data.Conventions = "CF-1.10, ACDD-1.3"
        data.id = (
            "https://doi.org/10.7265/j0z0-4h87" if near else "https://doi.org/10.7265/rjzb-pf78"
        )
        data.platform = (
            "GCOM-W1 > Global Change Observation Mission 1st-Water"
            if near or "_am2_" in path.name
            else f"DMSP 5D-3/{sensor(dates[0]).upper()} > Defense Meteorological Satellite Program"
        )
        data.time_coverage_resolution = "P1D" if daily else "P1M"
        stereographic_axes(data, grid, "time", dates, unlimited=True)
        dimensions, chunks = ("time", "y", "x"), (1, *grid.shape)
        packing = {"scale_factor": np.float32(0.01), "add_offset": np.float32(0)}
        shared = {"units": "1", "grid_mapping": "crs", "coordinates": "time y x"}
        conc = data.createVariable(
            f"cdr_seaice_conc{suffix}",
            "u1",
            dimensions,
            zlib=True,
            fill_value=255,
            chunksizes=chunks,
        )
        conc.setncatts({"standard_name": "sea_ice_area_fraction", **shared, **packing})
        conc.valid_range = np.array([0, 100], np.uint8)
        conc.set_auto_maskandscale(False)
        flags = data.createVariable(
            f"cdr_seaice_conc{suffix}_qa_flag", "u1", dimensions, zlib=True, chunksizes=chunks
        )
        flags.setncatts({"standard_name": "status_flag", **shared})
        group = data.createGroup("cdr_supplementary")
        surface = group.createVariable(
            "surface_type_mask", "u1", dimensions, zlib=True, chunksizes=chunks
        )
        surface.flag_values = np.array([50, 75, 100, 200, 250], np.uint8)
        surface.flag_meanings = "ocean lake polehole_mask coast land"
        for i, field in enumerate(counts):
            conc[i] = np.where(flagged(field), 255, np.rint(field / 2.5)).astype(np.uint8)
            mask = np.full(grid.shape, 50, np.uint8)
            for flag, value in SURFACES.items():
                mask[field == flag] = value
            surface[i] = mask
    return path


def ecdr_name(grid, dates, version, sensor_code):
    first, last = (Name(date).digits for date in (dates[0], dates[-1]))
    period = first if len(dates) == 1 else f"{first}-{last}"
    code = f"_{sensor_code}" if sensor_code else ""
    return f"sic_{grid.code}_{period}{code}_{version}.nc"


def write_ecdr(folder, first, counts, version="v06r00", code=None):
    """A file a time of G02202 version 5 or 6; F17 is upper case there, n07 lower case."""
    for date, field in zip(first + np.arange(len(counts)), counts):
        found = code or sensor(date)
        name = ecdr_name(
            of_shape(field.shape), [date], version, found.upper() if found[0] == "f" else found
        )
        write_ecdr_file(folder / name, np.array([date]), field[None], version)


def write_aggregate(folder, first, counts, version="v06r00"):
    """The whole record in one file."""
    dates = first + np.arange(len(counts))
    name = ecdr_name(of_shape(counts.shape), dates, version, "")
    return write_ecdr_file(folder / name, dates, counts, version)


def write_version_5(folder, first, counts):
    """A file a month of version 5."""
    write_ecdr(folder, first, counts, "v05r00")


def write_icdr(folder, first, counts):
    """The near-real-time record G10016 version 4, of AMSR2."""
    write_ecdr(folder, first, counts, "icdr_v04r00", "am2")


# --- OSI SAF ------------------------------------------------------------------------------------


def write_osisaf(folder, first, counts, kind="cdr", grid=EASE_NORTH, flags=True):
    """OSI-450-a, or with `kind` "icdr" OSI-430-a."""
    folder.mkdir(exist_ok=True, parents=True)
    for date, field in zip(first + np.arange(len(counts)), counts):
        daily = date.dtype == DAY
        stamp = Name(date).digits + ("1200" if daily else "")
        name = f"ice_conc_{letter(grid)}h_ease2-250_{kind}-v3p0_{stamp}.nc"
        with netCDF4.Dataset(folder / name, "w") as data:
            interim = "Interim " if kind == "icdr" else ""
            data.title = f"{interim}Climate Data Record of Sea Ice Concentration of OSI SAF"
            data.time_coverage_resolution = "P1D" if daily else "P1M"
            data.platform = "DMSP-F17"
            data.createDimension("time", None)
            time = data.createVariable("time", "f8", ("time",))
            time.units, time.calendar = "seconds since 1978-01-01 00:00:00", "standard"
            middle = 86400 * (days_since(date, np.datetime64("1978-01-01")) + (0 if daily else 14))
            time[:] = [middle + 43200]
            for axis, values in zip(("xc", "yc"), grid.axes()):
                data.createDimension(axis, len(values))
                variable = data.createVariable(axis, "f8", (axis,))
                variable.units, variable[:] = "km", values / 1000
            crs = data.createVariable("Lambert_Azimuthal_Grid", "i4", ())
            crs.grid_mapping_name = "lambert_azimuthal_equal_area"
            crs.latitude_of_projection_origin = 90.0 if grid is EASE_NORTH else -90.0
            crs.longitude_of_projection_origin = 0.0
            dimensions = ("time", "yc", "xc")
            conc = data.createVariable("ice_conc", "i4", dimensions, zlib=True, fill_value=-32767)
            conc.units, conc.scale_factor, conc.add_offset = "%", 0.01, 0.0
            conc.set_auto_maskandscale(False)
            conc[0] = np.where(flagged(field), -32767, field.astype(int) * 40)
            if flags:
                status = data.createVariable("status_flag", "u1", dimensions, zlib=True)
                status.flag_masks = np.array([1, 2, 4, 8], np.uint8)
                status.flag_meanings = "land lake open_water_filter land_spill_over_correction"
                status[0] = (field == LAND) | (field == COAST)


def osisaf_south(folder, first, counts):
    """The southern hemisphere of OSI-450-a."""
    write_osisaf(folder, first, counts, grid=EASE_SOUTH)


# --- shared ---------------------------------------------------------------------------------------


def stereographic_axes(data, grid, time, dates, epoch=EPOCH, unlimited=False, grids=""):
    """Dimensions, axes, time and projection as NSIDC writes them; `grids` "grid" as version 4."""
    dates = np.atleast_1d(dates)
    data.createDimension(time, None if unlimited else len(dates))
    variable = data.createVariable("time", "f4" if grids else "f8", (time,))
    variable[:] = [days_since(date, epoch) for date in dates]
    variable.setncatts({"units": f"days since {epoch} 00:00:00", "calendar": "gregorian"})
    for name, values in zip("xy", grid.axes()):
        data.createDimension(name, len(values))
        axis = data.createVariable(name + grids, "f4" if grids else "f8", (name,))
        axis[:], axis.units = values, "meters"
    crs = data.createVariable("projection" if grids else "crs", "S1", ())
    south = grid.name == "south"
    crs.setncatts(
        {
            "grid_mapping_name": "polar_stereographic",
            "long_name": STEREOGRAPHIC_TITLE[grid.name],
            "standard_parallel": -70.0 if south else 70.0,
            "latitude_of_projection_origin": -90.0 if south else 90.0,
            # Version 4 has 135 degrees in the north, half a turn off.
            "straight_vertical_longitude_from_pole": 0.0 if south else 135.0 if grids else -45.0,
        }
    )


def every_day(write):
    """A writer of months from one of days: each month as 20 days that are all the same."""

    def write_days(folder, first, counts):
        for month, field in zip(first + np.arange(len(counts)), counts):
            write(folder, month.astype(DAY), np.repeat(field[None], 20, axis=0))

    return write_days


RECORD = "NOAA/NSIDC climate data record"
WRITERS = {
    "NSIDC-0051 v1.1": write_synthetic,
    "NSIDC-0051 v1.1 daily": every_day(write_synthetic),
    "NSIDC-0051 v2": write_v2,
    "NSIDC-0051 v2 daily": every_day(write_v2),
    "NSIDC-0081 v1 daily": every_day(lambda *a: write_binary(*a, version="nrt")),
    "NSIDC-0081 v2 daily": every_day(of_product("NSIDC0081_SEAICE_PS", ["F18"])),
    "NSIDC-0803 v2 daily": every_day(of_product("NSIDC0803_SIC", [""])),
    "Dacon 235706": write_dacon,
    f"{RECORD} v4": write_climate_record,
    f"{RECORD} v4 daily": every_day(write_climate_record),
    f"{RECORD} v5": write_version_5,
    f"{RECORD} v6": write_aggregate,
    f"{RECORD} v6 daily": every_day(write_ecdr),
    f"{RECORD}, near-real-time daily": every_day(write_icdr),
    "OSI SAF OSI-450-a": write_osisaf,
    "OSI SAF OSI-430-a daily": every_day(lambda *a: write_osisaf(*a, kind="icdr")),
}
SOUTH_WRITERS = {"OSI SAF OSI-450-a": osisaf_south}
NORTH_ONLY = ("Dacon", "OSI SAF OSI-430-a")
