"""From probabilities of the classes to charts that agree on where there is open water."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from seaice_tf.transforms.icechart import CHARTS, CLASSES

Uncertainty = Literal["entropy", "top"]
SMALLEST = 1e-7  # probability whose logarithm is still taken
FIELDS = tuple(f"{chart}_probabilities" for chart in CHARTS)


def decide(fields: Mapping[str, np.ndarray], agree: bool) -> dict[str, np.ndarray]:
    """Charts of the best guess.

    SIC is the rounded mean, which its score, R2, asks for; SOD and FLOE are the likeliest classes.
    Where they have to agree, all three are open water where that is more likely than not, and none
    of them is elsewhere.

    Args:
        fields: "concentration" (...) in tenths; by chart "<chart>_probabilities" (..., classes).
            Of charts that agree, the first class of each has the same probability.
        agree: whether they do.

    Returns:
        By chart the classes, (...) uint8.
    """
    first = int(agree)
    charts = {"SIC": np.clip(np.rint(fields["concentration"]), first, 10)}
    for chart in ("SOD", "FLOE"):
        charts[chart] = first + fields[f"{chart}_probabilities"][..., first:].argmax(axis=-1)
    if agree:
        water = fields["SIC_probabilities"][..., 0] > 0.5
        charts = {chart: np.where(water, 0, classes) for chart, classes in charts.items()}
    return {chart: charts[chart].astype(np.uint8) for chart in CHARTS}


def uncertainty(fields: Mapping[str, np.ndarray], kind: Uncertainty) -> np.ndarray:
    """Of each chart, 0 where one class is certain: (..., 3) float32, at most 1.

    "entropy" is that of the probabilities by the logarithm of the number of classes, 1 where all
    are alike; "top" is 1 - the largest, the chance that the likeliest class is wrong.
    """
    return np.stack([_uncertainty(fields[name], kind) for name in FIELDS], axis=-1)


def _uncertainty(chances: np.ndarray, kind: Uncertainty) -> np.ndarray:
    if kind == "top":
        return (1 - chances.max(axis=-1)).astype(np.float32)
    entropy = -(chances * np.log(np.maximum(chances, SMALLEST))).sum(axis=-1)
    return (entropy / np.log(chances.shape[-1])).astype(np.float32)


def vote(members: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Charts of several that agree, by their votes: half the votes or less make no open water.

    Among those that see ice, SIC is the rounded mean and SOD and FLOE the most frequent class, the
    lower of two.
    """
    ice = np.stack([member["SIC"] > 0 for member in members])
    water = 2 * ice.sum(axis=0) < len(members)
    total = sum(member["SIC"].astype(np.uint16) for member in members)
    result = {"SIC": np.clip(np.rint(total / np.maximum(ice.sum(axis=0), 1)), 1, 10)}
    for chart in ("SOD", "FLOE"):
        votes = [
            sum((member[chart] == kind).astype(np.uint8) for member in members)
            for kind in range(1, len(CLASSES[chart]))
        ]
        result[chart] = 1 + np.argmax(votes, axis=0)
    return {chart: np.where(water, 0, result[chart]).astype(np.uint8) for chart in CHARTS}
