"""Which run of an AutoICE entry scores best, and which of its ideas improve the score?

The six runs of the entry under their names, the sixth of which its authors did not run, and the
settings of the AutoICE winner; then one idea at a time against the same base, over several seeds.
The first three runs classify concentration and predict inconsistent charts, as the entry did then;
the others regress it, share a head for open water and weight scenes by the composition of the test
scenes. Scores of finished runs are reused, an interrupted run is resumed.

Without --data on synthetic scenes, at sizes that two cores can train; the results hold for such
scenes, not for real ice. With --data on the real data set, at the sizes of the entry.

Usage: python experiments/icechart_runs.py [--data SCENES --target testset.json] [--tiny]
(80 minutes of one busy core; --tiny: two minutes, a test of the code)
"""

import argparse
import dataclasses
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.icechart import examples
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.networks.unet import FILTERS
from seaice_tf.icechart.prepare import prepare
from seaice_tf.icechart.settings import CHANNELS, Settings
from seaice_tf.icechart.task import TASK
from seaice_tf.runs import folder, train


@dataclass(frozen=True)
class Size:
    """Sizes of the runs; `epochs` correspond to 40 epochs of the entry."""

    folder: str
    epochs: int
    patches: int
    patch: int
    batch_size: int
    downscale: int
    winner_patch: int
    seeds: tuple[int, ...] = (0, 1)


HERE = Size("synthetic", 12, 128, 128, 8, 5, 64)
REAL = Size("real", 40, 4000, 512, 8, 1, 256)
TINY = Size("tiny", 1, 4, 32, 2, 10, 32, seeds=(0,))
SCENES = {"synthetic": (48, (1000, 1040), 0, 12), "tiny": (24, (400, 416), 0, 6)}
ROOT = Path("saved_models/icechart/runs")
MARINARA = "pizza_marinara"

FIRST = {"sic_head": "classification", "consistent": False}
SAMPLED = {"target": "tests", "transfer": MARINARA}
ENTRY: dict[str, dict[str, Any]] = {
    MARINARA: {"filters": FILTERS[4], **FIRST},
    "pizza_margherita": {"filters": FILTERS[8], **FIRST},
    "pizza_basilico": {"filters": FILTERS[8], "epochs": 100 / 40, **FIRST},
    "pizza_quattro_formaggi": {"filters": FILTERS[8], "epochs": 75 / 40, **SAMPLED},
    "pizza_quattro_stagioni": {"filters": FILTERS[6], **SAMPLED},
    "pizza_tre_stagioni": {"filters": FILTERS[6], "sic_head": "classification", **SAMPLED},
}
WINNER = {
    "downscale": 10,
    "filters": (32, 32, 64, 64),
    "channels": (
        *CHANNELS,
        "month_sine",
        "month_cosine",
        "latitude",
        "longitude_sine",
        "longitude_cosine",
    ),
    "scale": 1.5,
    "cutmix": 0.5,
    "consistent": False,
    "batch_size": 16,
    "optimizer": "sgd",
    "learning_rate": 1e-3,
    "momentum": 0.9,
    "schedule": "cosine_restarts",
    "restart_epochs": 20,
    "average": 0.0,
}
IDEAS: dict[str, dict[str, Any]] = {
    "base": {},
    "6 levels": {"filters": FILTERS[6]},
    "8 levels": {"filters": FILTERS[8]},
    "gates": {"gates": True},
    "attention": {"attention_heads": 2},
    "SIC by classification": {"sic_head": "classification"},
    "SIC by thresholds": {"sic_head": "ordinal"},
    "sampler": {"target": "tests"},
    "CutMix": {"cutmix": 0.5},
}


