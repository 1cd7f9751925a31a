"""The flags of the verbs, from the settings and options of tasks.

tyro is imported here and in main.py alone. A network's settings become flags only when that network
is chosen: `--network` is read first, then tyro parses the rest.
"""

import ast
import dataclasses
import difflib
import inspect
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import tyro

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError

IGNORE_MEMORY = tyro.conf.arg(help="Train even if the memory estimate exceeds what is available.")
IGNORE_MEMORY_FLAG = ("ignore_memory", Annotated[bool, IGNORE_MEMORY], False)
TRUST = tyro.conf.arg(help="Load a SavedModel, a program, even if it differs from its manifest.")
TRUST_FLAG = ("trust", Annotated[bool, TRUST], False)
STRICT = tyro.conf.arg(help="Stop at data that cannot be predicted; by default they are left out.")
STRICT_FLAG = ("strict", Annotated[bool, STRICT], False)
TRACK = tyro.conf.arg(help="Also track in MLflow, at MLFLOW_TRACKING_URI or in a local store.")
TRACK_FLAG = ("track", Annotated[Literal["mlflow"] | None, TRACK], None)
# Fields of nested records are flags without a prefix; of networks, those of the chosen one only.
CONFIG = (tyro.conf.OmitArgPrefixes, tyro.conf.AvoidSubcommands)


def parse(words: list[str], command: str, fields: list[tuple]) -> Any:
    """Parse the flags of one verb; each field is (name, type) or (name, type, default)."""
    kind = dataclasses.make_dataclass(
        "Flags",
        [(n, t, dataclasses.field(default=d[0])) if d else (n, t) for n, t, *d in fields],
        kw_only=True,
    )
    prog = f"seaice-tf {command}"
    return tyro.cli(kind, args=words, prog=prog, description="", config=CONFIG)


def parse_settings(task, words: list[str], command: str, fields: list[tuple], defaults=None):
    """`parse` with the settings of the task as flags; --settings FILE sets their defaults."""
    words, path = pop_flag(words, "--settings")
    if path and defaults:
        raise InputError("--settings: expected none beside --from-manifest, got a file; choose one")
    if path:
        defaults = settings_file.read(Path(path), task.settings)
    words, defaults = _with_network(task, words, defaults or task.settings())
    return parse(words, command, [*fields, ("settings", task.settings, defaults)])


def _with_network(task, words: list[str], defaults: Any) -> tuple[list[str], Any]:
    """The words without --network, and the default settings with the network that it names."""
    known = settings_file.networks(task.settings)
    if not known:
        return words, defaults
    words, name = pop_flag(words, "--network")
    if name is not None and name not in known:
        near = difflib.get_close_matches(name, known, 1)
        advice = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"--network: expected one of {', '.join(known)}, got {name!r}{advice}")
    if name is not None and name != defaults.network.name:
        defaults = dataclasses.replace(defaults, network=known[name]())
    _refuse_flags_of_others(words, known, defaults.network.name)
    return words, defaults


def _refuse_flags_of_others(words: list[str], known: dict[str, type], chosen: str) -> None:
    """InputError for a flag that another network has and the chosen one has not."""
    flags = {name: {each.name for each in dataclasses.fields(kind)} for name, kind in known.items()}
    for word in words:
        flag = word.split("=")[0].removeprefix("--").removeprefix("no-").replace("-", "_")
        owners = [name for name, names in flags.items() if flag in names]
        if word.startswith("--") and owners and chosen not in owners:
            raise InputError(
                f"{word.split('=')[0]}: expected a flag of --network {chosen}, got one of "
                f"{', '.join(owners)}; leave it out, or add --network {owners[0]}"
            )


def pop_flag(words: list[str], flag: str) -> tuple[list[str], str | None]:
    """The words without "flag VALUE" or "flag=VALUE", and the value; None without the flag."""
    words = [part for word in words for part in _split(word, flag)]
    if flag not in words:
        return words, None
    at = words.index(flag)
    if at + 1 == len(words):
        raise InputError(f"{flag}: expected a value, got nothing")
    return words[:at] + words[at + 2 :], words[at + 1]


def _split(word: str, flag: str) -> list[str]:
    return word.split("=", 1) if word.startswith(f"{flag}=") else [word]


def runs_flag() -> tuple:
    """The flag --run of one or more runs, by default the released model for the data."""
    text = "Folder of a run; several form an ensemble. By default the released model for the data."
    return ("run", Annotated[tuple[Path, ...], tyro.conf.arg(help=text)], ())


def data_flags(task, skip: Sequence[str] = ()) -> list[tuple]:
    """Flags of the settings on how data are read, by default those of the run."""
    hints, texts = get_type_hints(task.settings), field_docs(task.settings)
    fields: list[tuple] = []
    for name in task.data.settings:
        text = tyro.conf.arg(help=f"{texts[name]} By default that of the run.")
        if name in skip:
            continue
        if hints[name] is bool:  # can only be turned on
            fields.append((name, Annotated[bool, text], False))
        else:
            fields.append((name, Annotated[hints[name] | None, text], None))
    return fields


def field_docs(kind: type) -> dict[str, str]:
    """The string below each field of a dataclass, on one line; empty where there is none."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found = {each.name: "" for each in dataclasses.fields(kind)}
    for field, below in zip(tree.body, tree.body[1:]):  # type: ignore[attr-defined]
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value)
            found[field.target.id] = " ".join(text.split())  # type: ignore[union-attr]
    return found


def load_run_settings(task, flags) -> list:
    """The settings of the runs, with the data of the flags."""
    from seaice_tf.runs import folder

    if not flags.run:
        flags.run = (folder.released(task, with_data(task, task.settings(), flags)),)
    return [with_data(task, folder.open_run(run, task), flags) for run in flags.run]


def with_data(task, settings: Any, flags: Any) -> Any:
    """The settings with the data of the flags."""
    asked = {name: getattr(flags, name, None) for name in task.data.settings}
    given = {k: v for k, v in asked.items() if v is not None and v is not False}
    return dataclasses.replace(settings, **given)
