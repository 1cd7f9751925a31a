"""Masks of four kinds of cloud organisation on photos from satellites."""

from pathlib import Path

import numpy as np

from seaice_tf.clouds import examples
from seaice_tf.clouds.calibration import PARTS, calibrate
from seaice_tf.clouds.cases import EvaluateOptions, cases, future
from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data.decisions import PLAIN
from seaice_tf.clouds.products import files as cloud_products
from seaice_tf.clouds.products import plots as cloud_plots
from seaice_tf.clouds.products import submission
from seaice_tf.clouds.products.maps import Panel
from seaice_tf.clouds.products.submission_check import validate_submission
from seaice_tf.clouds.report import sections
from seaice_tf.clouds.settings import Settings
from seaice_tf.clouds.training import NETWORKS, build, served, space, start
from seaice_tf.clouds.verification import BASELINES, combine, final_masks, score, verify
from seaice_tf.errors import InputError
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

DRAWN = 24  # photos that predict draws; submission.csv has all


def splits(settings: Settings) -> Splits:
    if settings.choose != "nothing" and settings.decisions != PLAIN:
        raise InputError(
            f"decisions: expected none beside --choose {settings.choose}, which chooses them, got "
            "some; add --choose nothing to keep them"
        )
    photos = examples.labelled(settings)
    train = examples.training_photos(photos, settings)
    validation = examples.validation_photos(photos, settings)
    if not len(train) or len(validation) < PARTS:
        raise InputError(
            f"{photos.source}: expected photos to train on and {PARTS} to validate on, got "
            f"{len(train)} and {len(validation)}; add photos or change --folds"
        )
    return Splits(
        *NETWORKS[settings.network].examples(train, validation, settings),
        preview=lambda: next(iter(cases(settings, options=EvaluateOptions("validation")))),
        files=photos.paths,
        source=photos.source,
    )


def panel(case: Case, fields: Maps) -> Panel:
    return Panel(case.name, case.context.image(), final_masks(fields), case.truth)


def write(pairs: Pairs, out: Path, model: str, options: PredictOptions | None = None) -> list[Path]:
    """submission.csv, and overlays of the first photos."""
    codes: dict[str, list[str]] = {}
    panels: list[Panel] = []
    source = ""
    for case, fields in pairs:
        codes[case.name] = submission.encode(final_masks(fields))
        source = case.context.source
        if len(panels) < DRAWN:
            panels.append(panel(case, fields))
    return cloud_products.write(out, codes, panels, f"{model} on {source}")


def pictures(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """The photo with predicted and labelled masks, for TensorBoard."""
    return {"clouds/masks": cloud_products.comparison(panel(case, fields), case.context.source)}


def doctor(settings: Settings, plots: Path | None) -> list[str]:
    """Print classes, overlaps, areas and brightness of a folder; gives its troubles.

    Of a table of masks, those that keep the contest from taking it as a submission.
    """
    if settings.data.endswith(".csv"):
        return validate_submission(Path(settings.data))
    found = cloud_doctor.examine(Path(settings.data))
    print("\n".join(found.lines()))
    if plots and found.labelled:
        for path in cloud_plots.write(
            plots,
            found.areas,
            found.inside,
            found.shared,
            found.where,
            found.combinations,
            found.source,
        ):
            print(f"plot: {path}")
    return list(found.troubles)


SIGNATURE = (
    "`serve` takes JPEG or PNG files of any size, (batch,) strings, and gives `masks`, "
    "(batch, 350, 525, 4) bool, of Fish, Flower, Gravel and Sugar by threshold, gate and "
    "smallest area; `probabilities` of the pixels, (batch, 350, 525, 4), and `chances` of the "
    "photo to hold each class, (batch, 4); `decisions`, (batch, 5, 4): rule (0 thresholds and "
    "gates, 1 largest expected Dice), threshold, smallest connected part as a share of the "
    "picture, gate, and shape to be put around what is left (0 none, 1 box, 2 hull of each "
    "part, 3 box, 4 hull of all), per class. Parts and shapes are left to the caller; "
    "`seaice-tf predict clouds` applies them."
)

TASK = Task(
    name="clouds",
    settings=Settings,
    data=Data(
        splits=splits,
        cases=cases,
        future=future,
        doctor=doctor,
    ),
    training=Training(
        build=build,
        space=space,
        serving_model=served,
        start=start,
        calibrate=calibrate,
    ),
    verification=Verification(
        score=score,
        primary="dice",
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
