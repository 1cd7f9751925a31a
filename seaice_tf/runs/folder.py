"""A run's folder: made under a `.partial` name, renamed when it is complete.

<run>/saved_model/  weights.npz  settings.json  scores.json  manifest.json  model_card.md  logs/
"""

import json
from pathlib import Path
from typing import Any

import seaice_tf
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError, require_known_format
from seaice_tf.files import atomic, lock
from seaice_tf.task import Task

MANIFEST, SETTINGS, SCORES = "manifest.json", "settings.json", "scores.json"
BEGUN = "begun.json"  # the settings that a run was begun with
TRANSFER = "transfer.json"  # what was taken from another run, and what was not
FORMAT = 1  # of a run's folder; a manifest without a number has this one
WEIGHTS, CHECKPOINT, SAVED_MODEL, LOGS = "weights.npz", "checkpoint.npz", "saved_model", "logs"


def released(task: Task) -> Path:
    """Where the released model of a task lies: in the package, so that any folder will do."""
    return Path(seaice_tf.__file__).parent / "saved_models" / task.name / "released"


def partial(run: Path) -> Path:
    run = run.resolve()
    return run.with_name(run.name + ".partial")


def begin(run: Path, settings: Any) -> Path:
    """The folder to train in, new or begun before with the same settings.

    Raises:
        InputError: `run` exists already, or was begun with other settings.
    """
    require_new(run)
    require_own_files(partial(run))
    claim(partial(run) / BEGUN, json.loads(settings_file.to_json(settings)))
    return partial(run)


def require_new(run: Path) -> None:
    """InputError if there is something of the name already."""
    if run.exists():
        kind = "a complete run" if (run / MANIFEST).exists() else "a file or folder"
        raise InputError(f"{run}: expected a new name, got {kind}; choose another --run")


def forget(path: Path) -> None:
    """Take back what a run was begun with if it came no further, so that it may begin otherwise."""
    if {file.name for file in path.iterdir()} <= {BEGUN, lock.NAME}:
        (path / BEGUN).unlink()


def claim(path: Path, content: dict[str, Any]) -> None:
    """Write what a run or sweep is begun with; when it goes on, see that it is the same.

    Raises:
        InputError: the file is there and says otherwise.
    """
    if not path.exists():
        write_json(path, content)
    begun = read_json(path)
    if begun != content:
        differ = [key for key, value in content.items() if begun.get(key) != value]
        raise InputError(
            f"{path.parent}: expected what it was begun with ({path.name}), got another "
            f"{', '.join(differ)}; use the same command, or remove the folder to start again"
        )


def finish(run: Path) -> None:
    """Give a complete folder its name; a kill on the way leaves one that can be finished again."""
    (partial(run) / CHECKPOINT).unlink(missing_ok=True)
    partial(run).replace(run)
    (run / BEGUN).unlink(missing_ok=True)


def open_run(run: Path, task: Task) -> Any:
    """The settings of a complete run of `task`.

    Raises:
        InputError: no run there, not complete, of another task, of a newer version, or with links
            to files that are not its own.
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
    return settings_file.read(run / SETTINGS, task.settings)


def require_own_files(run: Path) -> None:
    """InputError for a link out of a folder, by which others' files would be shown or written."""
    own = run.resolve()
    for path in own.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(own):
            raise InputError(
                f"{run}: expected files of its own, got a link from {path.relative_to(own)} to "
                f"{path.resolve()}; put the file itself there"
            )


def write_json(path: Path, content: Any) -> None:
    atomic.write_text(path, json.dumps(content, indent=2, allow_nan=True) + "\n")


def read_json(path: Path) -> Any:
    """The content of a file that `write_json` wrote; InputError if it is damaged."""
    try:
        return json.loads(path.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got {error}; restore the file") from error
