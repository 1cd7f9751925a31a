"""Settings, curves, scores and files of a run in MLflow, beside TensorBoard.

All is sent by a thread of its own. A server that is slow, lost or wrong costs a run one warning,
and at its end no more than WAIT seconds.
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
Call = Callable[[Any, str], None]  # of MLflow's client and the id of the run there
Tell = Callable[[Call], None]
MEMORY = "mlflow.json"  # in the run's folder, so that one that goes on is the same run there
WAIT = 60.0  # seconds, for a server
LOCAL = ("sqlite:", "file:")  # stores that are no servers; these are waited for
MOST = 100  # settings or numbers that a request may hold
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds, by default 120
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # by default 7, over minutes
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def nobody(call: Call) -> None:
    """Tell nobody."""


@contextlib.contextmanager
def tracked(kind: Kind, task: str, name: str, path: Path) -> Iterator[Tell]:
    """What a run tells of itself on the way is sent, and how it ends.

    Where to is said by MLFLOW_TRACKING_URI, and without it MLflow's own default, a local store.

    Args:
        kind: where runs are kept, or None.
        task: the experiment there, unless MLFLOW_EXPERIMENT_NAME says another.
        name: of the run there.
        path: folder in which the run is at work.

    Raises:
        InputError: MLflow is not installed.
    """
    if kind is None:
        yield nobody
        return
    require(kind)
    sender, status = Sender(task, name, path), "FAILED"
    try:
        yield sender.tell
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        sender.end(status)


def require(kind: Kind) -> None:
    """InputError if it is not installed."""
    if kind and importlib.util.find_spec("mlflow") is None:
        raise InputError(
            "--track mlflow: expected MLflow, got none; install it with "
            "pip install 'seaice_tf[mlflow]'"
        )


class Sender:
    """Makes calls to MLflow one after the other until one fails."""

    def __init__(self, task: str, name: str, path: Path):
        self.task, self.name, self.path = task, name, path
        self.calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.given_up = False

    def tell(self, call: Call) -> None:
        self.calls.put(call)
        if self.thread.ident is None:
            self.thread.start()

    def end(self, status: str) -> None:
        """Wait for what is not sent yet, but not for long; a run that never began has sent none."""
        if self.thread.ident is None:
            return
        self.calls.put(lambda client, run_id: client.set_terminated(run_id, status))
        self.calls.put(None)
        store = os.environ.get("MLFLOW_TRACKING_URI", LOCAL[0])
        self.thread.join(None if store.startswith(LOCAL) else WAIT)
        if self.thread.is_alive():
            self.given_up = True
            _warn(f"no answer in {WAIT:.0f} s")

    def _send(self) -> None:
        try:
            client, run_id = _connected(self.task, self.name, self.path)
            while call := self.calls.get():
                call(client, run_id)
        except Exception as error:  # whatever goes wrong there, the run goes on
            if not self.given_up:
                _warn(" ".join(str(error).split())[:200])


def _warn(text: str) -> None:
    print(f"warning: --track mlflow: {text}; the run goes on untracked", file=sys.stderr)


def _connected(task: str, name: str, path: Path) -> tuple[Any, str]:
    """MLflow's client, and the id of the run there, new or that of a run that goes on."""
    for variable, value in DEFAULTS.items():
        os.environ.setdefault(variable, value)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # it tells of every retry
    from mlflow import MlflowClient

    client, memory = MlflowClient(), path / MEMORY
    if memory.exists():
        known = json.loads(memory.read_text())
        if known["uri"] == client.tracking_uri:
            client.update_run(known["run"], status="RUNNING")
            return client, known["run"]
    title = os.environ.get("MLFLOW_EXPERIMENT_NAME", task)
    experiment = client.get_experiment_by_name(title)
    number = experiment.experiment_id if experiment else client.create_experiment(title)
    run_id = client.create_run(number, run_name=name).info.run_id
    memory.parent.mkdir(parents=True, exist_ok=True)
    folder.write_json(memory, {"uri": client.tracking_uri, "run": run_id})
    return client, run_id


def begun(settings: Any) -> Call:
    """The settings of a run."""
    flat = _flat(json.loads(settings_file.to_json(settings)))

    def call(client, run_id):
        from mlflow.entities import Param

        parameters = [Param(name, str(value)) for name, value in flat.items()]
        for first in range(0, len(parameters), MOST):
            client.log_batch(run_id, params=parameters[first : first + MOST])

    return call


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{name}/") if isinstance(value, dict) else {before + name: value}
    return flat


def numbers(values: Mapping[str, float], step: int) -> Call:
    """Finite numbers at a step."""
    now = int(1000 * time.time())
    finite = {name: value for name, value in values.items() if math.isfinite(value)}

    def call(client, run_id):
        from mlflow.entities import Metric

        metrics = [Metric(name, value, now, step) for name, value in finite.items()]
        for first in range(0, len(metrics), MOST):
            client.log_batch(run_id, metrics=metrics[first : first + MOST])

    return call


def scores(result: Mapping[str, Any], step: int) -> Call:
    """All scores of a run, the primary score of its baselines, and its skill."""
    primary = result["primary"]
    values = {f"scores/{name}": value for name, value in result["scores"].items()}
    values |= {f"baselines/{name}": each[primary] for name, each in result["baselines"].items()}
    return numbers({**values, "skill": result["skill"]}, step)


def files(run: Path) -> Call:
    """All files of a run's folder."""
    return lambda client, run_id: client.log_artifacts(run_id, str(run))


class Curves(keras.callbacks.Callback):
    """Tells the losses and the rate after every epoch."""

    def __init__(self, tell: Tell):
        super().__init__()
        self.tell = tell

    def on_epoch_end(self, epoch, logs=None):
        rate = float(self.model.optimizer.learning_rate.numpy())
        values = {name: float(value) for name, value in logs.items()} | {"learning_rate": rate}
        told = {f"epoch/{name}": value for name, value in values.items()}
        self.tell(numbers(told, epoch))
