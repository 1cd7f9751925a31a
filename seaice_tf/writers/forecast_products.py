"""What a forecast is handed over as: CF netCDF, the contest's CSV, maps and a GIF."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from seaice_tf.transforms import counts, months
from seaice_tf.transforms.counts import FULL_ICE
from seaice_tf.writers import animation, contest_csv, forecast_netcdf, maps


def write(
    out: Path,
    period: np.ndarray,
    concentration: np.ndarray,
    land: np.ndarray,
    source: str,
    extra: Mapping[str, np.ndarray] | None = None,
) -> list[Path]:
    """Write forecast.nc, contest.csv, forecast.png, forecast.gif and a map a month in maps/.

    Args:
        period: (12,) datetime64[M].
        concentration: (12, 448, 304) fraction.
        land: (448, 304) bool.
        source: the model and the data it was given, for titles.
        extra: what an ensemble has besides its mean, for forecast.nc.
    """
    caption = f"Forecast of sea ice concentration: {source}"
    named = list(zip(map(str, period), concentration))
    return [
        forecast_netcdf.write(out / "forecast.nc", period, concentration, land, source, extra),
        contest_csv.write(out / "contest.csv", period, np.where(land, 0, concentration * FULL_ICE)),
        maps.write(out / "forecast.png", maps.figure(named, land, caption)),
        animation.write(out / "forecast.gif", period, concentration, land, "Forecast"),
        *(
            maps.write(out / "maps" / f"{panel[0]}.png", maps.figure([panel], land, panel[0]))
            for panel in named
        ),
    ]


def comparisons(
    period: np.ndarray, concentration: np.ndarray, true: np.ndarray, source: str
) -> dict[str, np.ndarray]:
    """Forecast, truth and their difference in March and September: tag -> (H, W, 3) uint8.

    Args:
        period: (12,) datetime64[M].
        concentration: (12, 448, 304) fraction.
        true: (n <= 12, 448, 304) raw counts with flags.
    """
    result = {}
    for month, pred, truth in zip(period, concentration, true):
        if months.number(month) in (3, 9):
            ice = np.where(counts.flagged(truth), 0, truth / FULL_ICE)
            panels = [("forecast", pred), ("truth", ice), ("forecast minus truth", pred - ice)]
            sheet = maps.figure(panels, counts.land(truth), f"{month}, {source}")
            result[f"concentration/month_{months.number(month):02}"] = maps.pixels(sheet)
    return result
