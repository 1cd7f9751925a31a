"""The other side of the contest's evaluator, which asks by standard input for one file at a time.

It begins with "STARTUP"; to "Process NAME" it reads NAME in the folder of features, writes a file
of that name with predictions and says "Exported NAME" (the contest's submission template).
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.nowcast.cases import Context
from seaice_tf.nowcast.data import climatehack
from seaice_tf.nowcast.data import climatehack_writer as writer
from seaice_tf.nowcast.data.layout import FRAMES_OUT
from seaice_tf.task import Case, Predictor

ASKED = "Process "


def answer(
    predict: Predictor, asked: Iterable[str], given: Path, out: Path, say: Callable[[str], None]
) -> None:
    """Forecast what is asked for until nothing more is.

    Args:
        predict: from a case to its frames.
        asked: the lines of the evaluator.
        given: folder of the features.
        out: folder of the predictions.
        say: takes the lines for the evaluator.

    Raises:
        InputError: another line than it may send, a name that leaves the folder, or no features.
    """
    say("STARTUP")
    for line in asked:
        name = line.rstrip("\n").removeprefix(ASKED)
        if not line.startswith(ASKED) or not _inside(given, name):
            raise InputError(
                f"standard input: expected {ASKED!r} and a file in {given}, got {line!r}"
            )
        windows = climatehack.features(given / name)
        frames = (predict(_case(windows.read(i)))["frames"] for i in range(len(windows)))
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        writer.write(out / name, len(windows), frames)
        say(f"Exported {name}")


def _inside(folder: Path, name: str) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())


def _case(past: np.ndarray) -> Case:
    unknown = np.zeros(FRAMES_OUT, bool)
    return Case("window", past.astype(np.float32), Context("the contest", past, unknown))
