"""The state of a run in one file, from which it resumes as if it had never stopped.

On Keras 3 this includes the seed states of dropout layers. On Keras 2.15 and tf_keras these cannot
be restored, so a resumed run is equal only for models without dropout.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.networks import weights


@dataclass
class State:
    """The progress of a run.

    Attributes:
        step: number of steps so far.
        seconds: of training so far.
        history: losses and metrics of each epoch.
    """

    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    def best(self) -> int:
        """The first epoch with the lowest validation loss, from 0; -1 without any epoch."""
        losses = [entry["val_loss"] for entry in self.history]
        return losses.index(min(losses)) if losses else -1


def save(path: Path, model: keras.Model, state: State, average: Sequence = ()) -> None:
    """Write the variables of model and optimizer, the state and an average of weights.

    Raises:
        InputError: a number is not finite, or the disk cannot be written; the old file stays.
    """
    arrays = {f"v{i}": value.numpy() for i, value in enumerate(_variables(model))}
    arrays |= {f"a{i}": value for i, value in enumerate(average)}
    if not all(np.isfinite(value).all() for value in arrays.values() if value.dtype.kind == "f"):
        raise InputError(
            f"{path}: expected finite weights after step {state.step}, got others; the last "
            f"checkpoint is kept; start another run with a lower --learning-rate"
        )
    with atomic.file(path) as temporary:
        np.savez(temporary, state=np.array(json.dumps(asdict(state))), **arrays)


def restore(path: Path, model: keras.Model, average: Sequence = ()) -> State:
    """Set variables and average from a file, if it exists.

    Returns:
        The state of the file, or a new one.

    Raises:
        InputError: the file is damaged, or of another model.
    """
    if not path.exists():
        return State()
    stored = weights.read_npz(path)
    try:
        state = State(**json.loads(str(stored["state"])))
        for i, variable in enumerate(_variables(model)):
            variable.assign(stored[f"v{i}"])
        for i, value in enumerate(average):
            value[...] = stored[f"a{i}"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected the checkpoint of {model.name}, got {error!r}; resume with the "
            f"version that wrote it, or remove it to start again"
        ) from error
    return state


def _variables(model: keras.Model) -> list:
    return [*model.variables, *compat.optimizer_variables(model)]
