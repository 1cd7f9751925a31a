"""Task `geopose`: height above ground and flow of oblique aerial images."""

from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.files import tfrecords
from seaice_tf.geopose import examples
from seaice_tf.geopose.cases import EvaluateOptions, PredictOptions, cases, future, preview
from seaice_tf.geopose.data import doctor as geopose_doctor
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.geopose.inference import combine
from seaice_tf.geopose.products import plots, submission
from seaice_tf.geopose.report import sections
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.verification import BASELINES, MEANING, score, verify
from seaice_tf.lazy import function
from seaice_tf.task import Case, Data, Maps, Pairs, Products, Splits, Task, Training, Verification

TRAINING = "seaice_tf.geopose.training"
SUBMISSION = "submission.tar.gz"
QUICKLOOKS = 24  # tiles that predict plots


def splits(settings: Settings) -> Splits:
    """Training and validation examples.

    Raises:
        InputError: tiles are too few, or smaller than a crop.
    """
    labelled = examples.labelled(settings)
    train, validation, test = examples.split(settings, labelled)
    if not (train and validation and test):
        raise InputError(
            f"{examples.folder(settings)}: expected tiles to train on, to validate with and to "
            f"test on, got {len(train)}, {len(validation)} and {len(test)}; add tiles or change "
            "--folds"
        )
    training_sources = examples.sources(settings, train)
    validation_sources = examples.sources(settings, validation)
    weights = examples.city_weights(settings, training_sources)
    return Splits(
        examples.training_examples(settings, training_sources, weights),
        examples.validation_examples(settings, validation_sources, weights),
        preview=lambda: preview(settings),
        files=examples.files(settings, [tile for tile, _ in labelled]),
        source=examples.title(settings, labelled),
    )


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Check a folder of tiles, and print its statistics.

    Args:
        settings: their data is the folder.
        plots: not used.

    Returns:
        The problems found, one sentence each.
    """
    found = geopose_doctor.examine(Path(settings.data))
    print("\n".join(found.lines()))
    return list(found.problems)


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write a shard of each labelled tile, see `tfrecords.write`.

    Args:
        settings: of the tiles.
        out: folder for the shards.
        executor: of the processes that write; None to write in this one.

    Returns:
        The files.

    Raises:
        InputError: tiles are damaged.
    """
    jobs = [_shard_job(tile) for tile, _ in examples.labelled(settings)]
    return tfrecords.write(jobs, {"task": "geopose"}, out, geopose_shards.MANIFEST, executor)


def _shard_job(tile: Tile) -> tfrecords.Job:
    agl, _ = tile.labels
    records = partial(geopose_shards.records, tile)
    return tfrecords.Job(f"{tile.id}{geopose_shards.SUFFIX}", (tile.image, agl), records)


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """Write the submission and its files, rectified images and heights, and quick-looks.

    tiles/ holds <id>_AGL.tif and <id>_VFLOW.json of each tile, rectified/ the views from above,
    quicklooks/ plots of the first tiles.

    Raises:
        InputError: the challenge would reject the submission.
    """
    files: list[Path] = []
    others: list[Path] = []
    shapes: dict[str, tuple[int, int]] = {}
    for case, fields in pairs:
        sheet, rectified = plots.sheet(case, fields), out / "rectified" / case.name
        files += submission.write_tile(out / "tiles", case.name, sheet.agl, sheet.pose)
        others += [
            submission.write_image(Path(f"{rectified}_RGB.tif"), sheet.rectified.image),
            submission.write_agl(Path(f"{rectified}_AGL.tif"), sheet.rectified.agl),
        ]
        if len(shapes) < QUICKLOOKS:
            caption = f"{model} on {case.context.source}"
            others.append(plots.write(out / "quicklooks" / f"{case.name}.png", [sheet], caption))
        shapes[case.name] = case.context.tile.shape
    with progress.step("packing the submission"):
        archive = submission.write_archive(out / SUBMISSION, files)
        problems = submission.validate(archive, shapes)
    if problems:
        raise InputError(f"{archive}: expected a valid submission, got: {'; '.join(problems)}")
    return [archive, *files, *others]


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Image with flow, heights and truth of a tile, for TensorBoard."""
    sheet, caption = plots.sheet(case, fields), f"training on {case.context.source}"
    return {"geopose/heights": plots.pixels([sheet], caption)}


SIGNATURE = (
    "`serve` takes images, (batch, height, width, 3) uint8 of any size from 32 x 32, the city as "
    "one-hot vector of ARG, ATL, JAX and OMA, (batch, 4), and the ground sample distance in "
    "metres, (batch, 1), and gives `agl`, (batch, height, width) metres above ground; `scale`, "
    "(batch,) pixels of flow per metre; `angle`, (batch,) radians, where the flow is agl x scale x "
    "(sin, cos) to the right and down; and `certainty` of the angle, (batch,), 0 to 1: the flow "
    "of the smallest expected squared error is multiplied by it."
)

UNITS = {
    "image": "red, green, blue, 0 to 255",
    "city": "one-hot of ARG, ATL, JAX, OMA",
    "gsd": "m per pixel",
    "agl": "m",
    "scale": "pixels per m",
    "angle": "radian",
    "certainty": "0 to 1",
}

TASK = Task(
    name="geopose",
    settings=Settings,
    data=Data(
        expected="tiles and their tables",
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        prepare=prepare,
    ),
    training=Training(
        build=function(TRAINING, "build"),
        space=function(TRAINING, "space"),
        serving_model=function(TRAINING, "serving_model"),
        start=function(TRAINING, "start"),
    ),
    verification=Verification(
        score=score,
        primary="r2",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
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
        dataset=function("seaice_tf.geopose.products.dataset", "dataset"),
        check=submission.check,
        files=(
            "submission.tar.gz",
            "quicklooks/*.png",
            "rectified/*.tif",
            "tiles/*.json",
            "tiles/*.tif",
        ),
    ),
)
