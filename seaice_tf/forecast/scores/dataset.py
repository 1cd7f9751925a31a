"""Scores of a forecast as an xarray.Dataset, beside those of the baselines."""

import numpy as np
import pandas as pd
import xarray as xr

from seaice_tf.errors import InputError
from seaice_tf.forecast.data.dataset import months_of, to_archive
from seaice_tf.forecast.scores import period
from seaice_tf.forecast.scores.references import REFERENCES

NAMES = {  # of a forecast.nc -> of period.Forecast
    "probability_of_sea_ice": "probability",
    "sea_ice_area_fraction_standard_deviation": "spread",
}


def evaluate(forecast: xr.Dataset, record: xr.Dataset) -> pd.DataFrame:
    """Score a forecast beside the baselines, on the same months and cells.

    Args:
        forecast: of `Model.predict`, or a forecast.nc; 12 months from `init` + 1 on.
        record: of `open_archive`, with the months before the forecast, at least two years of them,
            and one or more of those that it predicts.

    Returns:
        A table with a row for "forecast" and for each baseline, the lowest integrated ice-edge
        error first, and a column for each score; docs/scores.md defines them. `attrs` has the
        months that were scored.

    Raises:
        InputError: the record does not reach back or into the forecast, or has another grid.
    """
    if "sea_ice_area_fraction" not in forecast:
        raise InputError(
            "forecast: expected sea_ice_area_fraction, got a Dataset without it; use that of "
            "predict, or a forecast.nc"
        )
    data, span = to_archive(record), months_of(forecast)
    first = int((span[0] - data.first).astype(int))
    known = data.counts[max(first, 0) : first + len(span)]
    if first < 24 or not len(known):
        raise InputError(
            f"record: expected 24 months before {span[0]} and some from then on, got "
            f"{data.first} to {data.last}; open a longer record"
        )
    if forecast.sea_ice_area_fraction.shape[1:] != data.counts.shape[1:]:
        raise InputError(
            f"record: expected the grid of the forecast, "
            f"{forecast.sea_ice_area_fraction.shape[1:]}, got {data.counts.shape[1:]}"
        )
    past = data.counts[:first]
    rows = {"forecast": _fields(forecast)}
    rows |= {name: {"pred": function(past)} for name, function in REFERENCES.items()}
    scored = {name: _scores(fields, known, past, span, data.grid) for name, fields in rows.items()}
    table = pd.DataFrame.from_dict(scored, orient="index").sort_values("iiee")
    table.index.name = "forecast"
    table.attrs["months"] = f"{span[0]} to {span[len(known) - 1]}"
    return table


def _fields(forecast: xr.Dataset) -> dict[str, np.ndarray]:
    """Fractions, 0 on land, by names of period.Forecast."""
    names = {"sea_ice_area_fraction": "pred", **NAMES}
    found = {own: forecast[name] for name, own in names.items() if name in forecast}
    return {own: np.nan_to_num(values.to_numpy()) for own, values in found.items()}


def _scores(fields, true, past, span, grid) -> dict[str, float]:
    each = period.Forecast(
        true=true, decision=fields["pred"], past=past, months=span, grid=grid, **fields
    )
    return period.score([each], groups=())
