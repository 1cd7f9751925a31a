"""Does pretraining of the two CNNs pay, and do they beat the flow?

The network of the contest entry: EfficientNet-Lite0 on each frame, and a CNN from all features to
all leads, as the residual to the advected frame with a learnt blur. Its encoder starts from
ImageNet weights, or from random ones; beside them the advected frame with a learnt blur alone. All
windows and augmentations of `nowcast_release.py`; best epoch on the validation windows, scores on
the test windows. Real data with SEAICE_TF_DATA, synthetic without; an hour and a half on two cores.

Usage: python experiments/nowcast_pretraining.py [--epochs 8] [SEED ...]
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from nowcast_release import LEADS

from seaice_tf.nowcast.settings import CnnCnn, Flow
from seaice_tf.runs import artifact, evaluate, folder, train
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/nowcast/pretraining")
TASK = TASKS["nowcast"]
FLOW = "flow, learnt blur"
LITE0 = CnnCnn(encoder="efficientnet_lite0", last_kernel=1)
NETWORKS = {
    "ImageNet weights": dataclasses.replace(LITE0, weights="imagenet"),
    "random weights": LITE0,
    FLOW: Flow(),
}
PAIR = ("ImageNet weights", "random weights")


def run(name: str, seed: int, epochs: int) -> Path:
    """The run of a network and a seed; trains it if there is none."""
    path = RUNS / f"{name.replace(' ', '_').replace(',', '')}-{epochs}-{seed}"
    if not (path / folder.MANIFEST).exists():
        training = dataclasses.replace(
            TASK.settings().training, epochs=epochs, batch_size=8, learning_rate=3e-4, seed=seed
        )
        train.train(TASK, TASK.settings(network=NETWORKS[name], training=training), path)
    return path


def scores(path: Path) -> np.ndarray:
    """MS-SSIM on the test windows, of all leads and of some."""
    options = TASK.verification.options(by=("lead",))
    cases = TASK.data.cases(folder.open_run(path, TASK), options)
    found = evaluate.score(TASK, cases, artifact.predictor(path), options)
    keys = ("ms_ssim", *(f"lead_{lead:02}/ms_ssim" for lead in LEADS))
    return np.array([found[key] for key in keys])


def show(name: str, rows: list[np.ndarray]) -> None:
    mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
    seeds = f" ± {spread[0]:.4f}" if len(rows) > 1 else ""
    cells = [f"{mean[0]:.4f}{seeds}", *(f"{value:.3f}" for value in mean[1:])]
    print("|", " | ".join([name, *cells]), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("seeds", nargs="*", type=int, metavar="SEED")
    arguments = parser.parse_args()
    seeds = arguments.seeds or [0, 1, 2]
    print("| | all leads | " + " | ".join(f"+{5 * lead} min" for lead in LEADS) + " |")
    print("|---" * (len(LEADS) + 2) + "|")
    found: dict[str, list[np.ndarray]] = {name: [] for name in NETWORKS}
    for seed in seeds:
        for name in PAIR if found[FLOW] else NETWORKS:  # the flow's blur hangs on no seed
            found[name].append(scores(run(name, seed, arguments.epochs)))
            show(f"{name}, seed {seed}", found[name][-1:])
    for name, rows in found.items():
        show(f"**{name}**", rows)
    gain = np.array(found[PAIR[0]])[:, 0] - np.array(found[PAIR[1]])[:, 0]
    print(f"\n{PAIR[0]} - {PAIR[1]}: {gain.mean():+.4f} ± {gain.std():.4f}")


if __name__ == "__main__":
    main()
