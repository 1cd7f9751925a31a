import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.networks import weights
from seaice_tf.networks.unet import unet


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
    with pytest.raises(InputError, match="Python objects"):
        weights.load(tmp_path / "w.npz", model())


DAMAGE = {
    "short": lambda content: content[:-40],
    "changed": lambda content: content[:200] + b"?" + content[201:],
    "other": lambda content: b"no zip",
    "empty": lambda content: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_one_clear_error(tmp_path, damage):
    np.savez(tmp_path / "w.npz", a=np.zeros(99))
    (tmp_path / "w.npz").write_bytes(damage((tmp_path / "w.npz").read_bytes()))
    with pytest.raises(InputError, match=r"expected an (npz file|array 'a')"):
        weights.read_npz(tmp_path / "w.npz")


def test_a_deeper_network_takes_what_fits_and_says_so(tmp_path):
    shallow, deep = model(filters=(2, 3), seed=1), model(filters=(2, 3, 4))
    weights.save(tmp_path / "w.npz", shallow)
    report = weights.transfer(tmp_path / "w.npz", deep)
    given, held = weights.named_weights(shallow), weights.named_weights(deep)
    for name in report["taken"]:
        np.testing.assert_array_equal(held[name].numpy(), given[name].numpy())
    assert "down1_conv2/kernel" in report["taken"]
    assert report["other_shape"] == []
    assert report["unused"] == []
    assert {"down2_conv1/kernel", "up1_conv1/kernel"} <= set(report["not_there"])
    assert {*report["taken"], *report["not_there"]} == set(held)


def test_a_transfer_of_nothing_is_an_error(tmp_path):
    np.savez(tmp_path / "w.npz", other=np.zeros(1))
    with pytest.raises(InputError, match="none of its names"):
        weights.transfer(tmp_path / "w.npz", model())
    with pytest.raises(InputError, match="got none; name its folder"):
        weights.transfer(tmp_path / "none.npz", model())


def test_weights_of_older_layer_names_are_loaded_and_transferred(tmp_path, monkeypatch):
    source, target, other = model(), model(seed=1), model(seed=2)
    weights.save(tmp_path / "w.npz", source)
    with np.load(tmp_path / "w.npz") as stored:
        older = {name.replace("y/", "told/"): stored[name] for name in stored.files}
    np.savez(tmp_path / "older.npz", **older)
    monkeypatch.setattr(weights, "RENAMED", {"told": "y"})
    weights.load(tmp_path / "older.npz", target)
    assert not weights.transfer(tmp_path / "older.npz", other)["unused"]
    for a, *rest in zip(source.get_weights(), target.get_weights(), other.get_weights()):
        for b in rest:
            np.testing.assert_array_equal(a, b)


def test_input_channels_are_transferred_by_name(tmp_path):
    def network(seed, channels=3):
        built = unet((8, 8, channels), {"y": (1, None)}, filters=(2, 3))
        rng = np.random.default_rng(seed)
        built.set_weights([rng.random(w.shape) for w in built.get_weights()])
        return built

    source, target, other = network(0), network(1), network(2, channels=4)
    weights.save(tmp_path / "w.npz", source)
    image = np.random.default_rng(3).random((1, 8, 8, 3)).astype("float32")  # of a, b, c
    report = weights.transfer(tmp_path / "w.npz", target, "abc", "cab")
    assert report["by_channel"] == ["down0_conv1/kernel"]
    expected = source(image)["y"].numpy()
    np.testing.assert_allclose(target(image[..., [2, 0, 1]])["y"], expected, rtol=1e-5)
    own = weights.named_weights(other)["down0_conv1/kernel"].numpy()
    report = weights.transfer(tmp_path / "w.npz", other, "abc", "dbxa")
    assert "down0_conv1/kernel" in report["taken"]
    given = weights.named_weights(source)["down0_conv1/kernel"].numpy()
    set_now = weights.named_weights(other)["down0_conv1/kernel"].numpy()
    np.testing.assert_array_equal(set_now[:, :, [1, 3]], given[:, :, [1, 0]])
    np.testing.assert_array_equal(set_now[:, :, [0, 2]], own[:, :, [0, 2]])


def test_weights_of_unknown_channels_are_not_taken(tmp_path):
    source, target = model(seed=1), model()
    weights.save(tmp_path / "w.npz", source)
    report = weights.transfer(tmp_path / "w.npz", target, "ab", "a")  # the file has one channel
    assert "down0_conv1/kernel" in report["not_there"]
    assert "down0_norm1/gamma" in report["taken"]
