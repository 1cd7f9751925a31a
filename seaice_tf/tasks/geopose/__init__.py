"""Height above ground, and the flow from what is seen to where it stands, in one oblique image."""

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.task import Case, Maps, Splits, Task
from seaice_tf.tasks.geopose import data
from seaice_tf.tasks.geopose.cases import Options, cases, future, preview
from seaice_tf.tasks.geopose.doctor import doctor
from seaice_tf.tasks.geopose.networks import build, served, space, start
from seaice_tf.tasks.geopose.posing import together
from seaice_tf.tasks.geopose.prepare import prepare
from seaice_tf.tasks.geopose.products import write
from seaice_tf.tasks.geopose.report import sections
from seaice_tf.tasks.geopose.settings import Settings
from seaice_tf.tasks.geopose.verification import BASELINES, score, sheet, verify
from seaice_tf.writers import geopose_maps, maps


def splits(settings: Settings) -> Splits:
    found = data.labelled(settings)
    train, validation, test = data.split(settings, found)
    if not (train and validation and test):
        raise InputError(
            f"{data.folder(settings)}: expected tiles to train on, to validate with and to test "
            f"on, got {len(train)}, {len(validation)} and {len(test)}; add tiles or change --folds"
        )
    teachers, judges = (data.sources(settings, part) for part in (train, validation))
    weights = data.city_weights(settings, teachers)
    return Splits(
        data.training_examples(settings, teachers, weights),
        data.validation_examples(settings, judges, weights),
        preview=lambda: preview(settings),
        files=data.files(settings, [tile for tile, _ in found]),
        source=data.title(settings, found),
    )


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Image with arrows, heights and truth of a tile, for TensorBoard."""
    figure = geopose_maps.figure([sheet(case, fields)], f"training on {case.context.source}")
    return {"geopose/heights": maps.pixels(figure)}


GEOPOSE = Task(
    name="geopose",
    settings=Settings,
    splits=splits,
    build=build,
    start=start,
    served=served,
    space=space,
    cases=cases,
    future=future,
    score=score,
    combine=together,
    baselines=BASELINES,
    primary="r2",
    lower_is_better=False,
    write=write,
    verify=verify,
    pictures=pictures,
    doctor=doctor,
    serving=(
        "`serve` takes images, (batch, height, width, 3) uint8 of any size from 32 x 32 on, the "
        "city as one-hot of ARG, ATL, JAX and OMA, (batch, 4), and the ground sample distance in "
        "metres, (batch, 1), and gives `agl`, (batch, height, width) metres above ground; `scale`, "
        "(batch,) pixels of flow a metre; `angle`, (batch,) radians, the flow being agl x scale x "
        "(sin, cos) to the right and down; and `certainty` of the angle, (batch,), 0 to 1: the "
        "flow of the least squared error that is expected is so many times as long."
    ),
    options=Options,
    report=sections,
    data_settings=("data", "target"),
    use_settings=("tile", "overlap", "views"),
    prepare=prepare,
)
