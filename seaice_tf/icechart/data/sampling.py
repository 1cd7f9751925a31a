"""Sampling weights that pull a training list towards the make-up of a target list.

Raking (iterative proportional fitting, Deming and Stephan 1940): the weights are multiplied by
target share / weighted share of one factor after the other until all factors fit. What is known of
the joint distribution of the target is only its margins, and a list of 20 scenes gives no more.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from seaice_tf.errors import InputError

ROUNDS = 200
Labels = Sequence[str]


def shares(labels: Labels) -> dict[str, float]:
    """Share of each label, in alphabetical order.

    >>> shares(["cis", "dmi", "dmi", "dmi"])
    {'cis': 0.25, 'dmi': 0.75}
    """
    names, counts = np.unique(np.asarray(labels), return_counts=True)
    return {str(n): float(c / len(labels)) for n, c in zip(names, counts)}


def membership(labels: Labels) -> tuple[list[str], np.ndarray]:
    """The labels there are, and to which each scene belongs: (scenes, labels) of 0 and 1."""
    kinds, index = np.unique(np.asarray(labels), return_inverse=True)
    return [str(kind) for kind in kinds], np.eye(kinds.size)[index]


def rake(
    factors: Mapping[str, tuple[Sequence[str], np.ndarray]],
    targets: Mapping[str, Mapping[str, float]],
    *,
    bound: float = 10.0,
    keep: float = 0.1,
) -> np.ndarray:
    """Weights of the scenes, mean 1.

    Args:
        factors: by name, the labels of a factor and the membership of each scene, (scenes,
            labels) with rows that add up to 1: of 0 and 1 for an area or a month, shares of pixels
            for ice classes. Leave a factor out to switch it off; none gives equal weights.
        targets: by the same names, the share of each label in the target. A label that no scene
            has cannot be reached; the others share what is its.
        bound: weights stay within 1 / bound to bound.
        keep: share of the training list's own make-up in what is aimed at, in [0, 1], so that no
            label dies out because a short target list happens to lack it.

    Returns:
        (scenes,) float64.

    Raises:
        InputError: no label of a target occurs among the scenes, or the bound is below 1.
    """
    if not factors:
        raise InputError("weights: expected at least one factor, got none; name one")
    if bound < 1 or not 0 <= keep <= 1:
        raise InputError(
            f"weights: expected a bound of at least 1 and keep from 0 to 1, got {bound} and "
            f"{keep}; use 10 and 0.1"
        )
    number = len(next(iter(factors.values()))[1])
    aims = {
        name: _aim(name, kinds, members, targets[name], keep)
        for name, (kinds, members) in factors.items()
    }
    weights = np.ones(number)
    for _ in range(ROUNDS):
        before = weights
        for name, (_, members) in factors.items():
            present = weights @ members / weights.sum()
            ratio = np.divide(aims[name], present, out=np.ones_like(present), where=present > 0)
            weights = weights * (members @ ratio)
        weights = bounded(weights, bound)
        if np.abs(weights - before).max() < 1e-9:
            break
    return weights


def bounded(weights: np.ndarray, bound: float) -> np.ndarray:
    """Weights with mean 1, within 1 / bound to bound, in the proportions given where they can be.

    >>> bounded(np.array([1.0, 1.0, 100.0]), 2.0)
    array([0.5, 0.5, 2. ])
    """
    weights = np.maximum(weights, 1e-12 * weights.max())
    low, high = np.log(weights.min() / bound) - 1, np.log(weights.max() * bound) + 1
    for _ in range(100):  # bisection: the mean of the clipped weights rises with their scale
        middle = (low + high) / 2
        if np.clip(weights / np.exp(middle), 1 / bound, bound).mean() > 1:
            low = middle
        else:
            high = middle
    return np.clip(weights / np.exp(high), 1 / bound, bound)


def effective_number(weights: np.ndarray) -> float:
    """How many equally weighted scenes would vary as little (Kish): between 1 and all."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def distance(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Total variation distance of two sets of shares: 0 for equal ones, 1 for disjoint ones.

    >>> distance({"cis": 0.5, "dmi": 0.5}, {"dmi": 1.0})
    0.5
    """
    kinds = set(first) | set(second)
    return sum(abs(first.get(kind, 0) - second.get(kind, 0)) for kind in kinds) / 2


def weighted_shares(
    kinds: Sequence[str], members: np.ndarray, weights: np.ndarray
) -> dict[str, float]:
    """Share of each label once the scenes are drawn by their weights."""
    present = weights @ members / weights.sum()
    return {kind: float(share) for kind, share in zip(kinds, present)}


def _aim(name: str, kinds: Sequence[str], members: np.ndarray, target: Mapping, keep: float):
    wanted = np.array([target.get(kind, 0.0) for kind in kinds])
    if wanted.sum() <= 0:
        raise InputError(
            f"weights: expected scenes with {name} {', '.join(sorted(target))}, got only "
            f"{', '.join(kinds)}; leave the factor {name} out"
        )
    return (1 - keep) * wanted / wanted.sum() + keep * members.mean(axis=0)
