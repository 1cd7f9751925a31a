"""Write the products of one run or of an ensemble."""

from pathlib import Path
from typing import Any

from seaice_tf.task import Cases, Predictor, Task


def predict(
    task: Task, cases: Cases, predictor: Predictor, name: str, out: Path, options: Any = None
) -> list[Path]:
    """Predict the cases and write the products.

    Args:
        task: the system.
        cases: without truth, of `task.data.future`.
        predictor: from a case to its maps.
        name: of the run, or of the ensemble.
        out: folder for the products.
        options: of the class `task.products.options`.

    Returns:
        The files written.
    """
    options = options or task.products.options()
    pairs = ((case, predictor(case)) for case in cases)
    return task.products.write(pairs, out, f"seaice_tf {task.name} {name}", options)
