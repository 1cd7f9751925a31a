"""A run's folder: made under a `.partial` name, renamed when it is complete.

<run>/saved_model/  weights.npz  settings.json  scores.json  manifest.json  model_card.md  logs/
"""

import json
from pathlib import Path
from typing import Any

import seaice_tf
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.task import Task
from seaice_tf.writers import atomic

MANIFEST, SETTINGS, SCORES = "manifest.json", "settings.json", "scores.json"
WEIGHTS, CHECKPOINT, SAVED_MODEL, LOGS = "weights.npz", "checkpoint.npz", "saved_model", "logs"


def released(task: Task) -> Path:
    """Where the released model of a task lies: in the package, so that any folder will do."""
    return Path(seaice_tf.__file__).parent / "saved_models" / task.name / "released"


def partial(run: Path) -> Path:
    return run.with_name(run.name + ".partial")


def begin(run: Path, settings: Any) -> Path:
    """The folder to train in, new or begun before with the same settings.

    Raises:
        InputError: `run` exists already, or was begun with other settings.
    """
    if run.exists():
        kind = "a complete run" if (run / MANIFEST).exists() else "a file or folder"
        raise InputError(f"{run}: expected a new name, got {kind}; choose another --run")
    path, wanted = partial(run) / SETTINGS, settings_file.to_json(settings)
    if not path.exists():
        atomic.write_text(path, wanted)
    begun = json.loads(path.read_text())
    if begun != json.loads(wanted):
        differ = [key for key, value in json.loads(wanted).items() if begun.get(key) != value]
        raise InputError(
            f"{path.parent}: expected the settings it was begun with, got another "
            f"{', '.join(differ)}; use the same command, or remove the folder to start again"
        )
    return path.parent


def finish(run: Path) -> None:
    """Give a complete folder its name."""
    (partial(run) / CHECKPOINT).unlink(missing_ok=True)
    partial(run).replace(run)


def open_run(run: Path, task: Task) -> Any:
    """The settings of a complete run of `task`.

    Raises:
        InputError: no run there, not complete, or of another task.
    """
    if not (run / MANIFEST).exists():
        hint = "it is not complete" if partial(run).exists() else "there is none"
        raise InputError(f"{run}: expected a complete run, but {hint}; train it first")
    made_by = json.loads((run / MANIFEST).read_text())["task"]
    if made_by != task.name:
        raise InputError(f"{run}: expected a run of {task.name}, got one of {made_by}")
    return settings_file.read(run / SETTINGS, task.settings)


def write_json(path: Path, content: Any) -> None:
    atomic.write_text(path, json.dumps(content, indent=2, allow_nan=True) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
