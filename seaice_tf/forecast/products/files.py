"""What a forecast is handed over as: CF netCDF, the contest's CSV, maps and a GIF."""

from pathlib import Path

import numpy as np

from seaice_tf.files import maps
from seaice_tf.forecast.data import months
from seaice_tf.forecast.products import dacon_csv
from seaice_tf.forecast.products import netcdf as forecast_netcdf
from seaice_tf.grids import counts
from seaice_tf.grids.counts import FULL_ICE
from seaice_tf.grids.polar import NORTH, of_shape


def write(
    out: Path,
    period: np.ndarray,
    fields: dict[str, np.ndarray],
    decision: np.ndarray,
    land: np.ndarray,
    source: str,
    citation: str = "",
) -> list[Path]:
    """Write forecast.nc, forecast.png and .gif, maps of the months, and in the north contest.csv.

    Args:
        period: (12,) datetime64[M].
        fields: "concentration", and perhaps "spread" and "probability", (12, rows, columns)
            fractions on the grid of the north or of the south.
        decision: (12, rows, columns) fraction, for the contest alone.
        land: (rows, columns) bool.
        source: the model and the data it was given, for titles.
        citation: of the data.
    """
    caption = f"Forecast of sea ice concentration: {source}"
    panels = [maps.Panel(str(month), ice) for month, ice in zip(period, fields["concentration"])]
    written = [forecast_netcdf.write(out / "forecast.nc", period, fields, land, source, citation)]
    if of_shape(land.shape) is NORTH:  # all that the contest asks for
        ice = np.where(land, 0, decision * FULL_ICE)
        written.append(dacon_csv.write(out / "contest.csv", period, ice))
    return [
        *written,
        maps.write(out / "forecast.png", maps.figure(panels, land, caption)),
        maps.write_animation(out / "forecast.gif", period, fields["concentration"], land, source),
        *(
            maps.write(out / "maps" / f"{panel.title}.png", maps.figure([panel], land, panel.title))
            for panel in panels
        ),
    ]


def comparisons(
    period: np.ndarray, concentration: np.ndarray, true: np.ndarray, source: str
) -> dict[str, np.ndarray]:
    """Forecast, truth and their difference in March and September: tag -> (H, W, 3) uint8.

    Args:
        period: (12,) datetime64[M].
        concentration: (12, rows, columns) fraction.
        true: (n <= 12, rows, columns) raw counts with flags.
    """
    result = {}
    for month, pred, truth in zip(period, concentration, true):
        if months.number(month) in (3, 9):
            filled = counts.fill_hole(truth)
            ice = np.where(counts.flagged(filled), 0, filled / FULL_ICE)
            panels = [
                maps.Panel("forecast", pred),
                maps.Panel("truth", ice),
                maps.Panel("forecast minus truth", pred - ice, difference=True),
            ]
            sheet = maps.figure(panels, counts.land(truth), f"{month}, {source}")
            result[f"forecast/month_{months.number(month):02}"] = maps.pixels(sheet)
    return result
