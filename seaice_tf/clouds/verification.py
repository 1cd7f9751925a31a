"""Verification: Dice of predicted masks, ensembles and baselines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seaice_tf.clouds.cases import EvaluateOptions
from seaice_tf.clouds.data.labels import SCORE_SHAPE
from seaice_tf.clouds.data.postprocessing import binarise, from_array, refine
from seaice_tf.clouds.products import plots
from seaice_tf.clouds.products.plots import Panel
from seaice_tf.clouds.scores import baselines, dice
from seaice_tf.grids import bootstrap
from seaice_tf.task import Case, Maps, Pairs, Predictor


def final_masks(fields: Maps) -> np.ndarray:
    """Masks (350, 525, 4) bool after the post-processing steps that the SavedModel leaves out."""
    if "decisions" not in fields:  # of a baseline
        return fields["masks"]
    return refine(fields["masks"], from_array(fields["decisions"]))


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """Mean Dice (`scores.dice`), overall and by class, with the 95 % interval of the overall mean.

    Args:
        pairs: cases with truth, and their predictions.
        options: of `evaluate`.

    Returns:
        Scores by name.
    """
    values = dice.table((case.truth, final_masks(fields)) for case, fields in pairs)
    low, high = bootstrap.interval(values)
    return {**dice.scores(values), "dice_low": low, "dice_high": high}


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """Ensemble mean of probabilities and decisions; rule and shapes are those of the first member.

    Args:
        members: maps of several runs for one case.

    Returns:
        Maps of the ensemble.
    """
    mean = {
        name: np.mean([member[name] for member in members], axis=0)
        for name in ("probabilities", "class_probabilities", "decisions")
    }
    mean["decisions"][[0, 4]] = members[0]["decisions"][[0, 4]]
    decisions = from_array(mean["decisions"])
    masks = binarise(mean["probabilities"], mean["class_probabilities"], decisions)
    return {**mean, "masks": masks}


def panel(case: Case, fields: Maps) -> Panel:
    """The photo of a case with its final masks, to be plotted."""
    return Panel(case.name, case.context.image(), final_masks(fields), case.truth)


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """Write a contact sheet of the photos with the lowest Dice."""
    kept, values = [], []
    for case, fields in pairs:
        masks = final_masks(fields)
        values.append(dice.dice(case.truth, masks))
        kept.append((case, {"masks": masks}))
    caption = f"{model} on {kept[0][0].context.source}"
    return [
        plots.write_worst(out / "worst.png", np.array(values), lambda i: panel(*kept[i]), caption)
    ]


BASELINES: dict[str, Predictor] = {
    "all_empty": lambda case: {"masks": baselines.empty(SCORE_SHAPE)},
    "mean_mask": lambda case: {"masks": case.context.mean_masks()},
}

MEANING = {"dice": "Dice coefficient of the masks, mean over photos and classes, 0 to 1"}
