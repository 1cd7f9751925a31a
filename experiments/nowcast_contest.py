"""A submission to the nowcast contest: answers its evaluator by standard input and output.

Usage: python experiments/nowcast_contest.py FEATURES PREDICTIONS [RUN]
"""

import sys
from functools import partial
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.nowcast import contest
from seaice_tf.runs import artifact, folder
from seaice_tf.tasks import TASKS


def main(given: str, out: str, run: str = "") -> None:
    predict = artifact.predictor(Path(run) if run else folder.released(TASKS["nowcast"]))
    contest.answer(predict, sys.stdin, Path(given), Path(out), partial(print, flush=True))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
