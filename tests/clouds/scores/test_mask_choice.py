import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from seaice_tf.clouds.data.decisions import Decisions, decide
from seaice_tf.clouds.scores import dice, mask_choice
from seaice_tf.clouds.scores.mask_choice import Grid

GRID = Grid((0.3, 0.5, 0.7), (0.0, 0.1, 0.3), ("none", "box", "one_hull"), (0.0, 0.4, 0.6))


def made_up(n=12, seed=0):
    """Rectangles, about half of them missing, seen through noise, and a classifier's guess."""
    rng = np.random.default_rng(seed)
    truths = np.zeros((n, 8, 10, 4), bool)
    for i, kind in itertools.product(range(n), range(4)):
        if rng.random() < 0.5:
            row, column = rng.integers(0, 4, 2)
            truths[i, row : row + 4, column : column + 5, kind] = True
    noise = ndimage.gaussian_filter(rng.standard_normal(truths.shape), (0, 1, 1, 0))
    chances = np.clip(truths.any(axis=(1, 2)) * 0.4 + rng.random((n, 4)) * 0.6, 0, 1)
    return np.clip(0.25 + 0.4 * truths + noise, 0, 1), chances, truths


def test_every_decision_is_scored_as_it_is_carried_out():
    probabilities, chances, truths = made_up(n=4)
    table = mask_choice.dice_table(probabilities[..., 0], truths[..., 0], GRID)
    for t, a, s in np.ndindex(table.shape[1:]):
        decisions = Decisions(
            thresholds=(GRID.thresholds[t],) * 4,
            min_areas=(GRID.min_areas[a],) * 4,
            shapes=(GRID.shapes[s],) * 4,
        )
        slow = [
            dice.dice(true, decide(p, c, decisions))[0]
            for p, c, true in zip(probabilities, chances, truths)
        ]
        np.testing.assert_allclose(table[:, t, a, s], slow)


def test_nothing_of_the_grid_is_better():
    probabilities, chances, truths = made_up()
    choice = mask_choice.choose(probabilities, chances, truths, np.arange(12) % 3, GRID)

    def score(decisions):
        pairs = zip(probabilities, chances, truths)
        return np.mean([dice.dice(true, decide(p, c, decisions)) for p, c, true in pairs], axis=0)

    best = np.full(4, -1.0)
    for t, a, s, g in itertools.product(GRID.thresholds, GRID.min_areas, GRID.shapes, GRID.gates):
        best = np.maximum(
            best, score(Decisions("thresholds", (t,) * 4, (a,) * 4, (g,) * 4, (s,) * 4))
        )
    np.testing.assert_allclose(score(choice.decisions), best)


def test_what_is_held_out_has_no_say():
    probabilities, chances, truths = made_up()
    fold = np.arange(12) % 3
    choice = mask_choice.choose(probabilities, chances, truths, fold, GRID)
    some = fold != 1
    others = mask_choice.choose(
        probabilities[some], chances[some], truths[some], np.arange(8) % 2, GRID
    )
    alone = [
        dice.dice(truths[i], decide(probabilities[i], chances[i], others.decisions))
        for i in np.flatnonzero(fold == 1)
    ]
    np.testing.assert_allclose(choice.held_out[fold == 1], alone)
    assert choice.interval()[0] <= choice.gain <= choice.interval()[1]
    assert choice.gain > 0.05


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 9999))
def test_what_is_chosen_for_an_image_is_not_changed_by_the_order_of_images(seed):
    rng = np.random.default_rng(seed)
    maps = ndimage.gaussian_filter(rng.random((4, 8, 9)), (0, 1, 1))
    maps = (maps - maps.min()) / np.ptp(maps)
    truths, order = maps + rng.normal(0, 0.2, maps.shape) > 0.6, rng.permutation(4)
    table = mask_choice.gated_table(maps, maps.max(axis=(1, 2)), truths, GRID)
    mixed = mask_choice.gated_table(maps[order], maps[order].max(axis=(1, 2)), truths[order], GRID)
    np.testing.assert_array_equal(mixed, table[order])
    assert ((table >= 0) & (table <= 1)).all()
    perfect = mask_choice.dice_table(truths.astype(float), truths, GRID)
    assert (perfect[:, :, 0, 0] == 1).all()
