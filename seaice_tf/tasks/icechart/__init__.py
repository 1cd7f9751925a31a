"""Charts of concentration, stage of development and floe size of sea ice on radar scenes."""

from pathlib import Path

import numpy as np

from seaice_tf.task import Case, Maps, Pairs, Splits, Task
from seaice_tf.tasks.icechart import data
from seaice_tf.tasks.icechart.calibration import calibrate
from seaice_tf.tasks.icechart.cases import Options, cases, future, preview
from seaice_tf.tasks.icechart.doctor import doctor
from seaice_tf.tasks.icechart.networks import build, served, space
from seaice_tf.tasks.icechart.prepare import prepare
from seaice_tf.tasks.icechart.report import sections
from seaice_tf.tasks.icechart.settings import Settings
from seaice_tf.tasks.icechart.verification import (
    BASELINES,
    combine,
    masked,
    score,
    sheet,
    verify,
)
from seaice_tf.writers import icechart_upload, maps

UPLOAD = "upload.nc"


def splits(settings: Settings) -> Splits:
    found = data.learnt_from(settings)
    train, validation = data.split(settings, found.scenes)
    return Splits(
        data.training_examples(settings, train),
        data.validation_examples(settings, validation),
        preview=lambda: preview(settings),
        files=found.files,
        source=found.source,
    )


def write(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """The contest's upload file with the charts at 80 m, and a sheet of each scene."""
    written: list[Path] = []

    def charts():
        for case, fields in pairs:
            path = out / "charts" / f"{case.name}.png"
            written.append(maps.write(path, sheet(case, fields, model)))
            yield case.name, masked(case, fields)

    upload = icechart_upload.write(out / UPLOAD, charts())
    return [upload, *written]


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Radar, charts and truth of a scene, for TensorBoard."""
    return {"icechart/charts": maps.pixels(sheet(case, fields, "training"))}


ICECHART = Task(
    name="icechart",
    settings=Settings,
    splits=splits,
    build=build,
    calibrate=calibrate,
    served=served,
    space=space,
    cases=cases,
    future=future,
    score=score,
    combine=combine,
    baselines=BASELINES,
    primary="score",
    lower_is_better=False,
    write=write,
    verify=verify,
    pictures=pictures,
    doctor=doctor,
    serving=(
        "`serve` takes the channels of the settings, standardised as in the ready-to-train scenes "
        "and averaged over blocks of `downscale` x `downscale` pixels of 80 m, (batch, height, "
        "width, channels) float32 of any size, and gives `SIC`, `SOD` and `FLOE`, (batch, height, "
        "width) uint8 classes; `concentration` in tenths; `SIC_probabilities`, "
        "`SOD_probabilities` and `FLOE_probabilities`, (batch, height, width, classes); "
        "`uncertainty`, (batch, height, width, 3), 0 where a class is certain. Land is charted "
        "like sea: mask it."
    ),
    options=Options,
    report=sections,
    data_settings=("data", "target"),
    prepare=prepare,
)
