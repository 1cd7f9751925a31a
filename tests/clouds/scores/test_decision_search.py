import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from seaice_tf.clouds.data import postprocessing
from seaice_tf.clouds.data.postprocessing import Decisions
from seaice_tf.clouds.scores import decision_search, dice
from seaice_tf.clouds.scores.decision_search import Grid

GRID = Grid((0.3, 0.5, 0.7), (0.0, 0.1, 0.3), ("none", "box", "one_hull"), (0.0, 0.4, 0.6))


def scene(n=12, seed=0):
    """Noisy probabilities of rectangles, about half of them absent, and class probabilities."""
    rng = np.random.default_rng(seed)
    truths = np.zeros((n, 8, 10, 4), bool)
    for i, kind in itertools.product(range(n), range(4)):
        if rng.random() < 0.5:
            row, column = rng.integers(0, 4, 2)
            truths[i, row : row + 4, column : column + 5, kind] = True
    noise = ndimage.gaussian_filter(rng.standard_normal(truths.shape), (0, 1, 1, 0))
    class_probabilities = np.clip(truths.any(axis=(1, 2)) * 0.4 + rng.random((n, 4)) * 0.6, 0, 1)
    return np.clip(0.25 + 0.4 * truths + noise, 0, 1), class_probabilities, truths


def test_the_table_equals_scoring_each_decision():
    probabilities, class_probabilities, truths = scene(n=4)
    table = decision_search.dice_table(probabilities[..., 0], truths[..., 0], GRID)
    for t, a, s in np.ndindex(table.shape[1:]):
        decisions = Decisions(
            thresholds=(GRID.thresholds[t],) * 4,
            min_areas=(GRID.min_areas[a],) * 4,
            shapes=(GRID.shapes[s],) * 4,
        )
        slow = [
            dice.dice(true, postprocessing.masks(p, c, decisions))[0]
            for p, c, true in zip(probabilities, class_probabilities, truths)
        ]
        np.testing.assert_allclose(table[:, t, a, s], slow)


def test_no_other_decision_of_the_grid_is_better():
    probabilities, class_probabilities, truths = scene()
    result = decision_search.search(
        probabilities, class_probabilities, truths, np.arange(12) % 3, GRID
    )

    def score(decisions):
        pairs = zip(probabilities, class_probabilities, truths)
        return np.mean(
            [dice.dice(true, postprocessing.masks(p, c, decisions)) for p, c, true in pairs], axis=0
        )

    best = np.full(4, -1.0)
    for t, a, s, g in itertools.product(GRID.thresholds, GRID.min_areas, GRID.shapes, GRID.gates):
        best = np.maximum(
            best, score(Decisions("thresholds", (t,) * 4, (a,) * 4, (g,) * 4, (s,) * 4))
        )
    np.testing.assert_allclose(score(result.decisions), best)


def test_held_out_images_do_not_influence_their_decisions():
    probabilities, class_probabilities, truths = scene()
    fold = np.arange(12) % 3
    result = decision_search.search(probabilities, class_probabilities, truths, fold, GRID)
    some = fold != 1
    others = decision_search.search(
        probabilities[some], class_probabilities[some], truths[some], np.arange(8) % 2, GRID
    )
    alone = [
        dice.dice(
            truths[i],
            postprocessing.masks(probabilities[i], class_probabilities[i], others.decisions),
        )
        for i in np.flatnonzero(fold == 1)
    ]
    np.testing.assert_allclose(result.held_out[fold == 1], alone)
    assert result.interval()[0] <= result.gain <= result.interval()[1]
    assert result.gain > 0.05


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 9999))
def test_the_table_does_not_depend_on_the_order_of_images(seed):
    rng = np.random.default_rng(seed)
    maps = ndimage.gaussian_filter(rng.random((4, 8, 9)), (0, 1, 1))
    maps = (maps - maps.min()) / np.ptp(maps)
    truths, order = maps + rng.normal(0, 0.2, maps.shape) > 0.6, rng.permutation(4)
    table = decision_search.gated_table(maps, maps.max(axis=(1, 2)), truths, GRID)
    mixed = decision_search.gated_table(
        maps[order], maps[order].max(axis=(1, 2)), truths[order], GRID
    )
    np.testing.assert_array_equal(mixed, table[order])
    assert ((table >= 0) & (table <= 1)).all()
    perfect = decision_search.dice_table(truths.astype(float), truths, GRID)
    assert (perfect[:, :, 0, 0] == 1).all()
