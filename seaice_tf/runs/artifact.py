"""A run's SavedModel as a predictor."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.networks import weights
from seaice_tf.runs import folder, manifest
from seaice_tf.task import Case, Predictor


def predictor(run: Path, trust: bool = False) -> Predictor:
    """From a case to the maps of its heads, without the batch axis.

    A SavedModel is a program. One that is not what the manifest says is not loaded, unless told to
    `trust` it.

    Raises:
        InputError: there is no readable SavedModel in the run, or not that of its manifest; of the
            predictor, that the data have another shape than the SavedModel takes.
    """
    if not (run / folder.SAVED_MODEL).is_dir():
        raise InputError(
            f"{run / folder.SAVED_MODEL}: expected a SavedModel, got none; export it again"
        )
    told = run / folder.MANIFEST  # not there yet while a run is being made
    facts = folder.read_json(told) if told.exists() else None
    if facts is not None and not trust:
        _require_hash(run, facts.get("saved_model_sha256"))
    try:
        artifact = tf.saved_model.load(str(run / folder.SAVED_MODEL))
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{run / folder.SAVED_MODEL}: expected a SavedModel, got {error}; export it again"
        ) from error

    made_for = facts and facts.get("input_shape")

    # Closures, not `artifact.serve`: the bare function does not keep its variables alive.
    def serve(batch):
        several = batch if isinstance(batch, tuple) else (batch,)
        outputs = artifact.serve(*map(tf.convert_to_tensor, several))
        return {weights.current_name(head): value.numpy() for head, value in outputs.items()}

    def predict(case):
        if case.pieces:
            return case.pieces(serve)
        inputs = batch(case)
        # A model that takes any size has still learnt from one grid only.
        if made_for and list(inputs.shape[1:]) != made_for:
            raise InputError(
                f"{run}: expected inputs of {made_for}, got {list(inputs.shape[1:])}; "
                "use a run made for this grid and history"
            )
        return {head: value[0] for head, value in serve(inputs).items()}

    return predict


def batch(case: Case) -> Any:
    """The inputs of a case as tensors with a batch axis of 1."""
    return tf.nest.map_structure(lambda x: tf.convert_to_tensor(x)[None], case.inputs)


def _require_hash(run: Path, expected: str | None) -> None:
    found = manifest.tree_sha256(run / folder.SAVED_MODEL)
    if found != expected:
        raise InputError(
            f"{run / folder.SAVED_MODEL}: expected the program with the SHA-256 of "
            f"{folder.MANIFEST}, {_short(expected)}, got {_short(found)}; export it again, or add "
            f"--trust if you know where it comes from"
        )


def _short(digest: str | None) -> str:
    return f"{digest[:12]}..." if isinstance(digest, str) else "none"
