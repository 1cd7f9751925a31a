"""A submission to ClimateHack.AI: answers its evaluator by standard input and output.

Usage: python experiments/nowcast_climatehack.py FEATURES PREDICTIONS [RUN]
"""

import sys
from functools import partial
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.nowcast import climatehack_evaluator
from seaice_tf.runs import artifact, folder
from seaice_tf.tasks import TASKS


def main(features: str, out: str, run: str = "") -> None:
    predict = artifact.predictor(Path(run) if run else folder.released(TASKS["nowcast"]))
    reply = partial(print, flush=True)
    climatehack_evaluator.answer(predict, sys.stdin, Path(features), Path(out), reply)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
