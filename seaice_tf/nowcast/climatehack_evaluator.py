"""Protocol of the ClimateHack.AI evaluator, which requests one file at a time by standard input.

The submission begins with "STARTUP"; on "Process NAME" it reads NAME in the folder of features,
writes a file of that name with predictions and prints "Exported NAME" (submission template).
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.nowcast.cases import Context
from seaice_tf.nowcast.data import climatehack
from seaice_tf.nowcast.data.layout import FRAMES_OUT
from seaice_tf.task import Case, Predictor

REQUEST = "Process "


def answer(
    predict: Predictor,
    requests: Iterable[str],
    features: Path,
    out: Path,
    reply: Callable[[str], None],
) -> None:
    """Answer requests until there are no more.

    Args:
        predict: case -> {"frames": (24, 64, 64)}.
        requests: lines of the evaluator.
        features: folder of the features.
        out: folder of the predictions.
        reply: sends a line to the evaluator.

    Raises:
        InputError: an unknown request, a name outside of the folder, or a file without features.
    """
    reply("STARTUP")
    for line in requests:
        name = line.rstrip("\n").removeprefix(REQUEST)
        if not line.startswith(REQUEST) or not _inside(features, name):
            raise InputError(
                f"standard input: expected {REQUEST!r} and a file in {features}, got {line!r}"
            )
        windows = climatehack.features(features / name)
        frames = (predict(_case(windows.read(i)))["frames"] for i in range(len(windows)))
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        climatehack.write(out / name, len(windows), frames)
        reply(f"Exported {name}")


def _inside(folder: Path, name: str) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())


def _case(past: np.ndarray) -> Case:
    unknown = np.zeros(FRAMES_OUT, bool)
    return Case("window", past.astype(np.float32), Context("ClimateHack.AI", past, unknown))
