"""A model of single pixels."""

import numpy as np

from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES


def pointwise(batch):
    """Fields that depend on single pixels, so that tiles do not change them."""
    first = np.asarray(batch)[..., 0]
    fields = {"concentration": np.clip(5 + 3 * first, 0, 10)}
    water = (1 / (1 + np.exp(first)))[..., None]
    for chart in CHARTS:
        exponentials = np.exp(first[..., None] * np.arange(1, len(CLASSES[chart])) / 3)
        ice = exponentials / exponentials.sum(axis=-1, keepdims=True)
        fields[f"{chart}_probabilities"] = np.concatenate([water, (1 - water) * ice], axis=-1)
    uncertainty = decision.uncertainty(fields, "entropy")
    return {**decision.decide(fields, True), **fields, "uncertainty": uncertainty}
