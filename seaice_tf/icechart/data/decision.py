"""Charts and their uncertainty from the probabilities of the classes."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from seaice_tf.icechart.data.charts import CHARTS

SMALLEST = 1e-7  # lower bound of a probability before its logarithm
PROBABILITIES = tuple(f"{chart}_probabilities" for chart in CHARTS)
FIELDS = ("concentration", *PROBABILITIES)  # from which the charts follow
PACKED = 250  # the byte that stands for 1
ROWS = 256  # of an ensemble that are averaged at once


def decide(fields: Mapping[str, np.ndarray], consistent: bool) -> dict[str, np.ndarray]:
    """Charts of the best estimate.

    SIC is the rounded mean concentration, which maximises its score, R2; SOD and FLOE are the most
    probable classes. Consistent charts are all open water where its probability exceeds 0.5, and
    none of them is open water elsewhere.

    Args:
        fields: "concentration" (...) in tenths; "<chart>_probabilities" (..., classes) of each
            chart. For consistent charts the first class, open water, has the same probability in
            all three.
        consistent: whether the charts agree on open water.

    Returns:
        The classes of each chart, (...) uint8.
    """
    first = int(consistent)
    charts = {"SIC": np.clip(np.rint(fields["concentration"]), first, 10)}
    for chart in ("SOD", "FLOE"):
        charts[chart] = first + fields[f"{chart}_probabilities"][..., first:].argmax(axis=-1)
    if consistent:
        water = fields["SIC_probabilities"][..., 0] > 0.5
        charts = {chart: np.where(water, 0, classes) for chart, classes in charts.items()}
    return {chart: charts[chart].astype(np.uint8) for chart in CHARTS}


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Entropy of (..., classes) divided by the logarithm of the number of classes: (...)."""
    terms = probabilities * np.log(np.maximum(probabilities, SMALLEST))
    return -terms.sum(axis=-1) / np.log(probabilities.shape[-1])


def least_confidence(probabilities: np.ndarray) -> np.ndarray:
    """1 - the largest probability, the probability that the best class is wrong: (...)."""
    return 1 - probabilities.max(axis=-1)


UNCERTAINTIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "entropy": entropy,
    "least_confidence": least_confidence,
}


def uncertainty(fields: Mapping[str, np.ndarray], kind: str) -> np.ndarray:
    """Uncertainty of each chart, from 0 for a certain class to at most 1: (..., 3) float32.

    Args:
        fields: "<chart>_probabilities" (..., classes) of each chart.
        kind: one of UNCERTAINTIES.
    """
    found = np.stack([UNCERTAINTIES[kind](fields[name]) for name in PROBABILITIES], axis=-1)
    return np.clip(found, 0, 1).astype(np.float32)  # float32 sums may leave [0, 1]


def packed(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as uint8 with a resolution of 0.004.

    >>> unpacked(packed(np.array([0.0, 0.5, 1.0])))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return np.rint(values * PACKED).astype(np.uint8)


def unpacked(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as float32; uint8 are unpacked."""
    return values.astype(np.float32) / (PACKED if values.dtype == np.uint8 else 1)


def stored(values: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Values of a field as an array of the given type; fractions are packed, classes are not."""
    fraction = kind == np.uint8 and values.dtype != np.uint8
    return packed(values) if fraction else values.astype(kind, copy=False)


def ensemble_mean(
    members: Sequence[Mapping[str, np.ndarray]], consistent: bool
) -> dict[str, np.ndarray]:
    """Average the members' probabilities and derive the charts from them.

    Args:
        members: the fields of one scene, (H, W, ...), packed or not.
        consistent: whether the charts agree on open water.

    Returns:
        The same fields in the types of the first member; the uncertainty is the entropy.
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
        charts = decide(fields, consistent)
        found = {**charts, **fields, "uncertainty": uncertainty(fields, "entropy")}
        for name, values in result.items():
            values[rows] = stored(found[name], values.dtype)
    return result
