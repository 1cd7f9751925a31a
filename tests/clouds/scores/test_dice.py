import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from seaice_tf.clouds.scores import dice

MASKS = arrays(bool, (2, 3, 2, 4))


def slow(true, pred):
    """The competition's definition, pixel by pixel."""
    result = np.empty((len(true), 4))
    for i in range(len(true)):
        for kind in range(4):
            x = {(r, c) for r in range(3) for c in range(2) if pred[i, r, c, kind]}
            y = {(r, c) for r in range(3) for c in range(2) if true[i, r, c, kind]}
            result[i, kind] = 2 * len(x & y) / (len(x) + len(y)) if x or y else 1
    return result


@given(MASKS, MASKS)
def test_dice_equals_a_loop_over_pixels(true, pred):
    np.testing.assert_allclose(dice.dice(true, pred), slow(true, pred))
    np.testing.assert_array_equal(dice.table(zip(true, pred)), dice.dice(true, pred))


def test_a_hand_drawn_case():
    true, pred = np.zeros((2, 2, 3, 4), bool)
    true[0, :, 0] = pred[0, 0, 0] = True  # three pixels against one of them
    true[:, :, 1] = True  # missed
    pred[1, :, 2] = True  # a false alarm
    values = dice.table([(true, pred)])
    np.testing.assert_allclose(values, [[0.5, 0, 0, 1]])
    assert dice.scores(values) == {
        "dice": 0.375,
        "dice_fish": 0.5,
        "dice_flower": 0,
        "dice_gravel": 0,
        "dice_sugar": 1,
    }
