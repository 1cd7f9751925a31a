"""What does the released model of the clouds score on photos that it has not seen?

Each of five folds is scored by a run trained on the other four; nothing is chosen on the fold. Then
the model to be released is trained on all but a tenth of the photos, which only draws the curve of
its validation loss. Real data with SEAICE_TF_DATA, synthetic without; ten minutes on two cores.

Usage: python experiments/clouds_release.py [FOLDER to release to]
"""

import dataclasses
import shutil
import sys
from pathlib import Path

import numpy as np

from seaice_tf.runs import artifact, folder, train
from seaice_tf.scores import bootstrap, dice
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS
from seaice_tf.tasks.clouds.settings import Settings
from seaice_tf.tasks.clouds.verification import final_masks
from seaice_tf.transforms.mask_decisions import Decisions

RUNS = Path("saved_models/clouds")
TASK = TASKS["clouds"]
RECIPE = Settings(
    network="texture",
    encoder="efficientnet_lite0",
    weights="imagenet",
    rows=320,
    columns=480,
    mirrored=2,
    chance_weight=1.0,
    choose="nothing",
    decisions=Decisions(rule="expected_dice"),
    training=Training(epochs=150, batch_size=90, optimizer="adam", learning_rate=1e-2, keep="last"),
)


def run(name: str, **changes) -> Path:
    """A complete run of the recipe; trains it if there is none."""
    path = RUNS / name
    if not (path / folder.MANIFEST).exists():
        train.train(TASK, dataclasses.replace(RECIPE, **changes), path)
    return path


def table(path: Path, predictor) -> np.ndarray:
    """Dice of the photos of a run's test fold, by class: (n, 4)."""
    cases = TASK.cases(folder.open_run(path, TASK))
    return dice.table((case.truth, final_masks(predictor(case))) for case in cases)


def out_of_fold(name: str, **changes) -> None:
    """Print the Dice of all photos, each by a run that did not see it, and the baselines'."""
    folds = range(RECIPE.folds)
    paths = [run(f"{name}-{i}", validation_fold=i, test_fold=i, **changes) for i in folds]
    predictors = {name: [artifact.predictor(path) for path in paths]}
    predictors |= {label: [dumb] * len(paths) for label, dumb in TASK.baselines.items()}
    for label, each in predictors.items():
        values = np.concatenate([table(*pair) for pair in zip(paths, each)])
        low, high = bootstrap.interval(values)
        classes = " | ".join(f"{mean:.3f}" for mean in values.mean(axis=0))
        print(f"| {label} | {values.mean():.3f} ({low:.3f} to {high:.3f}) | {classes} |")


def main(release: Path | None) -> None:
    print(
        "| out of fold | Dice (95 %) | Fish | Flower | Gravel | Sugar |\n|---|---|---|---|---|---|"
    )
    out_of_fold("texture")
    path = run("candidate", folds=10, validation_fold=0, test_fold=0)
    if release:
        shutil.copytree(path, release)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
