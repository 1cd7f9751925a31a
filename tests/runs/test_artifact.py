"""A SavedModel is a program: only that of the manifest is loaded, unless it is trusted."""

import json

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.runs import artifact, folder, manifest, predict
from seaice_tf.task import Case
from seaice_tf.tasks import TASKS


class Twice(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None, 2))])
    def serve(self, x):
        return {"y": 2 * x}


@pytest.fixture
def run(tmp_path):
    """A run with a SavedModel that gives twice its input, and the manifest of it."""
    tf.saved_model.save(Twice(), str(tmp_path / folder.SAVED_MODEL))
    facts = {"input_shape": [2], "task": "forecast"}
    facts["saved_model_sha256"] = manifest.tree_sha256(tmp_path / folder.SAVED_MODEL)
    folder.write_json(tmp_path / folder.MANIFEST, facts)
    return tmp_path


CASE = Case("a", np.ones(2, np.float32), None)


def test_the_manifest_s_own_program_is_loaded(run):
    np.testing.assert_array_equal(artifact.predictor(run)(CASE)["y"], [2, 2])


@pytest.mark.parametrize("tampered", ["another program", "one more file", "no hash"])
def test_another_program_is_loaded_only_if_trusted(run, tampered):
    if tampered == "another program":
        with (run / folder.SAVED_MODEL / "saved_model.pb").open("ab") as file:
            file.write(b"\x12\x00")  # an empty graph more
    elif tampered == "one more file":
        (run / folder.SAVED_MODEL / "assets").mkdir(exist_ok=True)
        (run / folder.SAVED_MODEL / "assets" / "a").write_text("a")
    else:
        facts = folder.read_json(run / folder.MANIFEST)
        folder.write_json(run / folder.MANIFEST, facts | {"saved_model_sha256": None})
    with pytest.raises(InputError, match=r"the program with the SHA-256 .* or add --trust"):
        artifact.predictor(run)
    if tampered != "another program":
        np.testing.assert_array_equal(artifact.predictor(run, trust=True)(CASE)["y"], [2, 2])


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_the_commands_refuse_it(run, verb, capsys, monkeypatch, tmp_path):
    folder.write_json(run / folder.SETTINGS, {})
    (run / folder.SAVED_MODEL / "more").write_text("a")
    out = tmp_path / "out"
    words = [verb, "forecast", "--run", str(run), *(["--out", str(out)] * (verb == "predict"))]
    monkeypatch.setattr(predict, "ensemble_cases", lambda *rest: None)  # they are not come to
    assert cli.main(words) == 1
    assert "the program with the SHA-256" in capsys.readouterr().err
    assert not out.exists()


RELEASED = [task for task in TASKS.values() if (folder.released(task) / folder.MANIFEST).exists()]


@pytest.mark.parametrize("task", RELEASED, ids=lambda task: task.name)
def test_released_models_are_their_manifests(task):
    run = folder.released(task)
    expected = json.loads((run / folder.MANIFEST).read_text())["saved_model_sha256"]
    assert manifest.tree_sha256(run / folder.SAVED_MODEL) == expected
    folder.open_run(run, task)
    assert "--trust" in (run / "model_card.md").read_text()
