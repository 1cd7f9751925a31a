"""Do networks of codes and crops forecast departures from the climatology?

Each family of the Dacon entry's networks, as one that predicts what departs from the five-year
climatology: damped codes, LSTM and attention on codes of anomalies, and ConvLSTM2D on crops of
anomalies. Trained to 2006, with the best epoch on 2007-2009; 2010-2012 is held out. Then
ensembles with the network `distribution` of forecast_networks.py, if its runs are there. Real data
with SEAICE_TF_DATA; three to six minutes a row on two cores, and six for the cells of a seed.

Usage: python experiments/forecast_departures.py [SEED ...]
"""

import dataclasses
import json
import sys
import time
from pathlib import Path

import dacon_entry as entry
import numpy as np
from forecast_networks import RUNS

from seaice_tf.forecast.settings import AnomalyCodes, AnomalyCrops, Settings
from seaice_tf.runs import artifact, evaluate
from seaice_tf.settings import Training

SCORES = ("contest_score", "rmse", "iiee")
PERIODS = (entry.VALIDATION, entry.TEST)
CODES = Training(epochs=4, batch_size=4, learning_rate=3e-3)
CROPS = Training(epochs=1, batch_size=8, learning_rate=3e-3)
NETWORKS: dict[str, tuple[AnomalyCodes | AnomalyCrops, Training]] = {
    "linear_codes": (AnomalyCodes("linear_codes"), CODES),
    "linear_codes, few": (AnomalyCodes("linear_codes", cell_features="few"), CODES),
    "lstm_codes": (AnomalyCodes("lstm_codes"), CODES),
    "attention_codes": (AnomalyCodes("attention_codes"), CODES),
    "anomaly_crops": (AnomalyCrops(), CROPS),
}


def run(name: str, seed: int) -> tuple[Path, float]:
    """The run of a network, trained unless it is complete, and its CPU minutes."""
    network, training = NETWORKS[name]
    settings = Settings(network=network, training=dataclasses.replace(training, seed=seed))
    path, begin = RUNS / f"{name.replace(', ', '-')}-{seed}", time.process_time()
    entry.trained(path, settings)
    cost = path / "cpu_minutes.json"
    if not cost.exists():
        cost.write_text(json.dumps((time.process_time() - begin) / 60))
    return path, json.loads(cost.read_text())


def scores(predictors: list) -> list[float]:
    """Scores on both periods of the ensemble of some predictors."""

    def predict(case):
        fields = [predictor(case) for predictor in predictors]
        return fields[0] if len(fields) == 1 else entry.TASK.verification.combine(fields)

    found = []
    for period in PERIODS:
        cases = entry.TASK.data.cases(Settings(), entry.TASK.verification.options(*period))
        result = evaluate.score(entry.TASK, cases, predict)
        found += [result[score] for score in SCORES]
    return found


def show(name: str, rows: list[list[float]], *more: str) -> None:
    mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
    cells = [f"{m:.3f} ± {s:.3f}" if len(rows) > 1 else f"{m:.3f}" for m, s in zip(mean, spread)]
    print("|", " | ".join([name, *cells, *more]), "|", flush=True)


def main(seeds: list[int]) -> None:
    titles = [f"{score}, {period[0][:4]}-{period[1][:4]}" for period in PERIODS for score in SCORES]
    print("| | " + " | ".join([*titles, "CPU minutes"]) + " |")
    print("|---|" + "---:|" * (len(titles) + 1))
    runs: dict[str, list] = {name: [] for name in NETWORKS}
    for seed in seeds:  # the cells of a seed are drawn once for all networks
        for name in NETWORKS:
            path, cost = run(name, seed)
            runs[name].append((artifact.predictor(path), cost))
            show(f"{name}, seed {seed}", [scores([runs[name][-1][0]])], f"{cost:.1f}")
    for name, found in runs.items():
        minutes = f"{np.mean([cost for _, cost in found]):.1f}"
        show(f"`{name}`", [scores([predictor]) for predictor, _ in found], minutes)
        if len(found) > 1:
            show(f"`{name}`, mean of seeds", [scores([predictor for predictor, _ in found])], "")
    for name, predictor in entry.TASK.verification.baselines.items():
        show(name, [scores([predictor])], "")
    released = [path for seed in seeds if (path := RUNS / f"distribution-real-{seed}").exists()]
    for path, seed in zip(released, seeds):
        own = artifact.predictor(path)
        show(f"distribution, seed {seed}", [scores([own])], "")
        for name, found in runs.items():
            show(
                f"distribution + `{name}`, seed {seed}",
                [scores([own, found[seeds.index(seed)][0]])],
            )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [0, 1])
