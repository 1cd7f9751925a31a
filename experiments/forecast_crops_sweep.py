"""What is each hyperparameter of the ConvLSTM on crops of anomalies worth?

A Bayesian sweep by Keras Tuner of the network `anomaly_crops` with its head in the cells: one pass
over all crops of the last five years to 2006, objective the loss on 2007-2009. Records for
TensorBoard HParams are written to the folder; complete trials are used again. Real data with
SEAICE_TF_DATA; two minutes of processor time a trial.

Usage: python experiments/forecast_crops_sweep.py FOLDER [TRIALS]
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from forecast_departures import CROPS

from seaice_tf.forecast.settings import AnomalyCrops, Settings
from seaice_tf.runs.tune import train_trial, tune
from seaice_tf.tasks import TASKS

TASK = TASKS["forecast"]
SETTINGS = Settings(network=AnomalyCrops(), train_years=5, training=CROPS)
RESULT = "result.json"


def trial(settings: Any, path: Path, until: int) -> float:
    """Train a trial, and write its hyperparameters and its loss."""
    loss = train_trial(TASK, settings, path, until)
    network, training = settings.network, settings.training
    values = {
        "months": network.months,
        "filters": network.filters[0],
        "kernel": network.kernel,
        "dropout": network.dropout,
        "width of the head": network.width,
        "features": network.cell_features,
        "learning rate": float(f"{training.learning_rate:.0e}"),
        "batch": training.batch_size,
    }
    (path / RESULT).write_text(json.dumps({"loss": loss, "values": values}))
    print(f"{loss:.4f} {values}", flush=True)
    return loss


def main(folder: Path, trials: int) -> None:
    tune(TASK, SETTINGS, folder, trials, "bayesian", trial)
    done = [json.loads(path.read_text()) for path in folder.rglob(RESULT)]
    done.sort(key=lambda each: each["loss"])
    best = ", ".join(f"{name} {value}" for name, value in done[0]["values"].items())
    median = done[len(done) // 2]["loss"]
    print(f"\n{len(done)} trials; median loss {median:.4f}, best {done[0]['loss']:.4f}: {best}\n")
    print("| | mean loss of the trials with each value |\n|---|---|")
    for name in done[0]["values"]:
        worth: dict[Any, list[float]] = {}
        for each in done:
            worth.setdefault(each["values"][name], []).append(each["loss"])
        means = ", ".join(f"{v}: {np.mean(loss):.4f}" for v, loss in sorted(worth.items()))
        print(f"| {name} | {means} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 12)
