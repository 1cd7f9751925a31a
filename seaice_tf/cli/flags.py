"""The flags of the verbs, from the settings and options of tasks.

tyro is imported here and in verbs.py alone. A network's settings become flags only when it is
chosen: `--network` is read first, then tyro parses the rest. tyro sees copies of the records
without their validation, so that an invalid value is an InputError that names the flag.
"""

import ast
import contextlib
import dataclasses
import difflib
import inspect
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import tyro

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.files import data_folder


def _flag(hint: Any, text: str, **options: Any) -> Any:
    return Annotated[hint, tyro.conf.arg(help=text, **options)]


RUN_FLAG = ("run", _flag(Path, "Folder of the run, which gets this name when it is complete."))
IGNORE_MEMORY_FLAG = (
    "ignore_memory",
    _flag(bool, "Train even if the memory estimate exceeds what is available."),
    False,
)
TRUST_FLAG = (
    "trust",
    _flag(bool, "Load a SavedModel, a program, even if it differs from its manifest."),
    False,
)
STRICT_FLAG = (
    "strict",
    _flag(bool, "Stop at data that cannot be predicted; by default they are left out."),
    False,
)
TRACK_FLAG = (
    "track",
    _flag(
        Literal["mlflow"] | None,
        "Also track in MLflow, at MLFLOW_TRACKING_URI or in a local store.",
        metavar="mlflow",
        help_behavior_hint="(default: no tracker)",
    ),
    None,
)
SETTINGS_TEXT = "A settings.json, of a run or a sweep; other flags override its values."
MANIFEST_TEXT = "A manifest.json, whose run is reproduced on the same data."
# Fields of nested records are flags without a prefix; of networks, those of the chosen one only.
CONFIG = (tyro.conf.OmitArgPrefixes, tyro.conf.AvoidSubcommands)


def out_flag(text: str) -> tuple:
    """The flag --out of a folder."""
    return ("out", _flag(Path, text))


def file_flag(name: str, text: str) -> tuple:
    """A flag of a file or folder that may be left out."""
    hint = _flag(Path | None, text, metavar="PATH", help_behavior_hint="(default: none)")
    return (name, hint, None)


def parse(words: list[str], command: str, fields: list[tuple]) -> Any:
    """Parse the flags of one verb; each field is (name, type) or (name, type, default)."""
    prog = f"seaice-tf {command}"
    return tyro.cli(_record("Flags", fields), args=words, prog=prog, description="", config=CONFIG)


def _record(name: str, fields: list[tuple], frozen: bool = False) -> type:
    """A dataclass of fields as of `parse`."""
    rows = [(n, t, dataclasses.field(default=d[0])) if d else (n, t) for n, t, *d in fields]
    empty = {"__doc__": ""}  # otherwise tyro shows the signature
    return dataclasses.make_dataclass(name, rows, kw_only=True, frozen=frozen, namespace=empty)


def group(title: str, defaults: Any, skip: Collection[str] = ()) -> tuple:
    """The fields of a record as a group of flags: a field for `parse`.

    Args:
        title: of the group in the help.
        defaults: the record.
        skip: names of fields that are no flags.
    """
    hints, texts = get_type_hints(type(defaults)), field_docs(type(defaults))
    rows = []
    for each in dataclasses.fields(defaults):
        if each.name not in skip:
            value = getattr(defaults, each.name)
            options = _shown(hints[each.name], value)
            flag = _flag(hints[each.name], texts[each.name], **options)
            rows.append((each.name, flag, value))
    kind = _record(title.capitalize(), rows, frozen=True)
    return (title, kind, kind())


def _shown(hint: Any, default: Any) -> dict[str, str]:
    """How the help shows a flag that may be left empty."""
    if default == "":
        return {"help_behavior_hint": "(default: empty)"}
    kinds = [each for each in get_args(hint) if each is not type(None)]
    if default is None and len(kinds) == 1 and kinds[0] in (int, float, str, Path):
        name = "PATH" if kinds[0] is Path else kinds[0].__name__.upper()
        return {"metavar": name, "help_behavior_hint": "(default: none)"}
    return {}


def assembled(defaults: Any, *groups: Any, **parts: Any) -> Any:
    """The record with the values of parsed groups, and with parts that are records themselves.

    Raises:
        InputError: a value is invalid; the message names the flag.
    """
    values = {name: value for each in groups for name, value in vars(each).items()}
    with errors_by_flag(values):
        return dataclasses.replace(defaults, **values, **parts)


@contextlib.contextmanager
def errors_by_flag(names: Collection[str]) -> Iterator[None]:
    """A context in which an InputError about settings or options of these names names flags."""
    try:
        yield
    except InputError as error:
        where, colon, rest = str(error).partition(": ")
        if not set(where.split(", ")) <= set(names):
            raise
        for name in (name for name in names if "_" in name):
            rest = re.sub(rf"(?<![\w./]){name}\b", _as_flag(name), rest)
        flags = ", ".join(map(_as_flag, where.split(", ")))
        raise type(error)(f"{flags}{colon}{rest}") from error


