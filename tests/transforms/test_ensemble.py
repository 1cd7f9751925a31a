import numpy as np

from seaice_tf.transforms import ensemble


def test_a_hand_drawn_ensemble():
    members = np.array([[0.0, 0.15, 1.0], [0.2, 0.15, 1.0]])
    result = ensemble.summary(members)
    np.testing.assert_allclose(result["concentration"], [0.1, 0.15, 1])
    np.testing.assert_allclose(result["spread"], [0.2 / np.sqrt(2), 0, 0])
    np.testing.assert_allclose(result["probability"], [0.5, 1, 1])


def test_one_member_is_sure():
    member = np.random.default_rng(0).random((1, 3, 4))
    result = ensemble.summary(member)
    np.testing.assert_array_equal(result["concentration"], member[0])
    assert not result["spread"].any()
    assert set(np.unique(result["probability"])) <= {0, 1}
