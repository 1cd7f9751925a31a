"""Runs in MLflow: what is kept there, and that its loss costs a run a warning."""

import socket
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.runs import folder, track
from seaice_tf.settings import Training


@dataclass(frozen=True)
class Line:
    units: int = 3
    training: Training = field(default_factory=lambda: Training(epochs=2))


RESULT = {
    "primary": "error",
    "scores": {"error": 1.5, "by/none": np.nan},
    "baselines": {"mean": {"error": 2.0, "other": 1.0}},
    "skill": 0.25,
}


@pytest.fixture
def mlflow():
    return pytest.importorskip("mlflow", reason="no MLflow: pip install '.[mlflow]'")


@pytest.fixture
def store(mlflow, tmp_path, monkeypatch):
    """A client of a store in files, the fastest to make."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    return mlflow.MlflowClient()


def trained(run, epochs=(0, 1)):
    """What train sends, without the training."""
    with track.tracked("mlflow", "line", run.name, folder.partial(run)) as tracker:
        tracker(track.settings(Line()))
        curves = track.Curves(tracker)
        curves.set_model(
            SimpleNamespace(optimizer=SimpleNamespace(learning_rate=tf.constant(0.125)))
        )
        folder.partial(run).mkdir(parents=True, exist_ok=True)
        for epoch in epochs:
            curves.on_epoch_end(epoch, {"loss": 2.0 - epoch, "val_loss": 3.0 - epoch})
            if epoch == 0 and len(epochs) == 1:
                raise KeyboardInterrupt
        run.mkdir()
        (run / "model_card.md").write_text("a card")
        tracker(track.scores(RESULT, epochs[-1]))
        tracker(track.files(run))


def kept(store):
    (experiment,) = (e for e in store.search_experiments() if e.name == "line")
    return store.search_runs([experiment.experiment_id])


def test_settings_curves_scores_and_files_are_kept(store, tmp_path):
    trained(tmp_path / "first")
    (run,) = kept(store)
    assert run.info.run_name == "first"
    assert run.info.status == "FINISHED"
    assert run.data.params["units"] == "3"
    assert run.data.params["training/epochs"] == "2"
    wanted = {"scores/error": 1.5, "baselines/mean": 2.0, "skill": 0.25, "epoch/loss": 1.0}
    assert wanted.items() <= run.data.metrics.items()
    assert "scores/by/none" not in run.data.metrics
    curve = store.get_metric_history(run.info.run_id, "epoch/val_loss")
    assert [(point.step, point.value) for point in curve] == [(0, 3.0), (1, 2.0)]
    assert [each.path for each in store.list_artifacts(run.info.run_id)] == ["model_card.md"]


def test_a_run_that_goes_on_is_the_same_run_there(store, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "run", epochs=(0,))
    assert [run.info.status for run in kept(store)] == ["KILLED"]
    trained(tmp_path / "run", epochs=(0, 1))
    (run,) = kept(store)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["epoch/loss"] == 1.0


@pytest.fixture
def server(mlflow, monkeypatch):
    """An address where something listens and never answers; closed, nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{host}:{port}")
        yield listening


@pytest.mark.parametrize("silent", [True, False])
def test_a_lost_server_costs_a_warning(server, silent, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(track, "WAIT", 1.0 if silent else 60.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    if not silent:
        server.close()
    trained(tmp_path / "run")
    assert (tmp_path / "run" / "model_card.md").exists()
    error = capsys.readouterr().err
    assert error.count("warning: --track mlflow: ") == 1
    assert error.count("\n") == 1


def test_a_run_that_never_began_is_not_kept(store, tmp_path):
    with (
        pytest.raises(InputError, match="no data"),
        track.tracked("mlflow", "line", "run", tmp_path),
    ):
        raise InputError("no data")
    assert [e.name for e in store.search_experiments() if e.name == "line"] == []


def test_without_mlflow_the_error_names_the_install_line(tmp_path, monkeypatch):
    monkeypatch.setattr(track.importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(InputError, match=r"pip install 'seaice_tf\[mlflow\]'"),
        track.tracked("mlflow", "line", "run", tmp_path),
    ):
        pass


def test_a_sweep_without_mlflow_does_not_begin(tmp_path, monkeypatch, capsys):
    nowhere = SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: None))
    monkeypatch.setattr(track, "importlib", nowhere)
    words = ["tune", "forecast", "--run", str(tmp_path / "sweep"), "--track", "mlflow"]
    assert cli.main(words) == 1
    assert "pip install 'seaice_tf[mlflow]'" in capsys.readouterr().err
    assert not (tmp_path / "sweep").exists()


def test_untracked_nothing_is_sent(tmp_path):
    with track.tracked(None, "line", "run", tmp_path) as tracker:
        assert tracker is track.no_tracker
