"""Write a run's products."""

from pathlib import Path
from typing import Any

from seaice_tf.runs import artifact
from seaice_tf.task import Task


def predict(task: Task, settings: Any, run: Path, out: Path) -> list[Path]:
    """Predict the future cases of the data named in `settings` into the folder `out`."""
    predictor = artifact.predictor(run)
    written: list[Path] = []
    for case in task.future(settings):
        written += task.write(case, predictor(case), out, f"seaice_tf {task.name} {run.name}")
    return written
