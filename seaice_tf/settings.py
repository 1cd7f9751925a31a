"""What all tasks' settings share, and settings to JSON and back with every key and type checked."""

import dataclasses
import difflib
import json
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from seaice_tf.errors import InputError
from seaice_tf.files import json_text


@dataclass(frozen=True)
class Training:
    """How a network is trained, the same for every task."""

    epochs: int = 12
    batch_size: int = 1
    optimizer: Literal[
        "adam", "adamw", "sgd", "swa", "moving_average", "lamb", "rectified_adam", "lookahead"
    ] = "adamw"
    """swa validates and keeps the mean of weights, moving_average their average; lookahead steps
    back every six steps: all three wrap another. The last three need the addons lane."""
    wrapped: Literal["adam", "adamw", "sgd"] = "adam"
    """What swa, moving_average and lookahead wrap; lookahead cannot wrap adamw."""
    swa_first: int = 0
    """swa: steps before the first of the weights whose mean is kept."""
    swa_steps: int = 10
    """swa: steps from one of them to the next."""
    learning_rate: float = 1e-3
    momentum: float = 0.9
    """Of sgd."""
    schedule: Literal["constant", "cosine", "cosine_restarts", "cyclical", "plateau"] = "cosine"
    """Learning rate over the steps; 'cyclical' rises and falls in straight lines."""
    cycles: int = 3
    """Rises and falls of 'cyclical' in a run."""
    restart_epochs: int = 20
    """'cosine_restarts' begins its cosine again every so many epochs."""
    warm_up_epochs: int = 0
    """Epochs over which the rate rises to what the schedule says."""
    plateau_epochs: int = 3
    """'plateau' halves the rate after so many epochs without a better validation loss."""
    transfer: str = ""
    """Folder of a run of any depth: training starts from its weights that have the same name and
    shape, at half the learning rate."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Of the sums while training; weights, outputs and what is served stay float32."""
    average: float = 0.0
    """Decay a step of the moving average of weights that is validated and kept; 0 averages none,
    and is 0.99 for moving_average."""
    patience: int = 0
    """Stop after this many epochs without a better validation loss; 0 never stops early."""
    keep: Literal["best", "last"] = "best"
    """Weights of the epoch with the lowest validation loss, or of the last one."""
    checkpoint_steps: int = 200
    """Steps between checkpoints within an epoch."""
    checkpoint_epochs: int = 1
    """Epochs between checkpoints: more for a large network, which takes seconds to write."""
    strategy: Literal["none", "mirrored", "multi-worker"] = "none"
    """Who shares each batch: all devices of this machine, or those of all machines in TF_CONFIG."""
    data_service: str = ""
    """Addresses HOST:PORT of `seaice-tf feed`, with commas between, that make batches in turn."""
    seed: int = 0

    def __post_init__(self):
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
    return json.dumps(dataclasses.asdict(settings), indent=2) + "\n"


def read(path: Path, kind: type) -> Any:
    """Settings of dataclass `kind` from a JSON file; what it leaves out has its default.

    Raises:
        InputError: not readable as JSON, an unknown key, or a value of the wrong type.
    """
    try:
        content = json_text.parse(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: expected a settings file, got none") from error
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, got {error}") from error
    return from_dict(content, kind, str(path))


def from_dict(content: Any, kind: type, where: str) -> Any:
    """The same from a parsed object; `where` begins the error."""
    if not isinstance(content, dict):
        raise InputError(f"{where}: expected an object of settings, got {content!r}")
    hints = typing.get_type_hints(kind)
    values = {}
    for key, value in content.items():
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(hints)}"
            raise InputError(
                f"{where}: expected a known setting, got {key!r}; {advice}; if a newer version "
                f"wrote it, update seaice_tf; if an older one, train again"
            )
        values[key] = _value(value, hints[key], f"{where}: {key}")
    return kind(**values)


def _value(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _value(value, arguments[0], where)
    if dataclasses.is_dataclass(hint):
        return from_dict(value, typing.cast(type, hint), where)
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
