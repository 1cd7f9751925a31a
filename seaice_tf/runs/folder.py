"""The folder of a run: written under a `.partial` name, and renamed when it is complete.

<run>/saved_model/  weights.npz  settings.json  scores.json  manifest.json  model_card.md  logs/

A released run that was trained on all data also has held_out.json: scores, as `evaluate --json`
writes them, of a run with the same settings that was trained on earlier data alone.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import seaice_tf
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError, require_known_format
from seaice_tf.files import atomic
from seaice_tf.task import Task

MANIFEST, SETTINGS, SCORES = "manifest.json", "settings.json", "scores.json"
HELD_OUT = "held_out.json"
HISTORY = "history.json"  # losses of each epoch
CARD = "model_card.md"
RELEASED = Path(seaice_tf.__file__).parent / "saved_models"  # of the package
BEGUN = "begun.json"  # the settings that a run was started with
DATA = "data.json"  # the files that a run was started with
TRANSFER = "transfer.json"  # weights transferred from another run
FORMAT = 1  # of the folder of a run; a manifest without a number has this one
WEIGHTS, CHECKPOINT, SAVED_MODEL, LOGS = "weights.npz", "checkpoint.npz", "saved_model", "logs"


def released(task: Task, settings: Any = None) -> Path:
    """Folder of the released model of a task, in the package.

    Args:
        task: the system.
        settings: with the data that the model is for; None for the default data.
    """
    name = task.data.released(settings or task.settings())
    return RELEASED / task.name / name


def has_released(task: Task) -> bool:
    """Whether the package has a released model of a task."""
    return any(RELEASED.glob(f"{task.name}/*/{MANIFEST}"))


def partial(run: Path) -> Path:
    """Folder of an incomplete run."""
    run = run.resolve()
    return run.with_name(run.name + ".partial")


def begin(run: Path, settings: Any) -> Path:
    """Create or reopen the folder to train in.

    Raises:
        InputError: `run` exists already, or was started with other settings.
    """
    require_new(run)
    require_own_files(partial(run))
    path, content = partial(run) / BEGUN, json.loads(settings_file.to_json(settings))
    if path.exists():  # written by this version or an older one
        started = settings_file.read(path, type(settings))
        _require_equal(path, json.loads(settings_file.to_json(started)), content)
    else:
        write_json(path, content)
    return partial(run)


def require_new(run: Path) -> None:
    """Raise an InputError if a file or folder has the name of the run."""
    if run.exists():
        kind = "a complete run" if (run / MANIFEST).exists() else "a file or folder"
        raise InputError(f"{run}: expected a new name, got {kind}; choose another --run")


@contextmanager
def forgotten_on_error(path: Path) -> Iterator[None]:
    """A context after whose errors, or Ctrl-C, a run without weights can start with others."""
    try:
        yield
    except (InputError, KeyboardInterrupt):
        if not any((path / name).exists() for name in (WEIGHTS, CHECKPOINT, HISTORY)):
            for name in (BEGUN, DATA, TRANSFER):
                (path / name).unlink(missing_ok=True)
            shutil.rmtree(path / LOGS, ignore_errors=True)
        raise


def claim(path: Path, content: dict[str, Any]) -> None:
    """Write what a run or sweep starts with; if the file exists, require equal content.

    Raises:
        InputError: the file has other content.
    """
    if not path.exists():
        write_json(path, content)
    _require_equal(path, read_json(path), content)


def _require_equal(path: Path, started: dict[str, Any], content: dict[str, Any]) -> None:
    if started != content:
        differ = settings_file.changes(started, content)
        raise InputError(
            f"{path.parent}: expected the settings that it was started with ({path.name}), got "
            f"another {', '.join(differ)}; use the same command, or remove the folder"
        )


def finish(run: Path) -> None:
    """Rename a complete folder; if killed on the way, it can be called again."""
    (partial(run) / CHECKPOINT).unlink(missing_ok=True)
    partial(run).replace(run)
    (run / BEGUN).unlink(missing_ok=True)


def open_run(run: Path, task: Task) -> Any:
    """Read the settings of a complete run.

    Raises:
        InputError: the run is missing, incomplete, of another task, of a newer version, has links
            to files outside of its folder, or other inputs than it was trained with.
    """
    if not (run / MANIFEST).exists():
        hint = "it is not complete" if partial(run).exists() else "there is none"
        raise InputError(f"{run}: expected a complete run, but {hint}; train it first")
    require_own_files(run)
    facts = read_json(run / MANIFEST)
    if not isinstance(facts, dict):
        raise InputError(f"{run / MANIFEST}: expected an object, got {type(facts).__name__}")
    require_known_format(facts.get("format", FORMAT), FORMAT, run / MANIFEST)
    made_by = facts.get("task")
    if made_by != task.name:
        raise InputError(f"{run}: expected a run of {task.name}, got one of {made_by}")
    settings = settings_file.read(run / SETTINGS, task.settings)
    _require_trained_inputs(run, task, settings, facts)
    return settings


def _require_trained_inputs(run: Path, task: Task, settings: Any, facts: dict[str, Any]) -> None:
    """Raise an InputError if the inputs of the settings are not those that were trained with.

    A manifest of an older version may lack those of the training.
    """
    now, then = settings_file.flat(settings), dict(facts.get("inputs", {}).get("units", {}))
    if "settings" in facts:
        trained = settings_file.from_dict(facts["settings"], task.settings, str(run / MANIFEST))
        of_training = settings_file.flat(trained)
        then |= {name: of_training.get(name) for name in task.data.inputs}
    for name, value in then.items():
        if json.dumps(value) != json.dumps(now.get(name)):
            raise InputError(
                f"{run / SETTINGS}: expected the {name} of the training, {value}, got "
                f"{now.get(name)}; restore the file from {MANIFEST}"
            )


def require_own_files(run: Path) -> None:
    """Raise an InputError for a link to a file outside of the folder of a run."""
    own = run.resolve()
    for path in own.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(own):
            raise InputError(
                f"{run}: expected files of its own, got a link from {path.relative_to(own)} to "
                f"{path.resolve()}; put the file itself there"
            )


def write_json(path: Path, content: Any) -> None:
    """Write an indented JSON file atomically."""
    atomic.write_text(path, json.dumps(content, indent=2, allow_nan=True) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; InputError if it is damaged."""
    try:
        return json.loads(path.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got {error}; restore the file") from error
