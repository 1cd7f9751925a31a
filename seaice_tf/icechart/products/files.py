"""What is written of charts: netCDF of each scene, pictures, and the contest's upload file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seaice_tf.files import maps
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.decision import CHANCES, unpacked
from seaice_tf.icechart.products import netcdf as icechart_netcdf
from seaice_tf.icechart.products import upload as icechart_upload
from seaice_tf.icechart.verification import masked, sheet
from seaice_tf.task import Case, Maps, Pairs, PredictOptions

UPLOAD = "upload.nc"
ROWS = 256  # that are written at once


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """A netCDF and a sheet of each scene, and the contest's upload file with the charts at 80 m."""
    written: list[Path] = []

    def charts():
        for case, fields in pairs:
            path = out / "charts" / f"{case.name}.png"
            written.append(maps.write(path, sheet(case, fields, model)))
            written.append(_netcdf(path.with_suffix(".nc"), case, fields, model))
            yield case.name, masked(case, fields)

    upload = icechart_upload.write(out / UPLOAD, charts())
    return [upload, *written]


def _netcdf(path: Path, case: Case, fields: Maps, model: str) -> Path:
    context = case.context
    title = f"Ice charts of {case.name}, {context.area}"
    return icechart_netcdf.write(
        path, title, f"{model} on {context.source}", context.grid, bands(case, fields)
    )


def bands(case: Case, fields: Maps) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """First line, and what the netCDF holds of the lines from there, from the top."""
    context, scene = case.context, case.context.scene
    height, width = context.grid
    for top in range(0, height, ROWS):
        here = Window(top, 0, min(ROWS, height - top), width)
        valid = sar_scene.read_valid(scene, here.times(context.factor, scene.shape))
        rows = {
            "valid": downscale.mean(valid, valid, context.factor)[1] > 0,
            "concentration": fields["concentration"][here.slices].astype(np.float32) / 10,
            "uncertainty": unpacked(fields["uncertainty"][here.slices]),
            **{chart: fields[chart][here.slices] for chart in CHARTS},
            **{name: unpacked(fields[name][here.slices]) for name in CHANCES},
        }
        if scene.latitude.size:
            rows["latitude"], rows["longitude"] = coarse_grid.latitude_longitude(
                scene.latitude, scene.longitude, scene.shape, here, downscale=context.factor
            )
        yield top, rows
