"""All that a run needs to go on as if it had never stopped, in one file.

On Keras 3 that includes the seed states of dropout layers; on Keras 2.15 and tf_keras these cannot
be restored, so there a resumed run is the same only for models without dropout.
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
    """Where a run stands."""

    step: int = 0
    seconds: float = 0.0  # of training so far
    history: list[dict[str, float]] = field(default_factory=list)  # an entry per epoch

    def best(self) -> int:
        """The epoch with the lowest validation loss, the earliest of equals; -1 before any."""
        losses = [entry["val_loss"] for entry in self.history]
        return losses.index(min(losses)) if losses else -1


def save(path: Path, model: keras.Model, state: State, average: Sequence = ()) -> None:
    """Write the model's and the optimiser's variables, the state and an average of weights.

    Raises:
        InputError: one of them is not finite, or the disk refuses it; the old file stays.
    """
    arrays = {f"v{i}": value.numpy() for i, value in enumerate(_variables(model))}
    arrays |= {f"a{i}": value for i, value in enumerate(average)}
    if not all(np.isfinite(value).all() for value in arrays.values() if value.dtype.kind == "f"):
        raise InputError(
            f"{path}: expected finite weights after step {state.step}, got others; those of before "
            f"are kept; start another run with a lower --learning-rate"
        )
    with atomic.file(path) as temporary:
        np.savez(temporary, state=np.array(json.dumps(asdict(state))), **arrays)


def restore(path: Path, model: keras.Model, average: Sequence = ()) -> State:
    """Set the variables and the arrays of the average; a new state where there is no file.

    Raises:
        InputError: it is damaged, or not of this model.
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
            f"{path}: expected the checkpoint of {model.name}, got {error!r}; go on with the "
            f"version that wrote it, or remove it to start again"
        ) from error
    return state


def _variables(model: keras.Model) -> list:
    return [*model.variables, *compat.optimizer_variables(model)]