def settings(size: Size, scenes: Path, root: Path, seed: int, changes: dict) -> Settings:
    """Settings of a run; `changes` are settings or training settings."""
    known = {field.name for field in dataclasses.fields(Settings)}
    of_training = {key: value for key, value in changes.items() if key not in known}
    epochs = max(round(size.epochs * of_training.pop("epochs", 1)), 1)
    if "transfer" in of_training:
        of_training["transfer"] = str(root / of_training["transfer"])
    base = Settings(
        data=str(scenes),
        downscale=size.downscale,
        patch=size.patch,
        patches=size.patches,
    )
    training = replace(base.training, epochs=epochs, batch_size=size.batch_size, seed=seed)
    training = replace(training, **of_training)
    chosen = {key: value for key, value in changes.items() if key in known}
    if "target" in chosen:
        chosen["target"] = str(root / "tests.json")
    return replace(base, training=training, **chosen)


def test_names(scenes: Path) -> list[str]:
    """Names of the test scenes, if known the original ones, which contain area and satellite."""
    names = []
    for scene in examples.test_scenes(Settings(data=str(scenes))):
        original = str(scene.attributes.get("original_id", ""))
        try:
            scene_names.parse(original)
        except InputError:
            original = scene.path.name
        names.append(original)
    return names


def run(path: Path, given: Settings) -> dict[str, float]:
    """Scores of a run on the test scenes; trains it if it is not complete."""
    if not (path / folder.MANIFEST).exists():
        shards = path.parent / f"shards_{given.downscale}_{len(given.channels)}"
        prepare(given, shards)
        keras.backend.clear_session()
        train.train(TASK, replace(given, shards=str(shards)), path)
    return folder.read_json(path / folder.SCORES)["scores"]


def row(label: str, scores: list[dict[str, float]]) -> str:
    cells = [f"{np.mean([s[name] for s in scores]):.1f}" for name in CHARTS]
    values = [s["score"] for s in scores]
    spread = f" ± {np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    return f"| {label} | {' | '.join(cells)} | **{np.mean(values):.1f}**{spread} |"


def worst(scores: dict[str, float], kind: str) -> str:
    """The group of a kind with the lowest F1 of SOD; R2 is undefined in open water."""
    found = {
        key.removeprefix(f"{kind}_").removesuffix("/SOD"): value
        for key, value in scores.items()
        if key.startswith(f"{kind}_") and key.endswith("/SOD") and np.isfinite(value)
    }
    return min(((value, name) for name, value in found.items()), default=(np.nan, "none"))[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--target", type=Path, help="list of the test scenes")
    parser.add_argument("--tiny", action="store_true")
    flags = parser.parse_args()
    size = REAL if flags.data else TINY if flags.tiny else HERE
    root = ROOT / size.folder
    scenes = flags.data or cached(
        f"icechart_{size.folder}", synthetic_scenes.write, *SCENES[size.folder]
    )
    listed = json.dumps(test_names(scenes)) if not flags.target else flags.target.read_text()
    atomic.write_text(root / "tests.json", listed)
    entry = {name: (changes, size) for name, changes in ENTRY.items()}
    entry["winner's settings"] = (WINNER, replace(size, patch=size.winner_patch))
    head = "| | SIC | SOD | FLOE | score |\n|---|---|---|---|---|"
    lines, conditions = [head], ["| worst | month | location | service |\n|---|---|---|---|"]
    for label, (changes, own) in entry.items():
        path = root / label.replace("'", "").replace(" ", "_")
        found = run(path, settings(own, scenes, root, 0, changes))
        lines.append(row(label, [found]))
        kinds = [worst(found, kind) for kind in ("month", "location", "service")]
        conditions.append(f"| {label} | {' | '.join(kinds)} |")
    baselines = folder.read_json(root / MARINARA / folder.SCORES)["baselines"]
    renamed = TASK.verification.renamed
    for label, scores in baselines.items():
        lines.append(row(renamed.get(label, label).replace("_", " "), [scores]))
    lines += ["", f"Seeds {size.seeds}, mean ± standard deviation:", "", head]
    for label, changes in IDEAS.items():
        each = [
            run(
                root / f"{label.replace(' ', '_')}-{seed}",
                settings(size, scenes, root, seed, changes),
            )
            for seed in size.seeds
        ]
        lines.append(row(label, each))
    print("\n".join([*lines, "", *conditions]))


if __name__ == "__main__":
    main()
