"""Output files of a forecast: CF netCDF, the submission to the Dacon contest, maps and a GIF."""

from pathlib import Path

import numpy as np

from seaice_tf.files import maps
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.products import dacon_csv, netcdf
from seaice_tf.grids.polar import NORTH, Grid, of_shape


def write(
    out: Path,
    period: np.ndarray,
    fields: dict[str, np.ndarray],
    decision: np.ndarray,
    land: np.ndarray,
    source: str,
    citation: str = "",
    grid: Grid | None = None,
) -> list[Path]:
    """Write forecast.nc, forecast.png and .gif, a map of each month and, in the north, contest.csv.

    Args:
        period: (12,) datetime64[M].
        fields: "concentration" and, if known, "spread" and "probability", (12, rows, columns)
            fractions on either grid.
        decision: (12, rows, columns) fraction, the submission to the Dacon contest.
        land: (rows, columns) bool.
        source: the model and its input data, for titles.
        citation: of the data.
        grid: of the fields; None for the polar stereographic grid of their shape.
    """
    grid = grid or of_shape(land.shape)
    caption = f"Forecast of sea ice concentration: {source}"
    panels = [maps.Panel(str(month), ice) for month, ice in zip(period, fields["concentration"])]
    written = [netcdf.write(out / "forecast.nc", period, fields, land, source, citation, grid)]
    if grid is NORTH:  # the Dacon contest is of the north
        ice = np.where(land, 0, decision * FULL_ICE)
        written.append(dacon_csv.write(out / "contest.csv", period, ice))
    # Drawing takes the most time: a month is drawn once, for its map and for the animation.
    frames = [maps.pixels(maps.figure([panel], land, source, grid)) for panel in panels]
    return [
        *written,
        maps.write(out / "forecast.png", maps.figure(panels, land, caption, grid)),
        maps.write_gif(out / "forecast.gif", frames),
        *(
            maps.write_pixels(out / "maps" / f"{panel.title}.png", frame)
            for panel, frame in zip(panels, frames)
        ),
    ]
