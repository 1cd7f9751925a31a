"""Does augmentation help or harm, and is a scale told better by a head or by a fit to the heights?

The fourth place of the Overhead Geopose Challenge found that heavy augmentation harms: its network
was pretrained with it and finetuned without for twice as long. Here all runs have the same number
of steps and the same learning rate; "heavy, then none" is a third with and two thirds without. Last
the eight turns again, with a map of the flow's length to which the scale is fitted, and with scale
and angle told by the bottleneck alone. Finished runs are read again, an open one goes on where it
stopped.

Without --data on synthetic tiles: they say which way to go on such tiles, and with so few of them,
not what thousands of real ones ask for.

Usage: python experiments/geopose_augmentation.py [--data TILES --crop 512] [--tiny]
       [--epochs 12] [--seeds 3]
(seven runs a seed, together as long as six: with 12 epochs half an hour of processor time a seed.
--tiny: two minutes, and no figure to look at)
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf.files.synthetic_cache import cached
from seaice_tf.geopose.data import synthetic_tiles
from seaice_tf.geopose.task import TASK, Settings
from seaice_tf.runs import folder, train

ROOT = Path("saved_models/geopose/augmentation")
FIRST = 1 / 3  # of the epochs, with heavy augmentation
PRETRAINED = "heavy first"
KINDS: dict[str, dict[str, Any]] = {
    "none": {"augment": "none"},
    "turns": {"augment": "turns"},
    "heavy": {"augment": "heavy"},
    PRETRAINED: {"augment": "heavy", "share": FIRST},
    "heavy, then none": {"augment": "none", "share": 1 - FIRST, "transfer": PRETRAINED},
    "turns, scale fitted": {"augment": "turns", "scale_by": "fit"},
    "turns, bottleneck alone": {"augment": "turns", "pose_from": "bottleneck"},
}
NAMES = ("r2", "r2_agl", "r2_vflow", "agl_rmse", "vflow_rmse", "scale_mae", "angle_mae")


def path_of(root: Path, kind: str, seed: int) -> Path:
    return root / f"{kind.replace(',', '').replace(' ', '_')}-{seed}"


def settings(base: Settings, root: Path, kind: str, seed: int) -> Settings:
    """Those of one run."""
    changes = dict(KINDS[kind])
    epochs = max(round(changes.pop("share", 1) * base.training.epochs), 1)
    before = changes.pop("transfer", "")
    training = replace(base.training, epochs=epochs, seed=seed)
    if before:
        rate = 2 * training.learning_rate  # of which transfer takes half
        training = replace(training, learning_rate=rate, transfer=str(path_of(root, before, seed)))
    return replace(base, training=training, **changes)


def run(base: Settings, root: Path, kind: str, seed: int) -> dict[str, Any]:
    """The scores of a run and of its baselines, trained now if it is not there."""
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
        tiles = cached("geopose_tiny", synthetic_tiles.write, 12, 0, 48, 1.0)
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
    dumb = first["best_baseline"]
    lines.append(row(dumb.replace("_", " "), [first["baselines"][dumb]]))
    print(
        f"{first['data']}, {len(seeds)} seeds, mean ± standard deviation:\n",
        *(head, *lines),
        sep="\n",
    )


if __name__ == "__main__":
    main()
