"""Ensembles of sea-ice concentration, reduced to the maps that are handed over."""

import numpy as np

from seaice_tf.grids.counts import EDGE


def probability_of_ice(members: np.ndarray) -> np.ndarray:
    """Share of the members with at least 15 % ice: fractions (members, ...) -> (...)."""
    return (members >= EDGE).mean(axis=0)


def summary(members: np.ndarray) -> dict[str, np.ndarray]:
    """Mean, spread and odds of the members (m, ...), by the names under which they are written.

    Returns:
        concentration, the mean; spread, with m - 1 below, 0 for one member; and
        probability of ice: (...) each.
    """
    deviation = members.std(axis=0, ddof=1) if len(members) > 1 else np.zeros(members.shape[1:])
    return {
        "concentration": members.mean(axis=0),
        "spread": deviation,
        "probability": probability_of_ice(members),
    }


def mixture(
    concentration: np.ndarray, spread: np.ndarray, probability: np.ndarray
) -> dict[str, np.ndarray]:
    """Spread and odds of a forecast that is one of the members (m, ...), each as likely.

    Its variance is the mean of the members' own, and the variance between them.
    """
    between = concentration.var(axis=0)
    return {
        "spread": np.sqrt((spread**2).mean(axis=0) + between),
        "probability": probability.mean(axis=0),
    }
