import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.models import weights
from seaice_tf.models.unet import unet


def model(filters=(2, 3), seed=0):
    network = unet((8, 8, 1), {"y": (1, None)}, filters=filters)
    rng = np.random.default_rng(seed)
    network.set_weights([rng.random(w.shape) for w in network.get_weights()])
    return network


def test_weights_move_by_name(tmp_path):
    source, target = model(), model(seed=1)
    weights.save(tmp_path / "w.npz", source)
    weights.load(tmp_path / "w.npz", target)
    for a, b in zip(source.get_weights(), target.get_weights()):
        np.testing.assert_array_equal(a, b)
    with np.load(tmp_path / "w.npz") as stored:
        assert {"down0_conv1/kernel", "up0_norm2/moving_variance", "y/bias"} <= set(stored.files)


def test_weights_of_another_shape_change_nothing(tmp_path):
    weights.save(tmp_path / "w.npz", model(filters=(2, 4), seed=1))
    target = model()
    before = target.get_weights()
    with pytest.raises(InputError, match="expected shape"):
        weights.load(tmp_path / "w.npz", target)
    assert all((a == b).all() for a, b in zip(before, target.get_weights()))


def test_weights_of_other_layers_are_an_error(tmp_path):
    weights.save(tmp_path / "w.npz", model(filters=(2,)))
    with pytest.raises(InputError, match="got other layers"):
        weights.load(tmp_path / "w.npz", model())


def test_nothing_is_unpickled(tmp_path):
    names = weights.named_weights(model())
    np.savez(tmp_path / "w.npz", **{name: np.array([{}], dtype=object) for name in names})
    with pytest.raises(InputError, match="allow_pickle"):
        weights.load(tmp_path / "w.npz", model())
