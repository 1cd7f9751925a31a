"""What does the released clouds model score on held-out photos?

Each of five folds is scored by a run trained on the other four; nothing is selected on the fold.
Then the model to be released is trained on all but a tenth of the photos, which only give its
validation loss. Real data with SEAICE_TF_DATA, synthetic without; ten minutes on two cores.

Usage: python experiments/clouds_release.py
"""

import dataclasses
import shutil
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data.postprocessing import Decisions
from seaice_tf.clouds.scores import dice
from seaice_tf.clouds.settings import Settings, Texture
from seaice_tf.clouds.verification import final_masks
from seaice_tf.files import atomic
from seaice_tf.grids import bootstrap
from seaice_tf.runs import artifact, folder, train
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/clouds")
TASK = TASKS["clouds"]
INTRODUCTION = (
    "The same settings, each of five folds scored by a run trained on the other four "
    "(`experiments/clouds_release.py`)."
)
LIMITS = [
    "Trained on 405 photos whose labels are boxes, from texture on a grid of 8 x 12: outlines are",
    "coarse. A perfect classifier with a fixed mask for each class would score 0.71, so most",
    "errors are in the presence of a class, above all of Fish.",
]
RECIPE = Settings(
    network=Texture(),
    rows=320,
    columns=480,
    tta="horizontal_flip",
    class_loss_weight=1.0,
    choose="none",
    decisions=Decisions(rule="expected_dice"),
    training=Training(epochs=150, batch_size=90, optimizer="adam", learning_rate=1e-2, keep="last"),
)


def run(name: str, **changes) -> Path:
    """A complete run of the recipe, trained if it does not exist."""
    path = RUNS / name
    if not (path / folder.MANIFEST).exists():
        train.train(TASK, dataclasses.replace(RECIPE, **changes), path)
    return path


def table(path: Path, predictor) -> np.ndarray:
    """Dice of the photos of a run's test fold, by class: (n, 4)."""
    cases = TASK.data.cases(folder.open_run(path, TASK))
    return dice.table((case.truth, final_masks(predictor(case))) for case in cases)


def out_of_fold(name: str, **changes) -> list[str]:
    """Table rows: Dice of all photos, each held out from the run that scores it, and baselines."""
    folds = range(RECIPE.folds)
    paths = [run(f"{name}-{i}", validation_fold=i, test_fold=i, **changes) for i in folds]
    predictors = {name: [artifact.predictor(path) for path in paths]}
    predictors |= {
        label: [baseline] * len(paths) for label, baseline in TASK.verification.baselines.items()
    }
    rows = []
    for label, each in predictors.items():
        values = np.concatenate([table(*pair) for pair in zip(paths, each)])
        low, high = bootstrap.interval(values)
        classes = " | ".join(f"{mean:.3f}" for mean in values.mean(axis=0))
        rows.append(f"| {label} | {values.mean():.3f} ({low:.3f} to {high:.3f}) | {classes} |")
    return rows


def main() -> None:
    text = ["| | Dice (95 %) | Fish | Flower | Gravel | Sugar |", "|---|---|---|---|---|---|"]
    text += out_of_fold("texture")
    print("\n".join(text))
    path = run("candidate/released", folds=10, validation_fold=0, test_fold=0)
    title, rest = (path / "model_card.md").read_text().split("\n", 1)
    with atomic.folder(RUNS / "released") as released:
        shutil.copytree(path, released, dirs_exist_ok=True, ignore=shutil.ignore_patterns("logs"))
        card = [title, "", INTRODUCTION, "", *text, "", *LIMITS, "", "## In sample", rest]
        (released / "model_card.md").write_text("\n".join(card))
    print(f"released: {RUNS / 'released'}")


if __name__ == "__main__":
    main()
