"""Monthly Arctic sea-ice concentration: ten years of files in, the next 12 months out."""

import dataclasses
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tensorflow as tf
import tyro
from tensorflow import keras

from seaice_tf import baselines
from seaice_tf.errors import InputError
from seaice_tf.models.forecast import correction_unet
from seaice_tf.models.losses import LOSSES
from seaice_tf.models.optimizers import optimizer
from seaice_tf.pipeline import Examples
from seaice_tf.readers.archive import MINIMUM_DAYS, Archive, read_archive
from seaice_tf.readers.archive_doctor import examine
from seaice_tf.scores import forecast as forecast_scores
from seaice_tf.settings import Training
from seaice_tf.task import Case, Cases, Splits, Task
from seaice_tf.transforms import counts, months
from seaice_tf.transforms.counts import FULL_ICE
from seaice_tf.transforms.grid import NORTH
from seaice_tf.writers import forecast_products, record_plots, synthetic_archive

LEADS = 12
SYNTHETIC_PERIOD = ("1978-11", "2012-12")  # that of the real files of SEAICE_TF_DATA


@dataclass(frozen=True)
class Settings:
    """Settings of the forecast."""

    data: str = ""
    """Folder of sea-ice concentration files of one kind: NSIDC-0051 v1.1 or v2, monthly or daily,
    the contest's arrays, or the climate data record G02202 v4; empty: $SEAICE_TF_DATA/nsidc0051,
    and without that variable a synthetic archive."""
    minimum_days: int = MINIMUM_DAYS
    """Days with data that a month of daily files must have; half before 1987-08, when the sensor
    was on every other day."""
    train_last: str = "2006-12"
    """Last month to train on; validation begins with the next."""
    validation_last: str = "2009-12"
    test_last: str = "2012-12"
    years: int = 10
    """Length of the history in years."""
    base_years: int = 5
    """Years of the mean that the network corrects."""
    hole: Literal["surroundings", "median"] = "surroundings"
    """What fills the pole hole: the median of the cells around it, or of the month's image."""
    origins: Literal["december", "every_month"] = "every_month"
    """Forecasts to train on: those issued at the end of each December, or of every month."""
    filters: tuple[int, ...] = (16, 16)
    """Width of the U-Net per level, top first."""
    loss: Literal["absolute_error", "squared_error", "contest_error"] = "contest_error"
    crop: int = 64
    """Side in cells of the windows to train on, at a random place each time; 0 for whole grids."""
    flip: bool = False
    """Mirror training maps at random."""
    training: Annotated[Training, tyro.conf.arg(name="")] = field(
        default_factory=lambda: Training(epochs=8, batch_size=2, learning_rate=2e-3)
    )

    def __post_init__(self):
        order = [months.parse(m) for m in (self.train_last, self.validation_last, self.test_last)]
        if order != sorted(set(order)):
            raise InputError(
                "settings: expected train_last before validation_last before test_last, got "
                f"{self.train_last}, {self.validation_last}, {self.test_last}"
            )
        if not (1 <= self.base_years <= self.years and self.filters):
            raise InputError("settings: expected 1 <= base_years <= years, and some filters")
        if self.minimum_days < 1:
            raise InputError(
                f"settings: expected minimum_days of at least 1, got {self.minimum_days}"
            )


@dataclass(frozen=True)
class Context:
    """What lies around a case: the whole record before it, and what the months are."""

    past: np.ndarray  # (months, rows, columns) uint8 counts up to the last one observed
    months: np.ndarray  # (12,) datetime64[M], forecast
    source: str


def archive(settings: Settings) -> Archive:
    """The archive that the settings name; makes the synthetic one when it is first asked for."""
    if settings.data:
        return read_archive(Path(settings.data), settings.minimum_days)
    if root := os.environ.get("SEAICE_TF_DATA"):
        return read_archive(Path(root) / "nsidc0051", settings.minimum_days)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "seaice_tf" / "synthetic_nsidc0051"
    if not folder.exists():
        synthetic_archive.write(folder, *SYNTHETIC_PERIOD)
    return read_archive(folder)


def splits(settings: Settings) -> Splits:
    data = archive(settings)
    train_last, validation_last = map(months.parse, (settings.train_last, settings.validation_last))
    train_end = data.index(train_last) + 1
    starts = np.arange(LEADS * settings.years, train_end - LEADS + 1)
    if settings.origins == "december":
        starts = starts[[months.number(data.first + int(i)) == 1 for i in starts]]
    if not starts.size:
        raise InputError(
            f"{data.source}: expected {settings.years} years of history and a year after it up to "
            f"{train_last} to train on; use fewer --years or an archive that begins earlier"
        )
    validation = np.arange(train_end, data.index(validation_last) + 1, LEADS)
    first_validation = str(data.first + train_end)
    return Splits(
        examples(data, starts, settings, training=True),
        examples(data, validation, settings, training=False),
        preview=lambda: next(iter(cases(settings, first_validation, settings.validation_last))),
        files=data.files,
        source=data.source,
    )


