"""Does a small U-Net that corrects the mean of ten years beat the simple baselines?

Usage: python experiments/forecast_correction.py [SEED ...]
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np

from seaice_tf.runs import evaluate, folder, train
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/forecast")
PERIODS = (("2007-01", "2009-12"), ("2010-01", "2012-12"))
TASK = TASKS["forecast"]


def table(seeds: list[int]) -> None:
    results: dict[str, list[list[float]]] = {}
    for seed in seeds:
        settings = TASK.settings()
        training = dataclasses.replace(settings.training, seed=seed)
        settings = dataclasses.replace(settings, training=training)
        run = RUNS / f"correction-{seed}"
        if not (run / folder.MANIFEST).exists():
            train.train(TASK, settings, run)
        found = [evaluate.evaluate(TASK, settings, run, *period) for period in PERIODS]
        rows = [result["baselines"] | {"unet": result["scores"]} for result in found]
        for name in rows[0]:
            scores = [row[name][TASK.primary] for row in rows]
            results.setdefault(name, []).append(scores)
    print(f"{found[0]['data'].split(';')[0]}; {TASK.primary}, seeds {seeds}")
    print("| | " + " | ".join(f"{first} to {last}" for first, last in PERIODS) + " |")
    print("|---|" + "---|" * len(PERIODS))
    for name, scores in sorted(results.items(), key=lambda item: np.mean(item[1])):
        means, spread = np.mean(scores, axis=0), np.std(scores, axis=0)
        cells = [f"{m:.3f}" + (f" ± {s:.3f}" if s else "") for m, s in zip(means, spread)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    table([int(word) for word in sys.argv[1:]] or [0, 1, 2])
