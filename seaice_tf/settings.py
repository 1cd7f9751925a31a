"""Training settings of all tasks, and settings as JSON, read with every key and type checked.

The settings of a task are a frozen dataclass. Its field `network` may have a union of dataclasses
as type, one per network, each with a `name`; in JSON the name stands beside its settings.
"""

import dataclasses
import difflib
import json
import types
import typing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from seaice_tf.errors import InputError
from seaice_tf.files import data_folder, json_text


@dataclass(frozen=True)
class Checked:
    """Base of settings and options: a value that is no choice of its Literal is an InputError.

    A class with checks of its own begins them with `super().__post_init__()`.
    """

    def __post_init__(self):
        for name, hint in _hints(type(self)).items():  # type: ignore[arg-type]
            value = getattr(self, name)
            several = isinstance(value, tuple)
            choices = _choices(typing.get_args(hint)[0] if several else hint)
            for each in value if several else (value,):
                if choices and each not in choices:
                    raise InputError(
                        f"{name}: expected {' or '.join(map(repr, choices))}, got {each!r}"
                    )


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(kind)}


def _choices(hint: Any) -> tuple:
    """The values of a Literal; () of any other type."""
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


@dataclass(frozen=True)
class Training(Checked):
    """Settings of training that all tasks have in common."""

    epochs: int = 12
    """Passes over the training examples."""
    batch_size: int = 1
    """Examples a step."""
    optimizer: Literal[
        "adam", "adamw", "sgd", "swa", "moving_average", "lamb", "rectified_adam", "lookahead"
    ] = "adamw"
    """swa and moving_average keep averages of the weights over the steps; they and lookahead wrap
    another optimizer. The last three need the addons environment."""
    wrapped: Literal["adam", "adamw", "sgd"] = "adam"
    """Optimizer wrapped by swa, moving_average or lookahead; lookahead cannot wrap adamw."""
    swa_first: int = 0
    """Steps before the first snapshot of swa."""
    swa_steps: int = 10
    """Steps between snapshots of swa."""
    learning_rate: float = 1e-3
    """The highest learning rate of the schedule."""
    momentum: float = 0.9
    """Momentum of sgd."""
    schedule: Literal["constant", "cosine", "cosine_restarts", "cyclical", "plateau"] = "cosine"
    """Schedule of the learning rate; 'cyclical' rises and falls linearly."""
    cycles: int = 3
    """Number of cycles of 'cyclical' in a run."""
    restart_epochs: int = 20
    """Epochs between restarts of 'cosine_restarts'."""
    warm_up_epochs: int = 0
    """Epochs of linear warm-up of the learning rate."""
    plateau_epochs: int = 3
    """Epochs without a lower validation loss after which 'plateau' halves the learning rate."""
    transfer: str = ""
    """Folder of a run to transfer weights of equal name and shape from; training then has half the
    learning rate."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Precision of computations in training; weights, outputs and SavedModels are float32."""
    average: float = 0.0
    """Decay per step of a moving average of the weights, which is validated and kept; 0 for no
    average, and for 0.99 with moving_average."""
    patience: int = 0
    """Epochs without a lower validation loss before training stops; 0 for no early stopping."""
    keep: Literal["best", "last"] = "best"
    """Keep the weights of the epoch with the lowest validation loss, or of the last epoch."""
    checkpoint_steps: int = 200
    """Steps between checkpoints within an epoch."""
    checkpoint_epochs: int = 1
    """Epochs between checkpoints; more than 1 for large networks, which take seconds to write."""
    strategy: Literal["none", "mirrored", "multi-worker"] = "none"
    """Distribute each batch over all devices of this machine, or over all machines of TF_CONFIG."""
    data_service: str = ""
    """Comma-separated addresses HOST:PORT of `seaice-tf feed` that prepare batches in turn."""
    seed: int = 0
    """Of initial weights, order, augmentation and dropout."""

    def __post_init__(self):
        super().__post_init__()
        for name in (
            "epochs",
            "batch_size",
            "checkpoint_steps",
            "checkpoint_epochs",
            "plateau_epochs",
            "restart_epochs",
            "cycles",
            "swa_steps",
        ):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if not 0 <= self.seed < 2**32 or min(self.patience, self.warm_up_epochs) < 0:
            raise InputError(
                "settings: expected a seed from 0 to 2^32 - 1, no negative patience or warm-up"
            )
        if self.swa_first < 0:
            raise InputError(f"swa_first: expected at least 0, got {self.swa_first}")
        if (self.optimizer, self.wrapped) == ("lookahead", "adamw"):
            raise InputError("wrapped: expected adam or sgd inside lookahead, got adamw")
        if not 0 <= self.average < 1:
            raise InputError(f"average: expected at least 0 and less than 1, got {self.average}")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate: expected more than 0, got {self.learning_rate}")
        if not 0 <= self.momentum < 1:
            raise InputError(f"momentum: expected 0 to less than 1, got {self.momentum}")


def to_json(settings: Any) -> str:
    """The settings as indented JSON, keys in the order of the dataclass."""
    return json.dumps(to_dict(settings), indent=2) + "\n"


def to_dict(settings: Any) -> dict[str, Any]:
    """The settings as nested dicts; that of a network begins with its name."""
    named = {"name": settings.name} if hasattr(type(settings), "name") else {}
    values = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    return named | {
        key: to_dict(value) if dataclasses.is_dataclass(value) else value
        for key, value in values.items()
    }


def changes(one: typing.Mapping[str, Any], other: typing.Mapping[str, Any]) -> list[str]:
    """Names of the settings that differ between two results of `to_dict`, as flags have them.

    Networks of different names differ as a whole, as "network".

    >>> changes({"a": 1, "training": {"seed": 1}}, {"a": 1, "training": {"seed": 2}})
    ['seed']
    """
    found = []
    for key in {**one, **other}:
        a, b = one.get(key), other.get(key)
        if isinstance(a, dict) and isinstance(b, dict) and a.get("name") == b.get("name"):
            found += changes(a, b)
        elif a != b:
            found.append(key)
    return found


