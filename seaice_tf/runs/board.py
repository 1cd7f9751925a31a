"""TensorBoard on the folder of runs."""

import importlib.util
import sys
from pathlib import Path

from seaice_tf.errors import InputError


def command(runs: Path, port: int) -> list[str]:
    """The words that start TensorBoard on all runs below a folder.

    Raises:
        InputError: no such folder, or TensorBoard is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError("board: expected tensorboard, got none installed; pip install tensorboard")
    if not runs.is_dir():
        raise InputError(f"{runs}: expected a folder of runs, got none; train one, or give --runs")
    return [sys.executable, "-m", "tensorboard.main", "--logdir", str(runs), "--port", str(port)]
