"""Files of a newer version are refused by one line that says so."""

import json

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.networks import weights
from seaice_tf.runs import checkpoint, folder
from seaice_tf.tasks import TASKS


@pytest.mark.parametrize("number", [2, "1", None, 0])
def test_a_manifest_with_another_format(number, tmp_path):
    folder.write_json(tmp_path / folder.MANIFEST, {"task": "clouds", "format": number})
    with pytest.raises(InputError, match=r"manifest\.json: expected format 1.* update seaice_tf"):
        folder.open_run(tmp_path, TASKS["clouds"])


def test_settings_with_an_unknown_key(tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({"quantum": True}))
    with pytest.raises(InputError, match=r"got 'quantum'; .* a newer version wrote it, update"):
        settings_file.read(tmp_path / "s.json", TASKS["clouds"].settings)


def test_weights_with_another_format(tmp_path):
    np.savez(tmp_path / "w.npz", a=np.ones(2), format=np.array(2))
    with pytest.raises(InputError, match=r"expected format 1, got 2, .* update seaice_tf"):
        weights.read_npz(tmp_path / "w.npz")
    np.savez(tmp_path / "w.npz", a=np.ones(2), format=np.array(1))
    assert list(weights.read_npz(tmp_path / "w.npz")) == ["a"]


@pytest.mark.parametrize("change", ["a field more", "a variable less", "another shape"])
def test_a_checkpoint_of_another_version(change, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    path = tmp_path / folder.CHECKPOINT
    checkpoint.save(path, model, checkpoint.State(step=1))
    with np.load(path, allow_pickle=False) as held:
        arrays = dict(held)
    if change == "a field more":
        arrays["state"] = np.array(json.dumps({"step": 1, "phase": "second"}))
    elif change == "a variable less":
        del arrays["v1"]
    else:
        arrays["v0"] = np.ones((9, 9), np.float32)
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=r"expected the checkpoint of .* that wrote it"):
        checkpoint.restore(path, model)
