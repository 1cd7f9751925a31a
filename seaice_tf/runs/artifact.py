"""A run's SavedModel as a predictor."""

from pathlib import Path

import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.runs import folder
from seaice_tf.task import Predictor


def predictor(run: Path) -> Predictor:
    """From a case to the maps of its heads, without the batch axis.

    Raises:
        InputError: there is no readable SavedModel in the run; of the predictor, that the data
            have another shape than the SavedModel takes.
    """
    try:
        artifact = tf.saved_model.load(str(run / folder.SAVED_MODEL))
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{run / folder.SAVED_MODEL}: expected a SavedModel, got {error}; export it again"
        ) from error

    manifest = run / folder.MANIFEST  # not there yet while a run is being made
    made_for = folder.read_json(manifest).get("input_shape") if manifest.exists() else None

    # Closures, not `artifact.serve`: the bare function does not keep its variables alive.
    def serve(batch):
        several = batch if isinstance(batch, tuple) else (batch,)
        outputs = artifact.serve(*map(tf.convert_to_tensor, several))
        return {head: value.numpy() for head, value in outputs.items()}

    def predict(case):
        if case.pieces:
            return case.pieces(serve)
        inputs = case.batch()
        # A model that takes any size has still learnt from one grid only.
        if made_for and list(inputs.shape[1:]) != made_for:
            raise InputError(
                f"{run}: expected inputs of {made_for}, got {list(inputs.shape[1:])}; "
                "use a run made for this grid and history"
            )
        return {head: value[0] for head, value in serve(inputs).items()}

    return predict