def examples(data: Archive, starts: np.ndarray, settings: Settings, training: bool) -> Examples:
    """Forecasts whose first month is at each of `starts`: months are gathered in the graph."""
    record, first = tf.constant(data.counts), tf.constant(starts, tf.int64)

    def fetch(index):
        start = first[index]
        future = record[start : start + LEADS]
        known = future <= FULL_ICE
        target = tf.where(known, tf.cast(future, tf.float32) / FULL_ICE, 0.0)
        history = record[start - LEADS * settings.years : start]
        weight = tf.cast(known, tf.float32)
        return history, {"concentration": target}, {"concentration": weight}

    return Examples(len(starts), fetch, partial(augment, settings) if training else None)


def augment(settings: Settings, example, seed):
    """Cut a window at a random place and mirror it by two coins: maps (..., rows, columns)."""
    draws = tf.random.stateless_uniform([4], seed)
    side = settings.crop or max(NORTH.shape)  # the grid of the south is smaller

    def cut_and_mirror(x):
        corner = [
            tf.cast(draws[i] * float(max(x.shape[i + 1] - side + 1, 1)), tf.int32) for i in range(2)
        ]
        x = x[:, corner[0] : corner[0] + side, corner[1] : corner[1] + side]
        if settings.flip:
            x = tf.where(draws[2] < 0.5, x[:, :, ::-1], x)
            x = tf.where(draws[3] < 0.5, x[:, ::-1], x)
        return x

    return tf.nest.map_structure(cut_and_mirror, example)


def build(settings: Settings) -> keras.Model:
    model = correction_unet(
        None,
        None,
        years=settings.years,
        base_years=settings.base_years,
        filters=settings.filters,
        hole=settings.hole,
    )
    loss = {"concentration": LOSSES[settings.loss]}
    model.compile(optimizer(settings.training), loss=loss, jit_compile=False)
    return model


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: width and depth, loss, augmentation, learning rate, optimiser, batch."""
    width = hp.Choice("width", [4, 8, 16])
    depth = hp.Int("depth", 2, 4)
    training = dataclasses.replace(
        settings.training,
        learning_rate=hp.Float("learning_rate", 3e-4, 1e-2, sampling="log"),
        optimizer=hp.Choice("optimizer", ["adam", "adamw"]),
        batch_size=hp.Choice("batch_size", [1, 2]),
    )
    return dataclasses.replace(
        settings,
        filters=(width, *[2 * width] * (depth - 1)),
        flip=hp.Boolean("flip"),
        training=training,
    )


def cases(settings: Settings, first: str | None, last: str | None) -> Cases:
    """Forecasts of 12 months, one after the other, from `first` to `last`: the test period."""
    data = archive(settings)
    begin = months.parse(first) if first else months.parse(settings.validation_last) + 1
    end = months.parse(last) if last else months.parse(settings.test_last)
    start, stop = data.index(begin), data.index(end) + 1
    if start >= stop:
        raise InputError(f"period: expected the first month before the last, got {begin} to {end}")
    source = f"{data.source}; scored {begin} to {end}"
    made = [partial(_case, data, settings, i, source) for i in range(start, stop, LEADS)]
    return Cases(
        source,
        [
            partial(_with_truth, make, data, i, stop)
            for make, i in zip(made, range(start, stop, LEADS))
        ],
    )


def future(settings: Settings) -> Cases:
    """The 12 months after the last one of the data."""
    data = archive(settings)
    return Cases(data.source, [partial(_case, data, settings, len(data.counts), data.source)])


def _case(data: Archive, settings: Settings, start: int, source: str) -> Case:
    needed = LEADS * settings.years
    if start < needed:
        raise InputError(
            f"{data.source}: expected {needed} months before {data.first + start}, got {start}; "
            "add earlier files or forecast a later year"
        )
    period = months.span(data.first + start, data.first + start + LEADS - 1)
    past = data.counts[:start]
    return Case(f"{period[0]} to {period[-1]}", past[-needed:], Context(past, period, source))


def _with_truth(make, data: Archive, start: int, stop: int) -> Case:
    return dataclasses.replace(make(), truth=data.counts[start : min(start + LEADS, stop)])


def score(pairs: Iterable[tuple[Case, Mapping[str, np.ndarray]]]) -> dict[str, float]:
    """The contest's and the field's scores of a period (scores.forecast)."""
    return forecast_scores.score(
        (case.truth, fields["concentration"], case.context.past, case.context.months)
        for case, fields in pairs
    )


def write(case: Case, fields: Mapping[str, np.ndarray], out: Path, model: str) -> list[Path]:
    context = case.context
    made_from = f"{model} from {context.source}"
    return forecast_products.write(
        out, context.months, fields["concentration"], counts.land(context.past[-1]), made_from
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
        "the next 12 months; 0 on land."
    ),
)