def _as_flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def parse_options(words: list[str], command: str, fields: list[tuple], kind: type) -> Any:
    """`parse` with the fields of an options class as flags; the options are `flags.options`."""
    if not dataclasses.fields(kind):
        flags = parse(words, command, fields)
        flags.options = kind()
        return flags
    flags = parse(words, command, [*fields, group("more", kind())])
    flags.options = assembled(kind(), flags.more)
    return flags


def parse_settings(task, words: list[str], command: str, fields: list[tuple], defaults=None):
    """`parse` with the settings of the task as flags; --settings FILE sets their defaults."""
    words, path = pop_flag(words, "--settings")
    if path and defaults:
        raise InputError("--settings: expected none beside --from-manifest, got a file; choose one")
    if path:
        defaults = settings_file.read(Path(path), task.settings)
    words, defaults = _with_network(task, words, defaults or task.settings())
    known = settings_file.networks(task.settings)
    parts = {"network": defaults.network} if known else {}
    parts["training"] = defaults.training
    rows = [*fields, file_flag("settings", SETTINGS_TEXT)]
    if known:
        text = "The network to train; its own flags are listed below."
        names = Literal[tuple(known)]  # type: ignore[valid-type]
        rows.append(("chosen", _flag(names, text, name="network"), defaults.network.name))
    rows.append(group("data" if known else "task", defaults, skip=parts))
    rows += [group(name, record) for name, record in parts.items()]
    flags = parse(words, command, rows)
    made = {name: assembled(record, getattr(flags, name)) for name, record in parts.items()}
    flags.settings = assembled(defaults, flags.data if known else flags.task, **made)
    return flags


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


def runs_flag(released: bool) -> tuple:
    """The flag --run of one or more runs; without a released model it cannot be left out."""
    text = "Folder of a run; several form an ensemble."
    if released:
        hint = "(default: the released model for the data)"
        kind = _flag(tuple[Path, ...], text, help_behavior_hint=hint)
    else:
        kind = _flag(tuple[Path, ...], text, help_behavior_hint="(required)")
    return ("run", kind, ())


def data_flags(task, skip: Sequence[str] = (), otherwise: str = "that of the run") -> list[tuple]:
    """Flags of the settings on how data are read, by default those of the run."""
    hints, texts = get_type_hints(task.settings), field_docs(task.settings)
    fields: list[tuple] = []
    for name in task.data.settings:
        if name in skip:
            continue
        options = {"help_behavior_hint": f"(default: {otherwise})"}
        if hints[name] is bool:  # can only be turned on
            fields.append((name, _flag(bool, texts[name], **options), False))
        else:
            if hints[name] in (int, float, str):
                options["metavar"] = hints[name].__name__.upper()
            elif get_origin(hints[name]) is tuple:
                kind = get_args(hints[name])[0]
                choices = get_args(kind)
                own = f"{{{','.join(choices)}}}" if choices else kind.__name__.upper()
                options["metavar"] = f"{own} ..."
            fields.append((name, _flag(hints[name] | None, texts[name], **options), None))
    return fields


def field_docs(kind: type) -> dict[str, str]:
    """The string below each field of a dataclass, on one line; empty where there is none."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if dataclasses.is_dataclass(each):
            found |= _docs_of_body(each)
    return {each.name: found.get(each.name, "") for each in dataclasses.fields(kind)}


def _docs_of_body(kind: type) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found = {}
    for field, below in zip(tree.body, tree.body[1:]):  # type: ignore[attr-defined]
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value)
            found[field.target.id] = " ".join(text.split())  # type: ignore[union-attr]
    return found


def load_run_settings(task, flags) -> list:
    """The settings of the runs, with the data of the flags."""
    from seaice_tf.runs import folder

    if not flags.run:
        if not folder.has_released(task):
            raise InputError(
                f"--run: expected the folder of a run, got none; {task.name} has no released "
                f"model: train one with seaice-tf train {task.name} --run FOLDER"
            )
        flags.run = (folder.released(task, with_data(task, task.settings(), flags)),)
    return [with_data(task, folder.open_run(run, task), flags) for run in flags.run]


def require_data(task, settings: Any) -> None:
    """InputError, before TensorFlow is started, if data that the settings name are not there."""
    if settings.data:
        data_folder.require_there(settings.data, task.data.expected)


def with_data(task, settings: Any, flags: Any) -> Any:
    """The settings with the data of the flags."""
    asked = {name: getattr(flags, name, None) for name in task.data.settings}
    given = {k: v for k, v in asked.items() if v is not None and v is not False}
    return dataclasses.replace(settings, **given)
