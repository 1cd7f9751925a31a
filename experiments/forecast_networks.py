"""Which network beats the baselines: a U-Net of maps, or class probabilities of single cells?

Both are trained to 2006, with the best epoch on 2007-2009; 2010-2012 is held out. Real data with
SEAICE_TF_DATA, synthetic without.

Usage: python experiments/forecast_networks.py [SEED ...]
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np

from seaice_tf import settings as settings_file
from seaice_tf.runs import evaluate, folder, train
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/forecast")
PERIODS = (("2007-01", "2009-12"), ("2010-01", "2012-12"))
TASK = TASKS["forecast"]
NETWORKS = {
    "unet": {"epochs": 8, "batch_size": 2},
    "distribution": {"epochs": 1, "batch_size": 2},
}


def scores(network: str, seed: int) -> list[dict]:
    """Results of one network on both periods; trains it unless there is a complete run."""
    default = TASK.settings()
    training = dataclasses.replace(default.training, seed=seed, **NETWORKS[network])
    chosen = settings_file.networks(TASK.settings)[network]()
    settings = dataclasses.replace(default, network=chosen, training=training)
    kind = (
        "synthetic"
        if "synthetic" in next(iter(TASK.data.future(settings))).context.source
        else "real"
    )
    run = RUNS / f"{network}-{kind}-{seed}"
    if not (run / folder.MANIFEST).exists():
        train.train(TASK, settings, run)
    return [
        evaluate.evaluate(TASK, settings, run, TASK.verification.options(*period))
        for period in PERIODS
    ]


def main(seeds: list[int]) -> None:
    table: dict[str, list] = {}
    for network in NETWORKS:
        results = [scores(network, seed) for seed in seeds]
        table[f"**{network}**"] = [
            [r["scores"][TASK.verification.primary] for r in found] for found in results
        ]
    for name in TASK.verification.baselines:
        table[name] = [
            [found["baselines"][name][TASK.verification.primary] for found in results[0]]
        ]
    print(f"{results[0][0]['data'].split(';')[0]}; {TASK.verification.primary}, seeds {seeds}\n")
    print("| | " + " | ".join(f"{first} to {last}" for first, last in PERIODS) + " |")
    print("|---" * (len(PERIODS) + 1) + "|")
    for name, values in sorted(table.items(), key=lambda item: np.mean(item[1])):
        means, spread = np.mean(values, axis=0), np.std(values, axis=0)
        cells = [f"{m:.3f}" + (f" ± {s:.3f}" if s else "") for m, s in zip(means, spread)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [0, 1, 2])
