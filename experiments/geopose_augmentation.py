"""Does augmentation improve the score, and should the scale be predicted or fitted to the heights?

The fourth place of the Overhead Geopose Challenge found that heavy augmentation lowers the score:
its network was pretrained with it and fine-tuned without it for twice as long. Here all runs have
the same number of steps and the same learning rate; "heavy, then none" is one third with and two
thirds without. The last two rows are dihedral augmentation with a map of the flow's magnitude to
which the scale is fitted, and with scale and angle predicted from the bottleneck alone. Finished
runs are reused, and an unfinished one resumes.

Without --data on synthetic tiles, whose results need not hold for thousands of real tiles.

Usage: python experiments/geopose_augmentation.py [--data TILES --crop 512] [--tiny]
       [--epochs 12] [--seeds 3]
(seven runs a seed, as long as six together: with 12 epochs half an hour of processor time a seed.
--tiny: two minutes, for a test of the script)
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf.files.synthetic_cache import cached
from seaice_tf.geopose.data import synthetic
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.task import TASK
from seaice_tf.runs import folder, train

ROOT = Path("saved_models/geopose/augmentation")
FIRST = 1 / 3  # of the epochs, with heavy augmentation
PRETRAINED = "heavy first"
KINDS: dict[str, dict[str, Any]] = {
    "none": {"augment": "none"},
    "dihedral": {"augment": "dihedral"},
    "heavy": {"augment": "heavy"},
    PRETRAINED: {"augment": "heavy", "fraction": FIRST},
    "heavy, then none": {"augment": "none", "fraction": 1 - FIRST, "transfer": PRETRAINED},
    "dihedral, scale fitted": {"augment": "dihedral", "scale_by": "fit"},
    "dihedral, bottleneck alone": {"augment": "dihedral", "pose_from": "bottleneck"},
}
NAMES = ("r2", "r2_agl", "r2_vflow", "agl_rmse", "vflow_rmse", "scale_mae", "angle_mae")


def path_of(root: Path, kind: str, seed: int) -> Path:
    return root / f"{kind.replace(',', '').replace(' ', '_')}-{seed}"


def settings(base: Settings, root: Path, kind: str, seed: int) -> Settings:
    """Settings of one run."""
    changes = dict(KINDS[kind])
    epochs = max(round(changes.pop("fraction", 1) * base.training.epochs), 1)
    before = changes.pop("transfer", "")
    training = replace(base.training, epochs=epochs, seed=seed)
    if before:
        rate = 2 * training.learning_rate  # transfer uses half of it
        training = replace(training, learning_rate=rate, transfer=str(path_of(root, before, seed)))
    return replace(base, training=training, **changes)


def run(base: Settings, root: Path, kind: str, seed: int) -> dict[str, Any]:
    """Scores of a run and of its baselines; trained if it does not exist."""
    path = path_of(root, kind, seed)
    if not (path / folder.MANIFEST).exists():
        keras.backend.clear_session()
        train.train(TASK, settings(base, root, kind, seed), path)
    return folder.read_json(path / folder.SCORES)


def row(label: str, scores: list[dict[str, float]]) -> str:
    """Mean and standard deviation over the seeds."""
    cells = []
    for name in NAMES:
        values = [each[name] for each in scores]
        spread = f" ± {np.std(values, ddof=1):.3f}" if values[1:] else ""
        cells.append(f"{np.mean(values):.3f}{spread}")
    return f"| {label} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="", help="folder of tiles")
    parser.add_argument("--crop", type=int, default=Settings().crop)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true")
    flags = parser.parse_args()
    training = replace(Settings().training, epochs=flags.epochs)
    base = Settings(data=flags.data, crop=flags.crop, training=training)
    root = ROOT / f"{'real' if flags.data else 'synthetic'}-{flags.epochs}"
    seeds = range(1 if flags.tiny else flags.seeds)
    if flags.tiny:
        tiles = cached("geopose_tiny", synthetic.write, 12, 0, 48, 1.0)
        training = replace(training, epochs=1, batch_size=2)
        base = replace(base, data=str(tiles), folds=3, crop=32, crops=4, training=training)
        root = ROOT / "tiny"
    found: dict[str, list] = {kind: [] for kind in KINDS}
    for seed in seeds:
        for kind, results in found.items():
            results.append(run(base, root, kind, seed))
    head = f"| | {' | '.join(NAMES)} |\n|---{'|---' * len(NAMES)}|"
    lines = [row(kind, [each["scores"] for each in results]) for kind, results in found.items()]
    first = found["none"][0]
    baseline = first["best_baseline"]
    lines.append(row(baseline.replace("_", " "), [first["baselines"][baseline]]))
    print(
        f"{first['data']}, {len(seeds)} seeds, mean ± standard deviation:\n",
        *(head, *lines),
        sep="\n",
    )


if __name__ == "__main__":
    main()