def flat(settings: Any) -> dict[str, Any]:
    """Values of the settings by name, those of the network among them."""
    values = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    network = values.get("network")
    if dataclasses.is_dataclass(network):
        values |= {each.name: getattr(network, each.name) for each in dataclasses.fields(network)}
    return values


def networks(kind: type) -> dict[str, type]:
    """Settings classes of the networks of a task by name; empty for a task with one network."""
    hint = typing.get_type_hints(kind).get("network")
    options = typing.get_args(hint) or (hint,)
    return {each.name: each for each in options if hasattr(each, "name")}


def with_values(settings: Any, values: typing.Mapping[str, Any]) -> Any:
    """Copy settings with other values.

    Args:
        settings: to copy.
        values: by name of a setting, of the network or of training.

    Raises:
        InputError: a name is unknown.
    """
    own = {each.name for each in dataclasses.fields(settings)}
    changed = {key: value for key, value in values.items() if key in own}
    rest = {key: value for key, value in values.items() if key not in own}
    for part in ("network", "training"):
        record = getattr(settings, part, None)
        if part not in changed and dataclasses.is_dataclass(record):
            names = {each.name for each in dataclasses.fields(record)}
            inner = {key: rest.pop(key) for key in list(rest) if key in names}
            if inner:
                changed[part] = dataclasses.replace(record, **inner)  # type: ignore[type-var]
    if rest:
        raise InputError(f"settings: expected known names, got {', '.join(rest)}")
    return dataclasses.replace(settings, **changed)


def read(path: Path, kind: type) -> Any:
    """Read settings from a JSON file; missing ones have their defaults.

    Args:
        path: of the file; files of older versions are read through `kind.ALIASES`, see `upgraded`.
        kind: class of the settings.

    Raises:
        InputError: the file is missing or not JSON, a key is unknown, or a value has a wrong type.
    """
    data_folder.require_file(path, "a settings file")
    try:
        content = json_text.parse(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, got {error}") from error
    return from_dict(content, kind, str(path))


def from_dict(content: Any, kind: type, where: str) -> Any:
    """`read` from a parsed object; `where` is the prefix of error messages."""
    if isinstance(content, dict) and hasattr(kind, "ALIASES"):
        content = upgraded(content, kind)
    return _record(content, kind, where)


def upgraded(content: dict[str, Any], kind: type) -> dict[str, Any]:
    """Settings of an older version under today's names.

    `kind.ALIASES` maps an old name to (new name, old value -> new value), or to None for a setting
    that is gone; so does the `ALIASES` of a network's class for settings of that network. Older
    files hold the settings of all networks side by side, with the network's name as `network`:
    those of the network are kept and those of the others are dropped.
    """
    known = networks(kind)
    aliases = dict(kind.ALIASES)  # type: ignore[attr-defined]
    name = content.get("network", next(iter(known), None))
    if isinstance(name, str):
        name = aliases.get("network", (name, {}))[1].get(name, name)
    if known and isinstance(name, str):
        for each in known.values():
            aliases |= dict.fromkeys(getattr(each, "ALIASES", ()))
        aliases |= getattr(known.get(name), "ALIASES", {})
    result: dict[str, Any] = {}
    for key, value in content.items():
        alias = aliases.get(key, (key, {}))
        if alias is not None:
            new, values = alias
            result[new] = value if isinstance(value, list | dict) else values.get(value, value)
    if known and isinstance(name, str):
        own = {each.name for each in dataclasses.fields(kind)}
        inner = {each.name for each in dataclasses.fields(known[name])} if name in known else set()
        others = set().union(*({f.name for f in dataclasses.fields(k)} for k in known.values()))
        flat = {key: result.pop(key) for key in list(result) if key in others - own}
        result["network"] = {"name": name, **{k: v for k, v in flat.items() if k in inner}}
    return result


def _record(content: Any, kind: type, where: str) -> Any:
    if not isinstance(content, dict):
        raise InputError(f"{where}: expected an object of settings, got {content!r}")
    hints = {
        name: hint
        for name, hint in typing.get_type_hints(kind).items()
        if typing.get_origin(hint) is not typing.ClassVar
    }
    values = {}
    for key, value in content.items():
        if key == "name" and hasattr(kind, "name"):
            continue
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(hints)}"
            raise InputError(
                f"{where}: expected a known setting, got {key!r}; {advice}; if a newer version "
                f"wrote it, update seaice_tf; if an older one, train again"
            )
        values[key] = _value(value, hints[key], f"{where}: {key}")
    return kind(**values)


def _network(value: Any, options: dict[str, type], where: str) -> Any:
    name = value.get("name") if isinstance(value, dict) else value
    if name not in options:
        raise InputError(f"{where}: expected one of {', '.join(options)}, got {name!r}")
    return _record(value if isinstance(value, dict) else {}, options[name], where)


def _value(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if named := {a.name: a for a in arguments or (hint,) if hasattr(a, "name")}:
        return _network(value, named, where)
    if dataclasses.is_dataclass(hint):
        return _record(value, typing.cast(type, hint), where)
    if origin is typing.Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_value(item, arguments[0], where) for item in value)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        return _value(value, next(a for a in arguments if a is not type(None)), where)
    if hint is float and (type(value) is float or (type(value) is int and abs(value) < 1e308)):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    expected = " or ".join(map(repr, arguments)) if origin is typing.Literal else _named(hint)
    raise InputError(f"{where}: expected {expected}, got {value!r}")


def _named(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
