"""What is forecast: years of a test period with their truth, or the year after the data."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.settings import LEADS, Settings
from seaice_tf.grids.polar import NORTH
from seaice_tf.task import Case, Cases, PredictOptions


@dataclass(frozen=True)
class EvaluateOptions:
    """What `evaluate` can be asked."""

    first: str = ""
    """First month, as 2010-01, and last one to forecast; empty: the test period."""
    last: str = ""
    by: tuple[Literal["month", "lead", "region", "reliability"], ...] = ()
    """Also show the scores by calendar month, by months ahead, by sea, or how often there was ice
    where the probability of it lies in each tenth."""
    regions: str = ""
    """Mask of the seas for `--by region`, either of NSIDC's of 25 km; empty: that of 2021 in
    $SEAICE_TF_DATA/psn25."""
    origins: Literal["every_year", "every_month"] = "every_year"
    """Forecasts of 12 months one after the other, or one issued at the end of every month, for
    networks that take any month."""


@dataclass(frozen=True)
class Context:
    """What lies around a case: the whole record before it, and what the months are."""

    past: np.ndarray  # (months, rows, columns) uint8 counts up to the last one observed
    months: np.ndarray  # (12,) datetime64[M], forecast
    source: str
    citation: str  # of the data


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """Forecasts of 12 months of the period of `options`, by default of the test period.

    Raises:
        InputError: too short a record before the first, or a month that the network cannot
            forecast from.
    """
    options = options or EvaluateOptions()
    data = archive(settings)
    begin = months.parse(options.first or settings.test_first)
    end = months.parse(options.last or settings.test_last)
    start, stop = data.index(begin), data.index(end) + 1
    if start >= stop:
        raise InputError(f"period: expected the first month before the last, got {begin} to {end}")
    if "region" in options.by and data.grid is not NORTH:
        raise InputError(f"--by region: expected data of the north, got {data.source}")
    source = f"{data.source}; scored {begin} to {end}"
    every = LEADS
    if options.origins == "every_month":
        source, every = f"{source} by forecasts issued every month", 1
    if begin <= months.parse(settings.train_last):
        source += f", IN SAMPLE: trained on to {settings.train_last}"
    starts = range(start, stop, every)
    for position in starts:
        _refuse(data, settings, position)
    return Cases(source, [partial(_case, data, settings, i, source, stop) for i in starts])


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """The 12 months after the last one of the data; raises as `cases`."""
    data = archive(settings)
    _refuse(data, settings, len(data.counts))
    return Cases(data.source, [partial(_case, data, settings, len(data.counts), data.source)])


def _refuse(data: Archive, settings: Settings, start: int) -> None:
    needed, first = settings.history, data.first + start
    if start < needed:
        raise InputError(
            f"{data.source}: expected {needed} months before {first}, got {start}; "
            "add earlier files or forecast a later year"
        )
    if settings.network == "distribution" and months.number(first) != 1:
        raise InputError(
            f"{data.source}: expected a forecast from a December on, got one from {first - 1} on; "
            "take whole calendar years, leave later months out, or use --network unet"
        )


def _case(
    data: Archive, settings: Settings, start: int, source: str, stop: int | None = None
) -> Case:
    """The forecast from position `start` of the archive on, with the truth before `stop`."""
    past, first = data.counts[:start], data.first + start
    period = months.span(first, first + LEADS - 1)
    truth = None if stop is None else data.counts[start : min(start + LEADS, stop)]
    context = Context(past, period, source, data.citation)
    return Case(f"{first}", past[-settings.history :], context, truth)
