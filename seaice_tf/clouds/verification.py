"""Masks against what was labelled, beside the baselines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seaice_tf.clouds.cases import EvaluateOptions
from seaice_tf.clouds.data.classes import SCORE_SHAPE
from seaice_tf.clouds.data.decisions import finish, from_table, propose
from seaice_tf.clouds.products import files as cloud_products
from seaice_tf.clouds.products.maps import Panel
from seaice_tf.clouds.scores import baselines as baselines_masks
from seaice_tf.clouds.scores import dice
from seaice_tf.grids import bootstrap
from seaice_tf.task import Maps, Pairs, Predictor


def final_masks(fields: Maps) -> np.ndarray:
    """Masks with small parts dropped and shapes fitted, where decisions are given: bool."""
    if "decisions" not in fields:
        return fields["masks"]
    return finish(fields["masks"], from_table(fields["decisions"]))


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """The contest's Dice (scores.dice), of each class too, and the 95 % interval of the mean."""
    values = dice.table((case.truth, final_masks(fields)) for case, fields in pairs)
    low, high = bootstrap.interval(values)
    return {**dice.scores(values), "dice_low": low, "dice_high": high}


def combine(members: Sequence[Maps]) -> dict[str, np.ndarray]:
    """Maps of several runs to those of their ensemble: the mean of all, rule and shapes of the
    first."""
    together = {
        name: np.mean([member[name] for member in members], axis=0)
        for name in ("probabilities", "chances", "decisions")
    }
    together["decisions"][[0, 4]] = members[0]["decisions"][[0, 4]]
    decisions = from_table(together["decisions"])
    masks = propose(together["probabilities"], together["chances"], decisions)
    return {**together, "masks": masks}


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """A sheet of the photos with the lowest Dice."""
    kept, values = [], []
    for case, fields in pairs:
        masks = final_masks(fields)
        values.append(dice.dice(case.truth, masks))
        kept.append((case, masks))
    worst = out / "worst.png"

    def panel(i: int) -> Panel:
        case, masks = kept[i]
        return Panel(case.name, case.context.image(), masks, case.truth)

    caption = f"{model} on {kept[0][0].context.source}"
    return [cloud_products.worst_sheet(worst, np.array(values), panel, caption)]


BASELINES: dict[str, Predictor] = {
    "all_empty": lambda case: {"masks": baselines_masks.empty(SCORE_SHAPE)},
    "mean_mask": lambda case: {"masks": case.context.mean_masks()},
}
