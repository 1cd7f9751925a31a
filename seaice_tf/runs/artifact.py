"""The SavedModel of a run as a predictor."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError, RunError, one_line
from seaice_tf.networks import weights
from seaice_tf.runs import folder, manifest
from seaice_tf.task import Case, Predictor


def predictor(run: Path, trust: bool = False) -> Predictor:
    """Load a SavedModel as a function of a case to its maps by head, without the batch axis.

    Args:
        run: folder of the run.
        trust: load the SavedModel even if its SHA-256 differs from that of the manifest. It is a
            program that could do anything.

    Returns:
        The predictor, which raises RunError for inputs of another shape than the SavedModel's.

    Raises:
        InputError: the SavedModel is missing, unreadable, or differs from the manifest.
    """
    if not (run / folder.SAVED_MODEL).is_dir():
        raise InputError(
            f"{run / folder.SAVED_MODEL}: expected a SavedModel, got none; export it again"
        )
    manifest_path = run / folder.MANIFEST  # does not exist while a run is being trained
    facts = folder.read_json(manifest_path) if manifest_path.exists() else None
    if facts is not None and not trust:
        _require_hash(run, facts.get("saved_model_sha256"))
    try:
        artifact = tf.saved_model.load(str(run / folder.SAVED_MODEL))
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{run / folder.SAVED_MODEL}: expected a SavedModel, got {error}; export it again"
        ) from error

    input_shape = facts and facts.get("input_shape")

    # Closures, not `artifact.serve`: the bare function does not keep its variables alive.
    def serve(batch, endpoint="serve"):
        inputs = batch if isinstance(batch, tuple) else (batch,)
        try:
            outputs = getattr(artifact, endpoint)(*map(tf.convert_to_tensor, inputs))
        except (AttributeError, ValueError, TypeError) as error:
            raise RunError(
                f"{run}: expected a SavedModel whose {endpoint} has {len(inputs)} inputs of this "
                f"size, got another; use a run for this grid and history, or, of an older "
                f"version's run, train it again ({one_line(str(error))[:200]})"
            ) from error
        # Without a copy, which `numpy()` makes.
        return {weights.current_name(head): np.asarray(value) for head, value in outputs.items()}

    def predict(case):
        if case.pieces:
            return case.pieces(serve)
        inputs = batch(case)
        # A model for inputs of any size has still been trained on one grid only.
        found = manifest.input_shape(case)
        if not manifest.same_shape(input_shape, found):
            raise RunError(
                f"{run}: expected inputs of {input_shape}, got {found}; "
                "use a run for this grid and history"
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
