"""Write the products of one run or of an ensemble."""

from pathlib import Path

from seaice_tf.task import Cases, Predictor, Task


def predict(task: Task, cases: Cases, predictor: Predictor, name: str, out: Path) -> list[Path]:
    """Predict the cases into the folder `out`; `name` is that of the run."""
    pairs = ((case, predictor(case)) for case in cases)
    return task.write(pairs, out, f"seaice_tf {task.name} {name}")
