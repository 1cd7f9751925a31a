"""The flags of the verbs, made of the settings of tasks."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import tyro

from seaice_tf.errors import InputError

ANYWAY = tyro.conf.arg(help="Train even if the estimate of memory is more than there is.")
ANYWAY_FLAG = ("anyway", Annotated[bool, ANYWAY], False)
TRUST = tyro.conf.arg(help="Load a SavedModel, which is a program, that is not its manifest's.")
TRUST_FLAG = ("trust", Annotated[bool, TRUST], False)
TRACK = tyro.conf.arg(help="Also keep it in MLflow: MLFLOW_TRACKING_URI, or a local store.")
TRACK_FLAG = ("track", Annotated[Literal["mlflow"] | None, TRACK], None)


def parse(words: list[str], command: str, fields: list[tuple]) -> Any:
    """Parse the flags of one verb; each field is (name, type) or (name, type, default)."""
    kind = dataclasses.make_dataclass(
        "Flags",
        [(n, t, dataclasses.field(default=d[0])) if d else (n, t) for n, t, *d in fields],
        kw_only=True,
    )
    return tyro.cli(kind, args=words, prog=f"seaice-tf {command}", description="")


def parse_settings(task, words: list[str], command: str, fields: list[tuple], defaults=None):
    """The same with the task's settings as flags; --settings FILE sets their defaults."""
    from seaice_tf import settings as settings_file

    words, path = taken(words, "--settings")
    if path and defaults:
        raise InputError("--settings: expected none beside --from-manifest, got some")
    if path:
        defaults = settings_file.read(Path(path), task.settings)
    bare = Annotated[task.settings, tyro.conf.arg(name="")]
    return parse(words, command, [*fields, ("settings", bare, defaults or task.settings())])


def taken(words: list[str], flag: str) -> tuple[list[str], str | None]:
    """The words without "flag FILE" or "flag=FILE", and the file; None without the flag."""
    words = [part for word in words for part in _split(word, flag)]
    if flag not in words:
        return words, None
    at = words.index(flag)
    if at + 1 == len(words):
        raise InputError(f"{flag}: expected a file, got nothing")
    return words[:at] + words[at + 2 :], words[at + 1]


def _split(word: str, flag: str) -> list[str]:
    return word.split("=", 1) if word.startswith(f"{flag}=") else [word]


def runs_flag(task) -> tuple:
    from seaice_tf.runs import folder

    several = tyro.conf.arg(help="Folder of a run; of several, their ensemble.")
    return ("run", Annotated[tuple[Path, ...], several], (folder.released(task),))


def setting_flags(task, names: Sequence[str]) -> list[tuple]:
    """Settings that a run can be used with, by default as they are."""
    hints, see = get_type_hints(task.settings), tyro.conf.arg(help="As of train, see its --help.")
    switches = {name for name in names if hints[name] is bool}  # can only be turned on
    return [
        (name, Annotated[bool, see], False)
        if name in switches
        else (name, Annotated[hints[name] | None, see], None)
        for name in names
    ]


def of_use(task) -> tuple[str, ...]:
    return (*task.data_settings, *task.use_settings)


def opened(task, flags) -> list:
    """The settings of the runs, with the data that the flags name."""
    from seaice_tf.runs import folder

    if not flags.run:
        raise InputError("--run: expected a folder, got none")
    return [with_data(task, folder.open_run(run, task), flags) for run in flags.run]


def with_data(task, settings: Any, flags: Any) -> Any:
    asked = {name: getattr(flags, name, None) for name in of_use(task)}
    given = {k: v for k, v in asked.items() if v is not None and v is not False}
    return dataclasses.replace(settings, **given)
