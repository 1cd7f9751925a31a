"""Monthly sea-ice concentration: ten years of files in, the next 12 months out."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf import baselines
from seaice_tf.errors import InputError
from seaice_tf.readers.archive import Archive
from seaice_tf.readers.archive_doctor import examine
from seaice_tf.scores import forecast as forecast_scores
from seaice_tf.task import Case, Cases, Splits, Task
from seaice_tf.tasks.forecast.data import archive
from seaice_tf.tasks.forecast.networks import NETWORKS
from seaice_tf.tasks.forecast.settings import LEADS, Settings
from seaice_tf.transforms import counts, months
from seaice_tf.writers import forecast_products, record_plots


@dataclass(frozen=True)
class Context:
    """What lies around a case: the whole record before it, and what the months are."""

    past: np.ndarray  # (months, rows, columns) uint8 counts up to the last one observed
    months: np.ndarray  # (12,) datetime64[M], forecast
    source: str


def splits(settings: Settings) -> Splits:
    data = archive(settings)
    train, validation = NETWORKS[settings.network].examples(data, settings)
    period = settings.validation_first, settings.validation_last
    return Splits(
        train,
        validation,
        preview=lambda: next(iter(cases(settings, *period))),
        files=data.files,
        source=data.source,
    )


def build(settings: Settings) -> keras.Model:
    return NETWORKS[settings.network].build(settings)


def served(settings: Settings, model: keras.Model) -> keras.Model:
    return NETWORKS[settings.network].served(settings, model)


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: learning rate, optimiser, batch size, and what the network adds."""
    training = dataclasses.replace(
        settings.training,
        learning_rate=hp.Float("learning_rate", 3e-4, 1e-2, sampling="log"),
        optimizer=hp.Choice("optimizer", ["adam", "adamw"]),
        batch_size=hp.Choice("batch_size", [1, 2]),
    )
    varied = NETWORKS[settings.network].space(hp)
    return dataclasses.replace(settings, training=training, **varied)


def cases(settings: Settings, first: str | None, last: str | None) -> Cases:
    """Forecasts of 12 months, one after the other, from `first` to `last`: the test period."""
    data = archive(settings)
    begin = months.parse(first or settings.test_first)
    end = months.parse(last or settings.test_last)
    start, stop = data.index(begin), data.index(end) + 1
    if start >= stop:
        raise InputError(f"period: expected the first month before the last, got {begin} to {end}")
    source = f"{data.source}; scored {begin} to {end}"
    if begin <= months.parse(settings.train_last):
        source += f", IN SAMPLE: trained on to {settings.train_last}"
    starts = range(start, stop, LEADS)
    return Cases(source, [partial(_case, data, settings, i, source, stop) for i in starts])


def future(settings: Settings) -> Cases:
    """The 12 months after the last one of the data."""
    data = archive(settings)
    return Cases(data.source, [partial(_case, data, settings, len(data.counts), data.source)])


def _case(
    data: Archive, settings: Settings, start: int, source: str, stop: int | None = None
) -> Case:
    """The forecast from position `start` of the archive on, with the truth before `stop`."""
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
    past = data.counts[:start]
    period = months.span(first, first + LEADS - 1)
    truth = None if stop is None else data.counts[start : min(start + LEADS, stop)]
    return Case(f"{first}", past[-needed:], Context(past, period, source), truth)


def decision(fields: Mapping[str, np.ndarray]) -> np.ndarray:
    """What is handed in to the contest: the concentration, unless a predictor tells them apart."""
    return fields.get("contest_decision", fields["concentration"])


def score(pairs: Iterable[tuple[Case, Mapping[str, np.ndarray]]]) -> dict[str, float]:
    """The contest's and the field's scores of a period (scores.forecast)."""
    return forecast_scores.score(
        (
            case.truth,
            fields["concentration"],
            decision(fields),
            case.context.past,
            case.context.months,
        )
        for case, fields in pairs
    )


def write(case: Case, fields: Mapping[str, np.ndarray], out: Path, model: str) -> list[Path]:
    context = case.context
    land, made_from = counts.land(context.past[-1]), f"{model} from {context.source}"
    return forecast_products.write(
        out, context.months, dict(fields), decision(fields), land, made_from
    )


def pictures(case: Case, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Forecast, truth and their difference in March and September, for TensorBoard."""
    context = case.context
    return forecast_products.comparisons(
        context.months, fields["concentration"], case.truth, context.source
    )


def doctor(data: Path, plots: Path | None) -> list[str]:
    """Print period and pole hole of a folder; gives its troubles."""
    findings = examine(data)
    print(f"{data}: {findings.source}, {len(findings.months)} months read")
    for month, cells in findings.hole_sizes():
        print(f"pole hole from {month}: {cells} cells")
    if plots:
        for path in record_plots.write(plots, findings.months, findings.grids, findings.source):
            print(f"plot: {path}")
    return list(findings.troubles)


def _baseline(function, **options):
    return lambda case: {"concentration": function(case.context.past, **options)}


FORECAST = Task(
    name="forecast",
    settings=Settings,
    splits=splits,
    build=build,
    served=served,
    space=space,
    cases=cases,
    future=future,
    score=score,
    baselines={
        "last_year": _baseline(baselines.last_year),
        "mean_5_years": _baseline(baselines.mean, years=5),
        "mean_10_years": _baseline(baselines.mean, years=10),
        "mean_15_years": _baseline(baselines.mean, years=15),
        "linear_trend": _baseline(baselines.trend),
        "damped_anomaly": _baseline(baselines.damped_anomaly),
    },
    primary="contest_score",
    lower_is_better=True,
    write=write,
    pictures=pictures,
    doctor=doctor,
    serving=(
        "`serve` takes raw counts with flags as they stand in the files, (batch, 12 x years, "
        "rows, columns) uint8, the last month observed at the end, and gives `concentration`, "
        "(batch, 12, rows, columns) float32, the fraction of the sea covered by ice in each of "
        "the next 12 months, 0 on land. The network `distribution` needs a last month of "
        "December, and also gives `probability` of ice at 15 % or more, `spread` (standard "
        "deviation) and `contest_decision`, drawn for the contest's score and not a "
        "concentration."
    ),
)
