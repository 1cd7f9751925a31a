"""What does the released model of the clouds score on photos that it has not seen?

Each of five folds is scored by a run trained on the other four; nothing is chosen on the fold. Then
the model to be released is trained on all but a tenth of the photos, which only draws the curve of
its validation loss. Real data with SEAICE_TF_DATA, synthetic without; ten minutes on two cores.

Usage: python experiments/clouds_release.py
"""

import dataclasses
import shutil
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data.decisions import Decisions
from seaice_tf.clouds.scores import dice
from seaice_tf.clouds.settings import Settings
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
    "It learnt from 405 photos, with boxes around what people drew as masks, and sees texture on a",
    "grid of 8 x 12: its outlines are coarse. Of a perfect classifier a fixed mask for each class",
    "would score 0.71, so what it lacks is telling whether a class is there, Fish above all.",
]
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
    cases = TASK.data.cases(folder.open_run(path, TASK))
    return dice.table((case.truth, final_masks(predictor(case))) for case in cases)


def out_of_fold(name: str, **changes) -> list[str]:
    """Rows with the Dice of all photos, each by a run that did not see it, and the baselines'."""
    folds = range(RECIPE.folds)
    paths = [run(f"{name}-{i}", validation_fold=i, test_fold=i, **changes) for i in folds]
    predictors = {name: [artifact.predictor(path) for path in paths]}
    predictors |= {
        label: [dumb] * len(paths) for label, dumb in TASK.verification.baselines.items()
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
