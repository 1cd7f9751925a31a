"""Charts of concentration, stage of development and floe size of sea ice on radar scenes."""

import numpy as np

from seaice_tf.files import maps
from seaice_tf.icechart import examples
from seaice_tf.icechart.calibration import calibrate
from seaice_tf.icechart.cases import EvaluateOptions, cases, future, preview
from seaice_tf.icechart.doctor import doctor
from seaice_tf.icechart.prepare import prepare
from seaice_tf.icechart.products.files import write
from seaice_tf.icechart.report import sections
from seaice_tf.icechart.settings import Settings
from seaice_tf.icechart.training import also_served, build, served, space
from seaice_tf.icechart.verification import BASELINES, combine, score, sheet, verify
from seaice_tf.task import Case, Data, Maps, Products, Splits, Task, Training, Verification


def splits(settings: Settings) -> Splits:
    found = examples.learnt_from(settings)
    train, validation = examples.split(settings, found.scenes)
    return Splits(
        examples.training_examples(settings, train),
        examples.validation_examples(settings, validation),
        preview=lambda: preview(settings),
        files=found.files,
        source=found.source,
    )


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Radar, charts and truth of a scene, for TensorBoard."""
    return {"icechart/charts": maps.pixels(sheet(case, fields, "training"))}


SIGNATURE = (
    "`serve` takes the channels of the settings, standardised as in the ready-to-train scenes "
    "and averaged over blocks of `downscale` x `downscale` pixels of 80 m, (batch, height, "
    "width, channels) float32 of any size, and gives `SIC`, `SOD` and `FLOE`, (batch, height, "
    "width) uint8 classes; `concentration` in tenths; `SIC_probabilities`, "
    "`SOD_probabilities` and `FLOE_probabilities`, (batch, height, width, classes); "
    "`uncertainty`, (batch, height, width, 3), 0 where a class is certain. `serve_raw` takes "
    "the same channels in their own units (dB, degrees, K, m/s, kg/m2, zones), NaN where "
    "there are no data. Land is charted like sea: mask it."
)

TASK = Task(
    name="icechart",
    settings=Settings,
    data=Data(
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        prepare=prepare,
        settings=("data", "target", "views", "tile", "halo", "skip_damaged"),
        inputs=("channels", "downscale"),
    ),
    training=Training(
        build=build,
        space=space,
        serving_model=served,
        calibrate=calibrate,
        extra_endpoints=also_served,
    ),
    verification=Verification(
        score=score,
        primary="score",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        report=sections,
    ),
)
