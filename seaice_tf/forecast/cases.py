"""Cases of the forecast: 12 months of a test period with their truth, or those after the data."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from seaice_tf.errors import InputError, RunError, one_line
from seaice_tf.forecast.data import months, regions
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.examples import archive, history_before, of_hemisphere
from seaice_tf.forecast.members import levels, most, of_forecast_by_lead
from seaice_tf.forecast.scores import ice_edge
from seaice_tf.forecast.settings import LEADS, Settings, UNet
from seaice_tf.grids.polar import Grid
from seaice_tf.settings import Checked
from seaice_tf.task import Case, Cases, Maps

OUTLOOK_MEMBERS = 20  # from which outlook and dates are computed, whatever number is written
LEVELS_AT_ONCE = 20  # that a SavedModel is asked for, for memory: 30 MB each
SCORED_QUANTILES = 20  # of which the CRPS is taken

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluateOptions(Checked):
    """Options of `evaluate`."""

    first: str = ""
    """First month to forecast, as 2010-01; empty: that of the test period."""
    last: str = ""
    """Last month to forecast; empty: that of the test period."""
    by: tuple[Literal["month", "lead", "init", "region", "reliability"], ...] = ()
    """Also show the scores by calendar month, by lead time, by calendar months of init and target
    (of monthly inits) or by sea, or the reliability of the probability of ice in bins of 0.1."""
    regions: str = ""
    """Region mask of the north for `--by region`, one of NSIDC's of 25 km; empty: that of 2021 in
    $SEAICE_TF_DATA/psn25. The south has its five sectors without one."""
    init_frequency: Literal["yearly", "monthly"] = "yearly"
    """Initialise a forecast every 12 months, or every month for networks that take any month."""
    members: int = 0
    """Members from whose extents the distribution of the extent is drawn in reports; 0: none."""

    def __post_init__(self):
        super().__post_init__()
        months.require(self, "first", "last")
        regions.require(self.regions)


@dataclass(frozen=True)
class PredictOptions:
    """Options of `predict`."""

    first_init: str = ""
    """Hindcasts: first month to forecast from, as 2012-12; empty: the last of the data alone."""
    last_init: str = ""
    """Hindcasts: the last month to forecast from; empty: the last of the data."""
    members: int = 0
    """Members to write: maps with the forecast's distribution in each cell and the pattern of past
    years."""
    member_seed: int = 0
    """Seed of the members."""
    regions: str = ""
    """Region mask for the outlook of the north, as of evaluate; the south has its five sectors
    without one."""

    def __post_init__(self):
        if self.members < 0:
            raise InputError(f"members: expected at least 0, got {self.members}")
        if self.last_init and not self.first_init:
            raise InputError(
                f"last_init: expected first_init beside it, {self.last_init} for that month "
                "alone, got none"
            )
        months.require(self, "first_init", "last_init")
        regions.require(self.regions)


@dataclass(frozen=True)
class Context:
    """The record before a forecast, and the months that it predicts."""

    past: np.ndarray  # (months, rows, columns) uint8 counts up to the last one observed
    months: np.ndarray  # (12,) datetime64[M], of the forecast
    source: str
    citation: str  # of the data
    grid: Grid
    members: int = 0  # that are written
    member_seed: int = 0


def cases(
    settings: Settings, options: EvaluateOptions | None = None, record: Archive | None = None
) -> Cases:
    """Forecasts of 12 months with their truth, of the test period unless `options` has another.

    Raises:
        InputError: too short a record before a forecast, or a network that cannot be initialised
            in its month.
    """
    options = options or EvaluateOptions()
    data = of_hemisphere(record, settings) if record else archive(settings)
    if options.regions or "region" in options.by:
        regions.of_scores(data.grid, options.regions)
    begin = months.parse(options.first or settings.test_start)
    end = months.parse(options.last or settings.test_end)
    start, stop = data.index(begin), data.index(end) + 1
    if start >= stop:
        raise InputError(
            f"first, last: expected the first month before the last, got {begin} to {end}"
        )
    source = f"{data.source}{_other_product(data, settings)}; scored {begin} to {end}"
    every = LEADS
    if options.init_frequency == "monthly":
        source, every = f"{source} by forecasts initialised every month", 1
    source += _in_sample(begin, settings)
    starts = range(start, stop, every)
    for position in starts:
        _require_init(data, settings, position)
    make = partial(_case, data, settings, source=source, stop=stop, members=options.members)
    return Cases(source, [partial(make, start) for start in starts])


def future(
    settings: Settings, options: PredictOptions | None = None, record: Archive | None = None
) -> Cases:
    """The forecast of the 12 months after the data, or hindcasts of a period of inits.

    A hindcast uses no month after its init.

    Raises:
        InputError: too short a record before an init.
    """
    options = options or PredictOptions()
    if options.members and not settings.network.takes_month:
        raise InputError(
            f"members: expected the network distribution, which has quantiles, got "
            f"{settings.network.name}; leave out --members"
        )
    data = of_hemisphere(record, settings) if record else archive(settings)
    regions.of_grid(data.grid, Path(options.regions) if options.regions else None)
    first = last = len(data.counts)
    if options.first_init:
        first = data.index(months.parse(options.first_init)) + 1
        last = data.index(months.parse(options.last_init)) + 1 if options.last_init else last
    if first > last:
        raise InputError(
            f"first_init, last_init: expected the first month before the last, got "
            f"{options.first_init} to {data.first + last - 1}"
        )
    starts = range(first, last + 1)
    for start in starts:
        _require_init(data, settings, start)
    _require_templates(data, options, first)
    in_sample = _in_sample(data.first + first, settings)
    if in_sample:
        log.warning(
            "%s: the model was trained on months to %s, among them those that are forecast from "
            "%s: errors there are smaller than in other years; to verify forecasts, train with an "
            "earlier --train-end",
            *(one_line(data.where), settings.train_end, data.first + first - 1),
        )
    source = data.source + _other_product(data, settings) + in_sample
    make = partial(
        _case,
        data,
        settings,
        source=source,
        members=OUTLOOK_MEMBERS,
        written=options.members,
        member_seed=options.member_seed,
    )
    return Cases(source, [partial(make, start) for start in starts])


def _in_sample(first: np.datetime64, settings: Settings) -> str:
    """A remark on forecasts of months that the model was trained on."""
    if first > months.parse(settings.train_end):
        return ""
    return f", IN SAMPLE: trained on to {settings.train_end}"


def _require_templates(data: Archive, options: PredictOptions, start: int) -> None:
    """InputError if the record before position `start` has too few past years for the members."""
    known = most(data.counts[:start])
    if options.members > known:
        raise InputError(
            f"members: expected at most {known}, which the record to {data.first + start - 1} has "
            f"past years for, got {options.members}; ask for fewer, or add earlier files"
        )


def _other_product(data: Archive, settings: Settings) -> str:
    """A remark on a model that was trained on the product of another algorithm."""
    if data.synthetic or settings.trained_on in ("", data.algorithm):
        return ""
    log.warning(
        "%s: expected %s, which the model was trained on, got %s: the forecast takes over the "
        "difference between the two; train on this record for one without",
        *(one_line(data.where), settings.trained_on, data.algorithm),
    )
    return f", by a model trained on {settings.trained_on}"


def _require_init(data: Archive, settings: Settings, start: int) -> None:
    """InputError if the network cannot forecast from the month before position `start`."""
    needed, first = settings.history, data.first + start
    if start < needed:
        later = " or forecast a later year" if start < len(data.counts) else ""
        raise InputError(
            f"{one_line(data.where)}: expected {needed} months before {first}, got {start}; add "
            f"earlier files{later}"
        )
    december_only = isinstance(settings.network, UNet) and settings.network.init_months != "all"
    if december_only and months.number(first) != 1:
        raise InputError(
            f"init: expected a December, which alone the network was trained to forecast from, got "
            f"{first - 1}; end the data with a December, or train with --init-months all"
        )


def _case(
    data: Archive,
    settings: Settings,
    start: int,
    source: str,
    stop: int | None = None,
    members: int = 0,
    written: int = 0,
    member_seed: int = 0,
) -> Case:
    """The forecast whose first month is at position `start`, with the truth before `stop`.

    Its quantiles are those of `members` or as many as the record has years for, and `written`.
    """
    past, first = data.counts[:start], data.first + start
    period = months.span(first, first + LEADS - 1)
    truth = None if stop is None else data.counts[start : min(start + LEADS, stop)]
    context = Context(past, period, source, data.citation, data.grid, written, member_seed)
    history = history_before(past, settings)
    if not settings.network.takes_month:
        return Case(f"{first}", history, context, truth)
    inputs = history, np.int32(months.number(first))
    number = min(members, most(past))
    if truth is not None:
        pieces: Callable | None = partial(_with_distribution, inputs, number, context)
    else:
        pieces = partial(_with_quantiles, inputs, number, written) if number else None
    return Case(f"{first}", inputs, context, truth, pieces, free_axes=(0,))


def _with_quantiles(inputs: tuple, members: int, written: int, serve: Callable[..., Maps]) -> Maps:
    """The forecast's maps, and its `quantiles` at the levels of the members.

    Those of the members to write are `member_quantiles`, where there are any to write.
    """
    wanted = levels(members)
    if written != members:
        wanted = np.concatenate([wanted, levels(written)])
    batch = tuple(np.asarray(each)[None] for each in inputs)
    result: dict[str, np.ndarray] = {}
    for start in range(0, len(wanted), LEVELS_AT_ONCE):
        some = wanted[start : start + LEVELS_AT_ONCE].astype(np.float32)
        found = dict(serve((*batch, some), "quantiles"))
        if "concentration" not in found:
            raise RunError(
                "quantiles: expected a SavedModel that gives the concentration beside them, got "
                f"{', '.join(sorted(found))}; export the run again"
            )
        own = found.pop("quantiles")[0]
        if not result:
            result = {head: value[0] for head, value in found.items()}
            # A copy only of several parts: it would be a tenth of the memory of a forecast.
            whole = len(some) == len(wanted)
            result["quantiles"] = (
                own if whole else np.empty((len(wanted), *own.shape[1:]), own.dtype)
            )
        if result["quantiles"] is not own:
            result["quantiles"][start : start + len(some)] = own
        del found, own  # before the next are made
    if written:
        result["member_quantiles"] = result["quantiles"][-written:]
    result["quantiles"] = result["quantiles"][:members]
    return result


def _with_distribution(
    inputs: tuple, members: int, context: Context, serve: Callable[..., Maps]
) -> Maps:
    """The forecast's maps and its quantiles as `members`, (n, 12, rows, columns).

    With `members` also the extents of so many members in space, (members, 12) in 10^6 km2.
    """
    fields = dict(_with_quantiles(inputs, members or SCORED_QUANTILES, 0, serve))
    fields["members"] = fields.pop("quantiles")
    if members:
        area = context.grid.cell_area()
        maps = of_forecast_by_lead(fields["members"], context.past)
        extents = [ice_edge.extent(own, area) for own in maps]
        fields["extent_members"] = np.stack(extents, axis=1)
    return fields
