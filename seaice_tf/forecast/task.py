"""The task `forecast`: monthly sea-ice concentration in, the next 12 months out."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from seaice_tf.forecast.cases import (
    OUTLOOK_MEMBERS,
    EvaluateOptions,
    PredictOptions,
    cases,
    future,
)
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.data.fetch import FetchOptions, fetch
from seaice_tf.forecast.examples import archive, described, read_record
from seaice_tf.forecast.scores.intervals import intervals
from seaice_tf.forecast.settings import Sequence, Settings
from seaice_tf.forecast.verification import (
    BASELINES,
    MEANING,
    RENAMED,
    SLOW_BASELINES,
    combine,
    score,
    verify,
)
from seaice_tf.lazy import function
from seaice_tf.task import (
    Case,
    Data,
    Products,
    Splits,
    Task,
    Training,
    Verification,
)

TRAINING = "seaice_tf.forecast.training"


def splits(settings: Settings) -> Splits:
    """Training and validation examples of the network."""
    from seaice_tf.forecast.training import NETWORKS, autoencoder_run  # needs TensorFlow

    data = archive(settings)
    network = settings.network
    train, validation = NETWORKS[network.name].examples(network, settings, data)
    period = settings.validation_start, settings.validation_end
    files = data.files
    if isinstance(network, Sequence):
        weights, _ = autoencoder_run(network)
        files += (weights,)
    return Splits(
        train,
        validation,
        preview=lambda: next(iter(cases(settings, EvaluateOptions(*period)))),
        files=files,
        source=data.source,
    )


def released(settings: Settings) -> str:
    """The released model of the hemisphere that the data are of."""
    return {"north": "arctic", "south": "antarctic"}[read_record(settings.data, settings).grid.name]


def pictures(case: Case, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Forecast, truth and their difference in March and September, for TensorBoard."""
    from seaice_tf.forecast.products import plots  # with matplotlib

    context = case.context
    maps = fields["concentration"], case.truth
    return plots.comparisons(context.months, *maps, context.source, context.grid)


def doctor(settings: Settings, plot_folder: Path | None) -> list[str]:
    """Print the period, days and pole hole of a folder; returns the problems found."""
    findings = examine(Path(settings.data), settings.minimum_days, settings.average_to_25km)
    print(f"{settings.data}: {findings.source}, {len(findings.months)} months read")
    print(f"{len(findings.record.files)} files read, {len(findings.record.left_out)} left out")
    if len(findings.months) < (needed := Settings().history):
        print(f"a forecast takes {needed} months or more: add earlier files before one")
    for note in findings.notes:
        print(note)
    if findings.days is not None:
        of_days = findings.days > 0
        fewest = int(np.where(of_days, findings.days, 99).argmin())
        least, most = findings.days[fewest], findings.days.max()
        print(f"days with data: {least} to {most} a month, the fewest in {findings.months[fewest]}")
    for month, days in findings.unobserved().items():
        print(f"{month}, which the record has no data of, has {days} days: kept as missing")
    for month, cells in findings.hole_sizes():
        print(f"pole hole from {month}: {cells} cells")
    if plot_folder:
        from seaice_tf.forecast.products import plots  # with matplotlib

        record = findings.months, findings.grids, findings.source
        for path in plots.write_record(plot_folder, *record):
            print(f"plot: {path}")
    return list(findings.problems)


SIGNATURE = (
    "`serve` takes `history`, the raw counts of the files with their flags, (batch, 12 x years, "
    "rows, columns) uint8, the last month observed at the end, and returns `concentration`, "
    "(batch, 12, rows, columns) float32, the fraction of the sea covered by ice in each of "
    "the next 12 months, 0 on land. The network `distribution` also takes `month`, (batch,) "
    "int32, the calendar month (1 to 12) of the first month forecast, and returns the "
    "`probability` of ice at 15 % or more, `spread` (standard deviation) and "
    "`contest_decision`, the forecast with the lowest expected Dacon score, which is no "
    "estimate of the concentration. Its endpoint `quantiles` takes `levels` too, (L,) float32 in "
    "(0, 1), and also returns `quantiles`, (batch, L, 12, rows, columns)."
)

UNITS = {
    "history": "counts: 250 is 100 %, flags above",
    "month": "calendar month of lead 1, 1 to 12",
    "levels": "probability, 0 to 1",
    "concentration": "fraction of the sea, 0 to 1",
    "probability": "0 to 1",
    "spread": "fraction, standard deviation",
    "contest_decision": "fraction",
    "quantiles": "fraction",
}

TASK = Task(
    name="forecast",
    settings=Settings,
    spares_memory=True,
    data=Data(
        expected="sea-ice files",
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        settings=("data", "minimum_days", "allow", "average_to_25km"),
        inputs=("hemisphere",),
        units=("trained_on",),
        described=described,
        fetch=fetch,
        fetch_options=FetchOptions,
        released=released,
        record=function("seaice_tf.forecast.data.dataset", "to_archive"),
        plots=("mean_concentration.png", "pole_hole.png"),
    ),
    training=Training(
        build=function(TRAINING, "build"),
        space=function(TRAINING, "space"),
        serving_model=function(TRAINING, "serving_model"),
        start=function(TRAINING, "start"),
        calibrate=function(TRAINING, "calibrate"),
        extra_endpoints=function(TRAINING, "extra_endpoints"),
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
        renamed=RENAMED,
        meaning=MEANING,
        files=("*-edges.png", "*-errors.png"),
        intervals=intervals,
    ),
    products=Products(
        write=function("seaice_tf.forecast.predictions", "write"),
        pictures=pictures,
        signature=SIGNATURE,
        units=UNITS,
        options=PredictOptions,
        report=function("seaice_tf.forecast.report", "sections"),
        report_options=EvaluateOptions(members=OUTLOOK_MEMBERS),
        dataset=function("seaice_tf.forecast.products.dataset", "dataset"),
        check=function("seaice_tf.forecast.products.check", "check"),
        files=(
            *("forecast.nc", "forecast.gif", "forecast.png", "contest.csv", "hindcasts.nc"),
            *("members.nc", "dates.nc", "dates.png", "maps/*.png", "outlook.csv", "outlook.png"),
        ),
    ),
)
