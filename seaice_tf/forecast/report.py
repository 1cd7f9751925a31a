"""Sections of the report: maps of each month, extents, and skill by month and sea."""

from collections.abc import Iterator, Mapping

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast import report_skill
from seaice_tf.forecast.data import counts, months, regions
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.scores import ice_edge
from seaice_tf.report import encode
from seaice_tf.report.parts import Choice, Heat, Lines, Part, Section, Series
from seaice_tf.report.pictures import Edge, Field, Frames, packed, spread
from seaice_tf.task import Case, Maps, ReportInput

BASELINES = 3  # in the curves, the best ones
RECORD_YEARS = 30  # of the range of past extents
MIN_ERROR = 0.01  # 10^6 km2, of the baseline: no skill is report for a smaller error


def sections(report: ReportInput) -> list[Section]:
    """Maps and extents of as many forecasts as fit in the size limit, and the skill of all."""
    first = year(report, 0)
    number = max(report.max_bytes // sum(map(encode.size, first)), 1)
    chosen = sorted(spread(report.values, number))
    years = {report.pairs[i][0].name: first if i == 0 else year(report, i) for i in chosen}
    parts: list[Part] = [Choice("Forecast from", years)] if len(years) > 1 else list(first)
    return [
        *report_skill.sections(report.scores),
        Section("Maps and extent", parts),
        Section("Skill by month and sea", skill(report)),
    ]


def year(report: ReportInput, i: int) -> list[Part]:
    """Maps and extents of one forecast."""
    case, fields = report.pairs[i]
    baselines = {name: report.baselines[name](case) for name in list(report.baselines)[:BASELINES]}
    return [maps(report.run, case, fields, baselines), extents(report.run, case, fields, baselines)]


def maps(run: str, case: Case, fields: Maps, baselines: Mapping[str, Maps]) -> Frames:
    """Maps of forecast, truth, the best baseline and their differences, month by month."""
    last = case.context.past[-1]
    land, hole = counts.land(last), last == counts.POLE_HOLE

    def field(name: str, values: np.ndarray, colours="ice", high=1.0, without=land) -> Field:
        # Rounded to 0.01, finer than the colours, for half the bytes.
        rounded = np.where(without, np.nan, np.round(values / high, 2) * high)
        return Field(name, packed(rounded, 0, high), colours, 0, high)

    best = next(iter(baselines))
    layers = [
        field("forecast", fields["concentration"]),
        field("truth", truth(case)),
        Field("forecast minus truth", None, "change", -1, 1, (0, 1)),
        field(best, baselines[best]["concentration"], without=land | hole),
        Field(f"{best} minus truth", None, "change", -1, 1, (3, 1)),
    ]
    if "spread" in fields:
        layers.append(field("spread of the forecast", fields["spread"], "uncertainty", 0.5))
    return Frames(
        f"Sea ice concentration, forecast by {run} at the end of {case.context.months[0] - 1}",
        [str(month) for month in case.context.months],
        layers,
        [
            Edge("truth, 15 %", 1, counts.EDGE),
            Edge("forecast, 15 %", 0, counts.EDGE),
            Edge(f"{best}, 15 %", 3, counts.EDGE),
        ],
        missing="land or no data",
        text="Fraction of each cell on the grid of the data. The pole hole of the forecast and of "
        "the truth is filled from its neighbours; baselines have no data there.",
    )


def truth(case: Case) -> np.ndarray:
    """Observed fractions of the 12 months, the pole hole filled; NaN without an observation."""
    observed = np.stack([counts.filled_fraction(month, np.nan) for month in case.truth])
    missing = len(case.context.months) - len(observed)
    return np.concatenate([observed, np.full((missing, *observed.shape[1:]), np.nan)])


def extents(run: str, case: Case, fields: Maps, baselines: Mapping[str, Maps]) -> Lines:
    """Extent of forecast, truth and baselines by month, and its range in past years."""
    area = case.context.grid.cell_area()
    observed = ice_edge.extent(truth(case), area)
    observed[len(case.truth) :] = np.nan
    record = np.stack([ice_edge.extent(year, area) for year in past_years(case.context.past)])
    forecasts = {run: fields, **baselines}
    curves = [
        Series(
            name,
            ice_edge.expected_extent(
                forecast["concentration"], forecast.get("probability"), area
            ).tolist(),
            "line" if forecast is fields else "dashes",
        )
        for name, forecast in forecasts.items()
    ]
    curves.insert(1, Series("truth", observed.tolist(), "points"))
    if "extent_members" in fields:
        low, high = np.percentile(fields["extent_members"], (10, 90), axis=0).tolist()
        curves.insert(0, Series(f"{run}, 10 to 90 %", high, "band", low))
    years_before = f"{len(record)} years before"
    low, high = record.min(axis=0).tolist(), record.max(axis=0).tolist()
    return Lines(
        "Extent of the ice over the year",
        [str(month) for month in case.context.months],
        [*curves, Series(years_before, high, "band", low)],
        "month",
        "million km²",
        "Total area of the cells with at least 15 % ice, by true cell areas; the expected one of a "
        "forecast with a probability.",
    )


def past_years(past: np.ndarray) -> Iterator[np.ndarray]:
    """The last years of the record, one by one; missing cells have the value of the year before.

    Yields:
        (12, rows, columns) fractions, flagged cells 0.
    """
    for year in counts.fill_missing(counts.by_year(past, RECORD_YEARS)):
        yield np.stack([counts.filled_fraction(month) for month in year])


def skill(report: ReportInput) -> list[Part]:
    """Skill of the ice edge against the best baseline, by month and sea."""
    best = next(iter(report.baselines))
    seas = masks(report.pairs[0][0])
    own = edge_errors(report, seas, lambda case, fields: fields)
    other = edge_errors(report, seas, lambda case, _: report.baselines[best](case))
    with np.errstate(divide="ignore", invalid="ignore"):
        improvement = np.where(other >= MIN_ERROR, 1 - own / other, np.nan)
    names = [name.replace("_", " ") for name in seas]
    years = len(report.pairs)
    by_month = [Series(report.run, (own[0] / years).tolist(), "points")]
    by_month.append(Series(best, (other[0] / years).tolist(), "dashes"))
    return [
        Lines("Ice-edge error", report_skill.MONTHS, by_month, "month", "million km²"),
        Heat(
            f"Skill of the ice edge over {best}",
            names,
            report_skill.MONTHS,
            improvement,
            -1,
            1,
            "sea",
            f"1 - the integrated ice-edge error over that of {best}, summed over {years} "
            "forecasts: 1 is perfect, negative is worse. Empty for a nearly perfect baseline.",
            "change",
        ),
    ]


def masks(case: Case) -> dict[str, np.ndarray]:
    """All cells, and the seas if there is a region mask: name -> (rows, columns) bool."""
    shape = case.truth.shape[-2:]
    whole = {"all": np.ones(shape, bool)}
    try:
        seas = regions.of_scores(case.context.grid, "")
    except InputError:
        return whole
    return whole | seas


def edge_errors(report: ReportInput, seas: Mapping[str, np.ndarray], predict) -> np.ndarray:
    """Integrated ice-edge error by sea and calendar month, summed over all cases: (seas, 12)."""
    total = np.zeros((len(seas), 12))
    for case, fields in report.pairs:
        found = predict(case, fields)
        forecast = ice_edge.inside_edge(found["concentration"], found.get("probability"))
        area = case.context.grid.cell_area()
        observed = np.where(counts.flagged(case.truth), np.nan, case.truth / FULL_ICE)
        for month, true, pred in zip(case.context.months, observed, forecast):
            for i, sea in enumerate(seas.values()):
                over, under = ice_edge.edge_error(np.where(sea, true, np.nan), pred, area)
                total[i, months.number(month) - 1] += over + under
    return total
