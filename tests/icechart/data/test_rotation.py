import numpy as np
import pytest

from seaice_tf.icechart.data.charts import physical, standardise
from seaice_tf.icechart.data.rotation import VIEWS, WIND, Turn


@pytest.mark.parametrize("turn", VIEWS["all"])
def test_a_turn_can_be_taken_back(turn):
    values = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(turn.back(turn.of(values)), values)


def test_all_eight_views_differ():
    seen = {turn.of(np.arange(6).reshape(2, 3)).tobytes() for turn in VIEWS["all"]}
    assert len(seen) == 8
    assert set(VIEWS["one"]) < set(VIEWS["flips"]) < set(VIEWS["all"])


@pytest.mark.parametrize("turn", VIEWS["all"])
def test_the_wind_blows_to_where_the_pixels_went(turn):
    """An arrow drawn as two pixels, tail and head, and the wind along it."""
    values = np.zeros((5, 5, 3), np.float32)
    tail, head = (2, 1), (0, 2)  # two lines up and a sample to the right
    values[..., 0], values[..., 1] = (
        standardise(name, np.float32(wind)) for name, wind in zip(WIND, (1, 2))
    )
    values[(*tail, 2)], values[(*head, 2)] = 1, 2
    seen = turn.image(values, (*WIND, "t2m"))
    (tail,), (head,) = (np.argwhere(seen[..., 2] == n) for n in (1, 2))
    right, up = head[1] - tail[1], tail[0] - head[0]
    for i, expected in enumerate((right, up)):
        np.testing.assert_allclose(physical(WIND[i], seen[..., i]), expected, atol=1e-4)


def test_one_component_can_be_mirrored_and_no_wind_stays():
    image = np.random.default_rng(0).normal(size=(3, 2, 1)).astype(np.float32)
    turn = Turn(mirrored=True)
    up = turn.image(image, (WIND[1],))
    np.testing.assert_allclose(up, turn.of(image), atol=1e-6)
    np.testing.assert_array_equal(turn.image(image, ("t2m",)), turn.of(image))
