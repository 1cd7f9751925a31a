"""Ice charts: concentration, stage of development and floe size from SAR scenes."""

from pathlib import Path

import numpy as np

from seaice_tf.files import maps
from seaice_tf.icechart import examples, native
from seaice_tf.icechart.cases import EvaluateOptions, cases, future, preview
from seaice_tf.icechart.doctor import doctor
from seaice_tf.icechart.inference import PredictOptions
from seaice_tf.icechart.prepare import prepare
from seaice_tf.icechart.products import netcdf, upload
from seaice_tf.icechart.products.maps import scene_figure, write_scene
from seaice_tf.icechart.report import sections
from seaice_tf.icechart.settings import Settings
from seaice_tf.icechart.verification import BASELINES, MEANING, RENAMED, combine, score, verify
from seaice_tf.lazy import function
from seaice_tf.task import Case, Data, Maps, Pairs, Products, Splits, Task, Training, Verification

TRAINING = "seaice_tf.icechart.training"
UPLOAD = "upload.nc"


def splits(settings: Settings) -> Splits:
    """Training and validation patches of the scenes."""
    found = examples.training_source(settings)
    train, validation = examples.split(settings, found.scenes)
    return Splits(
        examples.training_examples(settings, train),
        examples.validation_examples(settings, validation),
        preview=lambda: preview(settings),
        files=found.files,
        source=found.source,
    )


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """Write a netCDF and a figure of each scene, and the AutoICE upload with the charts at 80 m.

    The upload has a class where the SAR has no data, too: AutoICE scores every pixel of its charts,
    and so does `score`. The other files have 255 there.

    Args:
        pairs: cases and their fields.
        out: folder for the files.
        model: name of the model.
        options: unused; they take effect at inference.
    """
    written: list[Path] = []

    def charts():
        for case, fields in pairs:
            path = out / "charts" / f"{case.name}.png"
            written.append(write_scene(path, case, fields, model))
            written.append(netcdf.write_case(path.with_suffix(".nc"), case, fields, model))
            yield case.name, native.charts(case, fields)

    return [upload.write(out / UPLOAD, charts()), *written]


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """SAR, charts and truth of a scene, for TensorBoard."""
    return {"icechart/charts": maps.pixels(scene_figure(case, fields, "training"))}


SIGNATURE = (
    "`serve` takes the channels of the settings, standardised as in the ready-to-train scenes "
    "and averaged over blocks of `downscale` x `downscale` pixels of 80 m, (batch, height, "
    "width, channels) float32 of any size, and gives `SIC`, `SOD` and `FLOE`, (batch, height, "
    "width) uint8 classes; `concentration` in tenths; `SIC_probabilities`, "
    "`SOD_probabilities` and `FLOE_probabilities`, (batch, height, width, classes); "
    "`uncertainty`, (batch, height, width, 3), 0 where a class is certain. `serve_raw` takes "
    "the same channels in their own units (dB, degrees, K, m/s, kg/m2, zones), NaN where "
    "there are no data. Land is not masked."
)

UNITS = {
    "image": "standardised channels",
    "raw": "dB, degrees, K, m/s, kg/m2, zones",
    "SIC": "class, tenths",
    "SOD": "class",
    "FLOE": "class",
    "concentration": "tenths",
    "SIC_probabilities": "0 to 1",
    "SOD_probabilities": "0 to 1",
    "FLOE_probabilities": "0 to 1",
    "uncertainty": "0 to 1",
}

TASK = Task(
    name="icechart",
    settings=Settings,
    data=Data(
        expected="scenes",
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        prepare=prepare,
        settings=("data", "target", "skip_damaged"),
        inputs=("channels", "downscale"),
        plots=("composition.png", "weights.png"),
    ),
    training=Training(
        build=function(TRAINING, "build"),
        space=function(TRAINING, "space"),
        serving_model=function(TRAINING, "serving_model"),
        calibrate=function(TRAINING, "calibrate"),
        extra_endpoints=function(TRAINING, "extra_endpoints"),
    ),
    verification=Verification(
        score=score,
        primary="score",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
        renamed=RENAMED,
        meaning=MEANING,
        files=("*.png",),
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        units=UNITS,
        options=PredictOptions,
        report=sections,
        dataset=function("seaice_tf.icechart.products.dataset", "dataset"),
        check=function("seaice_tf.icechart.doctor", "check_upload"),
        files=("upload.nc", "charts/*.nc", "charts/*.png"),
    ),
)
