"""CF-1.10 netCDF of the charts of a scene, with coordinates, probabilities and uncertainty."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf import __version__
from seaice_tf.files import netcdf
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data.charts import CHART_TITLES, CHARTS, CLASSES, MASK
from seaice_tf.icechart.data.decision import PACKED, PROBABILITIES, stored
from seaice_tf.icechart.data.inputs import coordinates, row_windows
from seaice_tf.task import Case, Maps

CHUNK = 256  # pixels along a side
ROWS = CHUNK  # that are written at once: whole chunks, each compressed once
FIELDS = (*CHARTS, *PROBABILITIES, "uncertainty")  # beside the concentration
Rows = Mapping[str, np.ndarray]


def write_case(path: Path, case: Case, fields: Maps, model: str) -> Path:
    """Write the predicted fields of a case.

    Args:
        path: of the netCDF file.
        case: the scene.
        fields: the predicted fields by name.
        model: name of the model.
    """
    context = case.context
    title = f"Ice charts of {case.name}, {context.area}"
    source = f"{model} on {context.source}"
    return write(path, title, source, context.grid, bands(case, fields))


def bands(case: Case, fields: Maps) -> Iterator[tuple[int, Rows]]:
    """The fields of a case in bands of lines from the top, as `write` takes them."""
    context, scene = case.context, case.context.scene
    for here in row_windows(context.grid, ROWS):
        valid = context.valid()[here.times(context.factor, scene.shape).slices]
        rows = {
            "valid": downscale.mean(valid, valid, context.factor)[1] > 0,
            "concentration": fields["concentration"][here.slices].astype(np.float32) / 10,
            **{
                name: fields[name][here.slices] for name in (*CHARTS, *PROBABILITIES, "uncertainty")
            },
        }
        if scene.latitude.size:
            rows["latitude"], rows["longitude"] = coordinates(scene, here, context.factor)
        yield here.top, rows


def write(
    path: Path, title: str, source: str, shape: tuple[int, int], bands: Iterable[tuple[int, Rows]]
) -> Path:
    """Write the fields of a scene band by band, in bounded memory.

    Args:
        path: of the netCDF file.
        title: global attribute.
        source: global attribute, the model and its data.
        shape: lines and samples.
        bands: of `ROWS` lines each, for speed. The first line of a band, and by name its fields:
            "valid" (n, samples) bool, where the SAR has data; SIC, SOD and FLOE (n, samples)
            classes; "concentration" (n, samples), "<chart>_probabilities" (n, samples, classes) and
            "uncertainty" (n, samples, 3) in [0, 1], packed or not; "latitude" and "longitude"
            (n, samples) in degrees, if the scene has them.
    """
    with netcdf.created(path) as data:
        _describe(data, title, source, shape)
        for top, rows in bands:
            if top == 0:
                _define(data, "latitude" in rows)
            _write(data, top, rows)
    return path


def _describe(data: netCDF4.Dataset, title: str, source: str, shape: tuple[int, int]) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data.setncatts(
        {
            "Conventions": "CF-1.10",
            "title": title,
            "source": source,
            "history": f"{now} seaice_tf {__version__} predict icechart",
            "references": "AI4Arctic Sea Ice Challenge dataset, DTU 21316608",
        }
    )
    for name, length in zip(("line", "sample"), shape):
        data.createDimension(name, length)
    for chart in CHARTS:
        data.createDimension(f"{chart}_class", len(CLASSES[chart]))


def _define(data: netCDF4.Dataset, located: bool) -> None:
    if located:
        for name, unit in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
            _variable(data, name, "f4", (), {"standard_name": name, "units": unit})
    common = {"coordinates": "latitude longitude"} if located else {}
    fraction = {
        "units": "1",
        "scale_factor": 1 / PACKED,
        "valid_range": np.array([0, PACKED], np.uint8),
    }
    fraction |= common
    concentration = {"standard_name": "sea_ice_area_fraction", "cell_methods": "area: mean"}
    _variable(data, "concentration", "u1", (), {**concentration, **fraction})
    for chart in CHARTS:
        title, kinds = CHART_TITLES[chart].lower(), CLASSES[chart]
        meanings = " ".join(kind.replace(" %", "_percent").replace(" ", "_") for kind in kinds)
        flags = {"flag_values": np.arange(len(kinds), dtype=np.uint8), "flag_meanings": meanings}
        beside = f"{chart}_uncertainty {chart}_probability"
        flags |= {"long_name": title, "ancillary_variables": beside}
        _variable(data, chart, "u1", (), {**flags, **common})
        long_name = f"uncertainty of {title}: 0 where one class is certain, at most 1"
        _variable(data, f"{chart}_uncertainty", "u1", (), {"long_name": long_name, **fraction})
        long_name = f"probability of each class of {title}, in the order of {chart}:flag_meanings"
        name = f"{chart}_probability"
        _variable(data, name, "u1", (f"{chart}_class",), {"long_name": long_name, **fraction})


def _variable(data: netCDF4.Dataset, name: str, kind: str, first: tuple, attributes: dict) -> None:
    sides = [min(CHUNK, len(data.dimensions[axis])) for axis in ("line", "sample")]
    variable = data.createVariable(
        name,
        kind,
        (*first, "line", "sample"),
        zlib=True,
        complevel=1,
        chunksizes=(*(1 for _ in first), *sides),
        fill_value=MASK if kind == "u1" else None,
        chunk_cache=1,  # byte, that is none, as `ROWS` is a row of chunks
    )
    variable.setncatts(attributes)
    variable.set_auto_maskandscale(False)


def _write(data: netCDF4.Dataset, top: int, rows: Rows) -> None:
    valid = rows["valid"]
    here = slice(top, top + len(valid))
    for name in ("latitude", "longitude"):
        if name in rows:
            data[name][here] = rows[name]
    data["concentration"][here] = _bytes(rows["concentration"], valid)
    for i, chart in enumerate(CHARTS):
        data[chart][here] = np.where(valid, rows[chart], np.uint8(MASK))
        data[f"{chart}_uncertainty"][here] = _bytes(rows["uncertainty"][..., i], valid)
        probabilities = np.moveaxis(rows[f"{chart}_probabilities"], -1, 0)
        data[f"{chart}_probability"][:, here] = _bytes(probabilities, valid)


def _bytes(fractions: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Fractions, packed or not, as the bytes of the file."""
    return np.where(valid, stored(fractions, np.dtype(np.uint8)), np.uint8(MASK))
