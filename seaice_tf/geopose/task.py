"""Height above ground, and the flow from what is seen to where it stands, in one oblique image."""

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import maps
from seaice_tf.geopose import examples
from seaice_tf.geopose.cases import EvaluateOptions, cases, future, preview
from seaice_tf.geopose.doctor import doctor
from seaice_tf.geopose.inference import together
from seaice_tf.geopose.prepare import prepare
from seaice_tf.geopose.products import maps as geopose_maps
from seaice_tf.geopose.products.files import write
from seaice_tf.geopose.report import sections
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.training import build, served, space, start
from seaice_tf.geopose.verification import BASELINES, score, sheet, verify
from seaice_tf.task import Case, Data, Maps, Products, Splits, Task, Training, Verification


def splits(settings: Settings) -> Splits:
    found = examples.labelled(settings)
    train, validation, test = examples.split(settings, found)
    if not (train and validation and test):
        raise InputError(
            f"{examples.folder(settings)}: expected tiles to train on, to validate with and to "
            f"test on, got {len(train)}, {len(validation)} and {len(test)}; add tiles or change "
            "--folds"
        )
    teachers, judges = (examples.sources(settings, part) for part in (train, validation))
    weights = examples.city_weights(settings, teachers)
    return Splits(
        examples.training_examples(settings, teachers, weights),
        examples.validation_examples(settings, judges, weights),
        preview=lambda: preview(settings),
        files=examples.files(settings, [tile for tile, _ in found]),
        source=examples.title(settings, found),
    )


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Image with arrows, heights and truth of a tile, for TensorBoard."""
    figure = geopose_maps.figure([sheet(case, fields)], f"training on {case.context.source}")
    return {"geopose/heights": maps.pixels(figure)}


SIGNATURE = (
    "`serve` takes images, (batch, height, width, 3) uint8 of any size from 32 x 32 on, the "
    "city as one-hot of ARG, ATL, JAX and OMA, (batch, 4), and the ground sample distance in "
    "metres, (batch, 1), and gives `agl`, (batch, height, width) metres above ground; `scale`, "
    "(batch,) pixels of flow a metre; `angle`, (batch,) radians, the flow being agl x scale x "
    "(sin, cos) to the right and down; and `certainty` of the angle, (batch,), 0 to 1: the "
    "flow of the least squared error that is expected is so many times as long."
)

TASK = Task(
    name="geopose",
    settings=Settings,
    data=Data(
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        prepare=prepare,
        settings=("data", "target", "tile", "overlap", "views"),
    ),
    training=Training(
        build=build,
        space=space,
        serving_model=served,
        start=start,
    ),
    verification=Verification(
        score=score,
        primary="r2",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=together,
        options=EvaluateOptions,
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        report=sections,
    ),
)
