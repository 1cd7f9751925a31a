"""Monthly sea-ice concentration: ten years of files in, the next 12 months out."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf.forecast.cases import EvaluateOptions, cases, future
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.month_networks import autoencoder_run
from seaice_tf.forecast.products import files as forecast_products
from seaice_tf.forecast.products import record_plots
from seaice_tf.forecast.report import sections
from seaice_tf.forecast.settings import Settings
from seaice_tf.forecast.training import NETWORKS
from seaice_tf.forecast.verification import (
    BASELINES,
    SLOW_BASELINES,
    combine,
    decision,
    score,
    verify,
)
from seaice_tf.grids import counts
from seaice_tf.networks.optimizers import training_space
from seaice_tf.task import (
    Case,
    Data,
    Pairs,
    PredictOptions,
    Products,
    Splits,
    Task,
    Training,
    Verification,
)


def splits(settings: Settings) -> Splits:
    data = archive(settings)
    train, validation = NETWORKS[settings.network].examples(data, settings)
    period = settings.validation_first, settings.validation_last
    files = data.files
    if settings.network == "sequence":
        weights, _ = autoencoder_run(settings)
        files += (weights,)
    return Splits(
        train,
        validation,
        preview=lambda: next(iter(cases(settings, EvaluateOptions(*period)))),
        files=files,
        source=data.source,
    )


def build(settings: Settings) -> keras.Model:
    return NETWORKS[settings.network].build(settings)


def served(settings: Settings, model: keras.Model) -> keras.Model:
    return NETWORKS[settings.network].served(settings, model)


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: optimisation, and what the network adds."""
    network = NETWORKS[settings.network]
    training = training_space(hp, settings.training, network.rates, network.batch_sizes)
    varied = network.space(hp, settings)
    return dataclasses.replace(settings, training=training, **varied)


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    written: list[Path] = []
    for case, fields in pairs:
        context = case.context
        land, made_from = counts.land(context.past[-1]), f"{model} from {context.source}"
        written += forecast_products.write(
            out, context.months, dict(fields), decision(fields), land, made_from, context.citation
        )
    return written


def pictures(case: Case, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Forecast, truth and their difference in March and September, for TensorBoard."""
    context = case.context
    return forecast_products.comparisons(
        context.months, fields["concentration"], case.truth, context.source
    )


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Print period, days and pole hole of a folder; gives its troubles."""
    findings = examine(Path(settings.data), settings.minimum_days)
    print(f"{settings.data}: {findings.source}, {len(findings.months)} months read")
    if findings.days is not None:
        fewest = int(findings.days.argmin())
        least, most = findings.days[fewest], findings.days.max()
        print(f"days with data: {least} to {most} a month, the fewest in {findings.months[fewest]}")
    for month, days in findings.unobserved().items():
        print(f"{month}, when the sensor was off, has {days} days: kept, with its sea missing")
    for month, cells in findings.hole_sizes():
        print(f"pole hole from {month}: {cells} cells")
    if plots:
        for path in record_plots.write(plots, findings.months, findings.grids, findings.source):
            print(f"plot: {path}")
    return list(findings.troubles)


SIGNATURE = (
    "`serve` takes raw counts with flags as they stand in the files, (batch, 12 x years, "
    "rows, columns) uint8, the last month observed at the end, and gives `concentration`, "
    "(batch, 12, rows, columns) float32, the fraction of the sea covered by ice in each of "
    "the next 12 months, 0 on land. The network `distribution` needs a last month of "
    "December, and also gives `probability` of ice at 15 % or more, `spread` (standard "
    "deviation) and `contest_decision`, drawn for the contest's score and not a "
    "concentration."
)

TASK = Task(
    name="forecast",
    settings=Settings,
    data=Data(
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        settings=("data", "minimum_days"),
    ),
    training=Training(
        build=build,
        space=space,
        serving_model=served,
    ),
    verification=Verification(
        score=score,
        primary="contest_score",
        lower_is_better=True,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
        slow_baselines=SLOW_BASELINES,
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        report=sections,
    ),
)
