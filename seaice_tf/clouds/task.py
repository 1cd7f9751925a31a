"""Task `clouds`: masks of four kinds of cloud organisation on satellite photos."""

from pathlib import Path

import numpy as np

from seaice_tf.clouds import examples
from seaice_tf.clouds.cases import EvaluateOptions, cases, future
from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data.postprocessing import DEFAULT
from seaice_tf.clouds.products import choices, plots, submission
from seaice_tf.clouds.products.choices import Choice
from seaice_tf.clouds.products.plots import Panel
from seaice_tf.clouds.report import sections
from seaice_tf.clouds.settings import Settings
from seaice_tf.clouds.verification import (
    BASELINES,
    MEANING,
    combine,
    final_masks,
    panel,
    score,
    verify,
)
from seaice_tf.errors import InputError
from seaice_tf.lazy import function
from seaice_tf.task import (
    Case,
    Data,
    Maps,
    Pairs,
    PredictOptions,
    Products,
    Splits,
    Task,
    Training,
    Verification,
)

TRAINING = "seaice_tf.clouds.training"
OVERLAYS = 24  # photos that predict plots; submission.csv has all


def splits(settings: Settings) -> Splits:
    """Training and validation examples.

    Raises:
        InputError: decisions are given although they are to be chosen, or photos are too few.
    """
    from seaice_tf.clouds.training import NETWORKS, PARTS  # needs TensorFlow

    if settings.choose != "none" and settings.decisions != DEFAULT:
        raise InputError(
            f"decisions: expected none with --choose {settings.choose}, which chooses them, got "
            "some; add --choose none to keep them"
        )
    photos = examples.labelled(settings)
    train = examples.training_photos(photos, settings)
    validation = examples.validation_photos(photos, settings)
    if not len(train) or len(validation) < PARTS:
        raise InputError(
            f"{photos.source}: expected photos to train on and {PARTS} to validate on, got "
            f"{len(train)} and {len(validation)}; add photos or change --folds"
        )
    network = NETWORKS[settings.network.name]
    return Splits(
        *network.examples(settings, settings.network, train, validation),
        preview=lambda: next(iter(cases(settings, options=EvaluateOptions("validation")))),
        files=photos.paths,
        source=photos.source,
    )


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """Write submission.csv, choices.csv, and overlays/ of the first photos."""
    codes: dict[str, list[str]] = {}
    made: dict[str, list[Choice]] = {}
    panels: list[Panel] = []
    source = ""
    for case, fields in pairs:
        masks = final_masks(fields)
        codes[case.name] = submission.encode(masks)
        made[case.name] = choices.choices(
            fields["probabilities"], fields["class_probabilities"], masks
        )
        source = case.context.source
        if len(panels) < OVERLAYS:
            note = choices.caption(made[case.name])
            panels.append(panel(case, fields)._replace(note=note))
    tables = [
        submission.write(out / "submission.csv", codes),
        choices.write(out / submission.CHOICES, made),
    ]
    return [*tables, *plots.write_overlays(out / "overlays", panels, f"{model} on {source}")]


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """The photo with predicted and labelled masks, for TensorBoard."""
    return {"clouds/masks": plots.pixels(panel(case, fields), case.context.source)}


def doctor(settings: Settings, folder: Path | None) -> list[str]:
    """Check a folder of photos, and print its statistics.

    Args:
        settings: their data is the folder.
        folder: for plots of the statistics; None plots nothing.

    Returns:
        The problems found, one sentence each.
    """
    found = cloud_doctor.examine(Path(settings.data))
    print("\n".join(found.lines()))
    if folder and found.labelled:
        for path in plots.write_statistics(folder, found):
            print(f"plot: {path}")
    return list(found.problems)


SIGNATURE = (
    "`serve` takes JPEG or PNG files of any size, (batch,) strings, and gives `masks`, "
    "(batch, 350, 525, 4) bool, of Fish, Flower, Gravel and Sugar by threshold, gate and "
    "minimum area; `probabilities` of the pixels, (batch, 350, 525, 4); `class_probabilities`, "
    "(batch, 4), that the photo contains each class; `decisions`, (batch, 5, 4): for each class "
    "the rule (0 thresholds and gates, 1 largest expected Dice), threshold, smallest connected "
    "component as a fraction of the image, gate, and fitted shape (0 none, 1 box or 2 hull of "
    "each component, 3 box or 4 hull of all). Removing components and fitting shapes is left to "
    "the caller; `seaice-tf predict clouds` does both."
)

UNITS = {
    "photo": "a JPEG or PNG file",
    "masks": "true or false",
    "probabilities": "0 to 1",
    "class_probabilities": "0 to 1",
    "decisions": "rule, threshold, area, gate, shape",
}

TASK = Task(
    name="clouds",
    settings=Settings,
    data=Data(
        expected="photos",
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
        plots=("areas.png", "brightness.png", "classes.png", "overlaps.png", "places.png"),
    ),
    training=Training(
        build=function(TRAINING, "build"),
        space=function(TRAINING, "space"),
        serving_model=function(TRAINING, "serving_model"),
        start=function(TRAINING, "start"),
        calibrate=function(TRAINING, "calibrate"),
    ),
    verification=Verification(
        score=score,
        primary="dice",
        lower_is_better=False,
        baselines=BASELINES,
        verify=verify,
        combine=combine,
        options=EvaluateOptions,
        meaning=MEANING,
        files=("worst.png",),
    ),
    products=Products(
        write=write,
        pictures=pictures,
        signature=SIGNATURE,
        units=UNITS,
        report=sections,
        dataset=function("seaice_tf.clouds.products.dataset", "dataset"),
        check=submission.check,
        files=("choices.csv", "submission.csv", "overlays/*.png"),
    ),
)
