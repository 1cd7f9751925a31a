"""What a report shows of a forecast: its maps month by month, extents, skill by month and sea."""

from collections.abc import Mapping

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.cases import EvaluateOptions
from seaice_tf.forecast.data import months
from seaice_tf.forecast.scores import ice_edge
from seaice_tf.forecast.verification import region_masks
from seaice_tf.grids import counts, polar
from seaice_tf.grids.counts import FULL_ICE
from seaice_tf.report import encode
from seaice_tf.report.parts import Choice, Heat, Lines, Part, Section, Series
from seaice_tf.report.pictures import Edge, Field, Frames, packed, spread
from seaice_tf.task import Case, Maps, ReportInput

BASELINES = 3  # that the curves show, the best ones
RECORD_YEARS = 30  # whose extents are the record's spread
LEAST = 0.01  # 10^6 km2: a smaller error of the baseline is nothing to measure skill by
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sections(shown: ReportInput) -> list[Section]:
    first = year(shown, 0)
    number = max(shown.max_bytes // sum(map(encode.size, first)), 1)
    chosen = sorted(spread(shown.values, number))
    years = {shown.pairs[i][0].name: first if i == 0 else year(shown, i) for i in chosen}
    parts: list[Part] = [Choice("Forecast from", years)] if len(years) > 1 else list(first)
    return [Section("Maps and extent", parts), Section("Skill by month and sea", skill(shown))]


def year(shown: ReportInput, i: int) -> list[Part]:
    """Maps and extents of one forecast of 12 months."""
    case, fields = shown.pairs[i]
    dumb = {name: shown.baselines[name](case) for name in list(shown.baselines)[:BASELINES]}
    return [maps(shown.run, case, fields, dumb), extents(shown.run, case, fields, dumb)]


def maps(run: str, case: Case, fields: Maps, dumb: Mapping[str, Maps]) -> Frames:
    land = counts.land(case.context.past[-1])

    def field(name: str, values: np.ndarray, colours="ice", high: float = 1.0) -> Field:
        # To a hundredth, which is finer than the colours, and half the bytes.
        shown = np.where(land, np.nan, np.round(values / high, 2) * high)
        return Field(name, packed(shown, 0, high), colours, 0, high)

    best = next(iter(dumb))
    layers = [
        field("forecast", fields["concentration"]),
        field("truth", truth(case)),
        Field("forecast minus truth", None, "change", -1, 1, (0, 1)),
        field(best, dumb[best]["concentration"]),
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
        missing="land",
        text="A fraction of each cell, on the grid of NSIDC; the pole hole is filled from around.",
    )


def truth(case: Case) -> np.ndarray:
    """Fractions of the 12 months, the pole hole filled; NaN where and when nothing is known."""
    filled = np.stack([counts.fill_hole(month) for month in case.truth])
    seen = np.where(counts.flagged(filled), np.nan, filled / FULL_ICE)
    missing = len(case.context.months) - len(seen)
    return np.concatenate([seen, np.full((missing, *seen.shape[1:]), np.nan)])


def extents(run: str, case: Case, fields: Maps, dumb: Mapping[str, Maps]) -> Lines:
    area = polar.of_shape(case.truth.shape).cell_area()
    came = ice_edge.extent(truth(case), area)
    came[len(case.truth) :] = np.nan
    record = np.stack([ice_edge.extent(year, area) for year in past_years(case.context.past)])
    guesses = {run: fields, **dumb}
    curves = [
        Series(
            name,
            ice_edge.extent(guess["concentration"], area).tolist(),
            "line" if guess is fields else "dashes",
        )
        for name, guess in guesses.items()
    ]
    curves.insert(1, Series("truth", came.tolist(), "points"))
    spread_of = f"{len(record)} years before"
    low, high = record.min(axis=0).tolist(), record.max(axis=0).tolist()
    return Lines(
        "Extent of the ice over the year",
        [str(month) for month in case.context.months],
        [*curves, Series(spread_of, high, "band", low)],
        "month",
        "million km²",
        "Total area of the cells with at least 15 % ice, by true cell areas.",
    )


def past_years(past: np.ndarray) -> np.ndarray:
    """The last years of the record as fractions, flagged cells 0: (years, 12, rows, columns).

    Missing cells are what they were the year before.
    """
    years = counts.carried(counts.by_year(past, RECORD_YEARS))
    filled = np.stack([[counts.fill_hole(month) for month in each] for each in years])
    return np.where(counts.flagged(filled), 0, filled / FULL_ICE).astype(np.float32)


def skill(shown: ReportInput) -> list[Part]:
    """How much smaller the ice-edge error is than the best baseline's, by month and by sea."""
    best = next(iter(shown.baselines))
    seas = masks(shown.pairs[0][0])
    own = edge_errors(shown, seas, lambda case, fields: fields)
    other = edge_errors(shown, seas, lambda case, _: shown.baselines[best](case))
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(other >= LEAST, 1 - own / other, np.nan)
    names = [name.replace("_", " ") for name in seas]
    years = len(shown.pairs)
    by_month = [Series(shown.run, (own[0] / years).tolist(), "points")]
    by_month.append(Series(best, (other[0] / years).tolist(), "dashes"))
    return [
        Lines("Ice-edge error", MONTHS, by_month, "month", "million km²"),
        Heat(
            f"Skill of the ice edge over {best}",
            names,
            MONTHS,
            gain,
            -1,
            1,
            "sea",
            f"1 - the integrated ice-edge error over that of {best}, {years} forecasts together: 1 "
            "is perfect, below 0 worse. Empty where the baseline has next to no error.",
            "change",
        ),
    ]


def masks(case: Case) -> dict[str, np.ndarray]:
    """All cells, and the seas if their mask is at hand: name -> (rows, columns) bool."""
    shape = case.truth.shape[-2:]
    whole = {"all": np.ones(shape, bool)}
    try:
        seas = region_masks(EvaluateOptions()) if shape == polar.NORTH.shape else {}
    except (InputError, OSError):
        return whole
    return whole | seas


def edge_errors(shown: ReportInput, seas: Mapping[str, np.ndarray], predict) -> np.ndarray:
    """Integrated ice-edge error by sea and calendar month, all cases added: (seas, 12)."""
    total = np.zeros((len(seas), 12))
    for case, fields in shown.pairs:
        guess = predict(case, fields)["concentration"]
        area = polar.of_shape(case.truth.shape).cell_area()
        seen = np.where(counts.flagged(case.truth), np.nan, case.truth / FULL_ICE)
        for month, true, pred in zip(case.context.months, seen, guess):
            for i, sea in enumerate(seas.values()):
                over, under = ice_edge.edge_error(np.where(sea, true, np.nan), pred, area)
                total[i, months.number(month) - 1] += over + under
    return total
