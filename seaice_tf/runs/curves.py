"""Learning curves and scores of a run for TensorBoard.

Training writes them as it goes. A released run is without them, and has the same values in
history.json and scores.json.
"""

from collections.abc import Mapping
from pathlib import Path

from seaice_tf.lazy import tf
from seaice_tf.runs import folder

EVENTS = "events.out.tfevents.*"


def exist(runs: Path) -> bool:
    """Whether there is a curve in a folder."""
    return next(runs.rglob(EVENTS), None) is not None


def missing(runs: Path) -> list[Path]:
    """The complete runs below a folder, or the run itself, that have a history and no curves."""
    found = (path.parent for path in runs.rglob(folder.HISTORY))
    return sorted(
        run for run in found if (run / folder.MANIFEST).exists() and not exist(run / folder.LOGS)
    )


def write(run: Path) -> Path:
    """Write the curves of a complete run; returns their folder."""
    history = folder.read_json(run / folder.HISTORY)
    with tf.summary.create_file_writer(str(run / folder.LOGS)).as_default():
        for epoch, losses in enumerate(history):
            for name, value in losses.items():
                tf.summary.scalar(f"epoch/{name}", value, step=epoch)
    write_scores(folder.read_json(run / folder.SCORES)["scores"], run, len(history) - 1)
    return run / folder.LOGS


def write_scores(scores: Mapping[str, float], run: Path, epoch: int) -> None:
    """Write the scores of a run; those of groups stand under their kind."""
    with tf.summary.create_file_writer(str(run / folder.LOGS)).as_default(step=epoch):
        for name, value in scores.items():
            tf.summary.scalar(f"scores/{name}", value)
