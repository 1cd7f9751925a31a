"""From probabilities of the classes to charts that agree on where there is open water."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from seaice_tf.icechart.data.charts import CHARTS

Uncertainty = Literal["entropy", "top"]
SMALLEST = 1e-7  # probability whose logarithm is still taken
CHANCES = tuple(f"{chart}_probabilities" for chart in CHARTS)
FIELDS = ("concentration", *CHANCES)  # what charts are decided by
PACKED = 250  # of a byte that stands for 1
ROWS = 256  # that several members are merged of at once


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
    return np.stack([_uncertainty(fields[name], kind) for name in CHANCES], axis=-1)


def _uncertainty(chances: np.ndarray, kind: Uncertainty) -> np.ndarray:
    if kind == "top":
        doubt = 1 - chances.max(axis=-1)
    else:
        entropy = -(chances * np.log(np.maximum(chances, SMALLEST))).sum(axis=-1)
        doubt = entropy / np.log(chances.shape[-1])
    return np.clip(doubt, 0, 1).astype(np.float32)  # a sum in float32 ends beyond either


def packed(values: np.ndarray) -> np.ndarray:
    """Values in 0 to 1 as bytes, to 0.002.

    >>> unpacked(packed(np.array([0.0, 0.5, 1.0])))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return np.rint(values * PACKED).astype(np.uint8)


def unpacked(values: np.ndarray) -> np.ndarray:
    """Values in 0 to 1 as float32, of bytes or as they are."""
    return values.astype(np.float32) / (PACKED if values.dtype == np.uint8 else 1)


def stored(values: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Values of a field as they are held in an array of this type: classes as they are."""
    fraction = kind == np.uint8 and values.dtype != np.uint8
    return packed(values) if fraction else values.astype(kind, copy=False)


def merged(members: Sequence[Mapping[str, np.ndarray]], agree: bool) -> dict[str, np.ndarray]:
    """The mean of several members' probabilities, and what it decides.

    Args:
        members: maps of one scene, packed or not, (H, W, ...).
        agree: whether the charts of all of them do.

    Returns:
        The same maps as those of the first member; uncertainty is the entropy.
    """
    first = members[0]
    names = (*CHARTS, *FIELDS, "uncertainty")
    result = {name: np.empty_like(first[name]) for name in names}
    for top in range(0, len(first["SIC"]), ROWS):
        rows = slice(top, top + ROWS)
        fields = {
            name: np.mean([unpacked(member[name][rows]) for member in members], axis=0)
            for name in FIELDS
        }
        found = {**decide(fields, agree), **fields, "uncertainty": uncertainty(fields, "entropy")}
        for name, values in result.items():
            values[rows] = stored(found[name], values.dtype)
    return result
