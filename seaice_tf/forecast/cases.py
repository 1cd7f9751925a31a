"""Cases of the forecast: 12 months of a test period with their truth, or those after the data."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.settings import LEADS, Settings
from seaice_tf.grids.polar import NORTH, Grid
from seaice_tf.task import Case, Cases, PredictOptions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluateOptions:
    """Options of `evaluate`."""

    first: str = ""
    """First month to forecast, as 2010-01; empty: that of the test period."""
    last: str = ""
    """Last month to forecast; empty: that of the test period."""
    by: tuple[Literal["month", "lead", "region", "reliability"], ...] = ()
    """Also show the scores by calendar month, by lead time or by sea, or the reliability of the
    probability of ice in bins of 0.1."""
    regions: str = ""
    """Region mask for `--by region`, one of NSIDC's of 25 km; empty: that of 2021 in
    $SEAICE_TF_DATA/psn25."""
    init_frequency: Literal["yearly", "monthly"] = "yearly"
    """Initialise a forecast every 12 months, or every month for networks that take any month."""


@dataclass(frozen=True)
class Context:
    """The record before a forecast, and the months that it predicts."""

    past: np.ndarray  # (months, rows, columns) uint8 counts up to the last one observed
    months: np.ndarray  # (12,) datetime64[M], of the forecast
    source: str
    citation: str  # of the data
    grid: Grid


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """Forecasts of 12 months with their truth, of the test period unless `options` has another.

    Raises:
        InputError: too short a record before a forecast, or a network that cannot be initialised
            in its month.
    """
    options = options or EvaluateOptions()
    data = archive(settings)
    begin = months.parse(options.first or settings.test_start)
    end = months.parse(options.last or settings.test_end)
    start, stop = data.index(begin), data.index(end) + 1
    if start >= stop:
        raise InputError(f"period: expected the first month before the last, got {begin} to {end}")
    if "region" in options.by and data.grid is not NORTH:
        raise InputError(f"--by region: expected data of the north, got {data.source}")
    source = f"{data.source}{_other_product(data, settings)}; scored {begin} to {end}"
    every = LEADS
    if options.init_frequency == "monthly":
        source, every = f"{source} by forecasts initialised every month", 1
    if begin <= months.parse(settings.train_end):
        source += f", IN SAMPLE: trained on to {settings.train_end}"
    starts = range(start, stop, every)
    for position in starts:
        _require_history(data, settings, position)
    return Cases(source, [partial(_case, data, settings, i, source, stop) for i in starts])


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """The forecast of the 12 months after the last one of the data; raises as `cases`."""
    data = archive(settings)
    _require_history(data, settings, len(data.counts))
    source = data.source + _other_product(data, settings)
    return Cases(source, [partial(_case, data, settings, len(data.counts), source)])


def _other_product(data: Archive, settings: Settings) -> str:
    """A remark on a model that was trained on the product of another algorithm."""
    if data.synthetic or settings.trained_on in ("", data.algorithm):
        return ""
    log.warning(
        "%s: expected %s, which the model was trained on, got %s: the forecast takes over the "
        "difference between the two; train on this record for one without",
        *(data.files[0].parent, settings.trained_on, data.algorithm),
    )
    return f", by a model trained on {settings.trained_on}"


def _require_history(data: Archive, settings: Settings, start: int) -> None:
    needed, first = settings.history, data.first + start
    if start < needed:
        raise InputError(
            f"{data.source}: expected {needed} months before {first}, got {start}; "
            "add earlier files or forecast a later year"
        )
    if settings.network.name == "distribution" and months.number(first) != 1:
        raise InputError(
            f"{data.source}: expected a forecast initialised in December, got {first - 1}; "
            "forecast whole calendar years, leave later months out, or use --network unet"
        )


def _case(
    data: Archive, settings: Settings, start: int, source: str, stop: int | None = None
) -> Case:
    """The forecast whose first month is at position `start`, with the truth before `stop`."""
    past, first = data.counts[:start], data.first + start
    period = months.span(first, first + LEADS - 1)
    truth = None if stop is None else data.counts[start : min(start + LEADS, stop)]
    context = Context(past, period, source, data.citation, data.grid)
    return Case(f"{first}", past[-settings.history :], context, truth)
