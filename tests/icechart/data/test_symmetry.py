import numpy as np
import pytest

from seaice_tf.icechart.data.charts import physical, standardise
from seaice_tf.icechart.data.symmetry import TTA, WIND, Symmetry


@pytest.mark.parametrize("symmetry", TTA["d4"])
def test_a_symmetry_can_be_inverted(symmetry):
    values = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(symmetry.invert(symmetry.apply(values)), values)


def test_all_eight_symmetries_differ():
    results = {symmetry.apply(np.arange(6).reshape(2, 3)).tobytes() for symmetry in TTA["d4"]}
    assert len(results) == 8
    assert set(TTA["none"]) < set(TTA["flips"]) < set(TTA["d4"])


@pytest.mark.parametrize("symmetry", TTA["d4"])
def test_the_wind_vector_moves_with_the_pixels(symmetry):
    """Two pixels mark tail and head of an arrow, along which the wind blows."""
    values = np.zeros((5, 5, 3), np.float32)
    tail, head = (2, 1), (0, 2)  # two lines up and a sample to the right
    values[..., 0], values[..., 1] = (
        standardise(name, np.float32(wind)) for name, wind in zip(WIND, (1, 2))
    )
    values[(*tail, 2)], values[(*head, 2)] = 1, 2
    result = symmetry.apply_to_channels(values, (*WIND, "t2m"))
    (tail,), (head,) = (np.argwhere(result[..., 2] == n) for n in (1, 2))
    right, up = head[1] - tail[1], tail[0] - head[0]
    for i, expected in enumerate((right, up)):
        np.testing.assert_allclose(physical(WIND[i], result[..., i]), expected, atol=1e-4)


def test_one_wind_component_can_be_flipped_and_none_needs_no_change():
    image = np.random.default_rng(0).normal(size=(3, 2, 1)).astype(np.float32)
    symmetry = Symmetry(flip=True)
    up = symmetry.apply_to_channels(image, (WIND[1],))
    np.testing.assert_allclose(up, symmetry.apply(image), atol=1e-6)
    np.testing.assert_array_equal(
        symmetry.apply_to_channels(image, ("t2m",)), symmetry.apply(image)
    )
