"""Scenes to validate with, as many of each kind as there are."""

from collections.abc import Sequence

import numpy as np

from seaice_tf.icechart.data.names import SceneName

Stratum = tuple[str, int, str]


def stratum(name: SceneName, area: str) -> Stratum:
    """Ice service, season (0 is December to February) and area of a scene."""
    return name.service, name.month % 12 // 3, area


def spread(strata: Sequence[Stratum], share: float, seed: int) -> np.ndarray:
    """Which scenes are chosen: (n,) bool, of two or more at least one and not all.

    A systematic sample: of the scenes in the order of their strata, and by chance within one, every
    1 / share-th. So each service and each season has its share to less than one scene, and each
    area of a season nearly so.
    """
    number = len(strata)
    chosen = max(min(max(round(share * number), 1), number - 1), 0)
    rng = np.random.default_rng(seed)
    order = sorted(rng.permutation(number), key=lambda index: strata[index])
    places = ((np.arange(chosen) + rng.random()) * number / max(chosen, 1)).astype(int)
    return np.isin(np.arange(number), np.array(order, int)[places])
