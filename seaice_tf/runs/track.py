"""Settings, learning curves, scores and files of a run in MLflow, beside TensorBoard.

Everything is sent from a thread of its own. A server that is slow, unreachable or failing costs a
run one warning, and at most WAIT seconds at its end.
"""

import contextlib
import importlib.util
import json
import logging
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.runs import folder

Kind = Literal["mlflow"] | None
Call = Callable[[Any, str], None]  # (MLflow client, run id) -> None
Tracker = Callable[[Call], None]
STATE = "mlflow.json"  # in the folder of the run, so that a resumed run is the same one in MLflow
WAIT = 60.0  # seconds to wait for a server
LOCAL = ("sqlite:", "file:")  # stores without a server, which are always waited for
BATCH = 100  # parameters or metrics per request
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds, by default 120
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # by default 7, over minutes
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def no_tracker(call: Call) -> None:
    """A tracker that sends nothing."""


@contextlib.contextmanager
def tracked(kind: Kind, task: str, name: str, path: Path) -> Iterator[Tracker]:
    """A context with a tracker, whose end sets the status of the run in MLflow.

    The server or store is that of MLFLOW_TRACKING_URI, by default MLflow's own local store.

    Args:
        kind: "mlflow", or None for `no_tracker`.
        task: name of the experiment, unless MLFLOW_EXPERIMENT_NAME is set.
        name: of the run in MLflow.
        path: folder in which the run is being trained.

    Raises:
        InputError: MLflow is not installed.
    """
    if kind is None:
        yield no_tracker
        return
    require(kind)
    sender, status = Sender(task, name, path), "FAILED"
    try:
        yield sender.send
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        sender.end(status)


def require(kind: Kind) -> None:
    """Raise an InputError if MLflow is requested and not installed."""
    if kind and importlib.util.find_spec("mlflow") is None:
        raise InputError(
            "--track mlflow: expected MLflow, got none; install it with "
            "pip install 'seaice_tf[mlflow]'"
        )


class Sender:
    """A queue of calls to MLflow, made one by one in a thread until one fails."""

    def __init__(self, task: str, name: str, path: Path):
        self.task, self.name, self.path = task, name, path
        self.calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.gave_up = False

    def send(self, call: Call) -> None:
        """Queue a call."""
        self.calls.put(call)
        if self.thread.ident is None:
            self.thread.start()

    def end(self, status: str) -> None:
        """Set the status and wait until the queue is empty; nothing if no call was ever sent."""
        if self.thread.ident is None:
            return
        self.calls.put(lambda client, run_id: client.set_terminated(run_id, status))
        self.calls.put(None)
        store = os.environ.get("MLFLOW_TRACKING_URI", LOCAL[0])
        self.thread.join(None if store.startswith(LOCAL) else WAIT)
        if self.thread.is_alive():
            self.gave_up = True
            _warn(f"no answer in {WAIT:.0f} s")

    def _work(self) -> None:
        try:
            client, run_id = _connect(self.task, self.name, self.path)
            while call := self.calls.get():
                call(client, run_id)
        except Exception as error:  # whatever fails there, the run continues
            if not self.gave_up:
                _warn(" ".join(str(error).split())[:200])


def _warn(text: str) -> None:
    print(f"warning: --track mlflow: {text}; the run continues untracked", file=sys.stderr)


def _connect(task: str, name: str, path: Path) -> tuple[Any, str]:
    """MLflow's client, and the id of a new run, or of the one to resume."""
    for variable, value in DEFAULTS.items():
        os.environ.setdefault(variable, value)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # it logs every retry
    from mlflow import MlflowClient

    client, state = MlflowClient(), path / STATE
    if state.exists():
        stored = json.loads(state.read_text())
        if stored["uri"] == client.tracking_uri:
            client.update_run(stored["run"], status="RUNNING")
            return client, stored["run"]
    title = os.environ.get("MLFLOW_EXPERIMENT_NAME", task)
    experiment = client.get_experiment_by_name(title)
    number = experiment.experiment_id if experiment else client.create_experiment(title)
    run_id = client.create_run(number, run_name=name).info.run_id
    state.parent.mkdir(parents=True, exist_ok=True)
    folder.write_json(state, {"uri": client.tracking_uri, "run": run_id})
    return client, run_id


def settings(values: Any) -> Call:
    """The settings of a run as parameters; those of records within as "record/name"."""
    flat = _flat(json.loads(settings_file.to_json(values)))

    def call(client, run_id):
        from mlflow.entities import Param

        parameters = [Param(name, str(value)) for name, value in flat.items()]
        for first in range(0, len(parameters), BATCH):
            client.log_batch(run_id, params=parameters[first : first + BATCH])

    return call


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{name}/") if isinstance(value, dict) else {prefix + name: value}
    return flat


def metrics(values: Mapping[str, float], step: int) -> Call:
    """The finite ones of some numbers as metrics at a step."""
    now = int(1000 * time.time())
    finite = {name: value for name, value in values.items() if math.isfinite(value)}

    def call(client, run_id):
        from mlflow.entities import Metric

        entries = [Metric(name, value, now, step) for name, value in finite.items()]
        for first in range(0, len(entries), BATCH):
            client.log_batch(run_id, metrics=entries[first : first + BATCH])

    return call


def scores(result: Mapping[str, Any], step: int) -> Call:
    """All scores of a run, the primary score of the baselines, and the skill."""
    primary = result["primary"]
    values = {f"scores/{name}": value for name, value in result["scores"].items()}
    values |= {f"baselines/{name}": each[primary] for name, each in result["baselines"].items()}
    return metrics({**values, "skill": result["skill"]}, step)


def files(run: Path) -> Call:
    """All files of the folder of a run as artifacts."""
    return lambda client, run_id: client.log_artifacts(run_id, str(run))


class Curves(keras.callbacks.Callback):
    """Tracks losses and learning rate after every epoch."""

    def __init__(self, tracker: Tracker):
        super().__init__()
        self.tracker = tracker

    def on_epoch_end(self, epoch, logs=None):
        rate = float(self.model.optimizer.learning_rate.numpy())
        values = {name: float(value) for name, value in logs.items()} | {"learning_rate": rate}
        self.tracker(metrics({f"epoch/{name}": value for name, value in values.items()}, epoch))
