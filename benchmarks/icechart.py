"""Speed and memory of the ice charts, each as a ratio to a named peer in the same run.

Scenes are synthetic, in the ready-to-train format. Peers that are not installed are skipped:
xarray, and torch, which may be in another environment: TORCH_PYTHON names its Python.

Usage: python benchmarks/icechart.py [--small]     (ten minutes on two cores; --small: two)
"""

import dataclasses
import importlib.util
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch_unet
from timing import median_seconds

from seaice_tf.files.synthetic_cache import cached
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import scene, synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, COARSE, FINE, MASK
from seaice_tf.icechart.prepare import prepare
from seaice_tf.icechart.scores import autoice
from seaice_tf.icechart.settings import Settings
from seaice_tf.icechart.task import TASK

SMALL = "--small" in sys.argv
SCENE = (1250, 1300) if SMALL else (5000, 5200)  # pixels of 80 m
SCENES, SIDE, BATCH, BATCHES = 3, 256, 8, 32
PIXELS = 2_000_000  # to score
CHANNELS = (*FINE, *COARSE)  # 24


def scenes() -> Path:
    arguments = (SCENES, SCENE, 0, 0)
    return cached("icechart_bench", synthetic_scenes.write, *arguments)


def settings(**changes: Any) -> Settings:
    plain = Settings(
        data=str(scenes()),
        channels=CHANNELS,
        downscale=1,
        patch=SIDE,
        patches=64,
        flips=False,
        rot90=False,
        min_valid_fraction=0.0,
        consistent=False,
    )
    return dataclasses.replace(plain, **changes)


def batches(root: Path) -> dict[str, tuple[float, float]]:
    """Batches of patches from shards, against windows of the same size read by xarray."""
    from seaice_tf.pipeline import training_stream

    shards = root / "shards"
    prepare(settings(), shards)
    dataset = training_stream(TASK.data.splits(settings(shards=str(shards))).train, BATCH, seed=0)
    if not importlib.util.find_spec("xarray"):
        return {}
    import xarray

    paths = scene.find(scenes())
    files = [xarray.open_dataset(path, mask_and_scale=False) for path in paths]
    rng = np.random.default_rng(0)

    def read(data) -> None:
        top, left = (int(rng.integers(0, n - SIDE)) for n in SCENE)
        window = Window(top, left, SIDE, SIDE)
        for name in (*FINE, *CHARTS):
            data[name][window.slices].load()
        cells = np.stack([data[name].values for name in COARSE], axis=-1)
        coarse_grid.place(cells, window)

    def pipeline() -> None:
        stream = iter(dataset)  # a new one, because it prefetches while the peer runs
        for _ in range(BATCHES):
            next(stream)

    def opening() -> None:
        for _ in range(BATCHES * BATCH):
            with xarray.open_dataset(paths[rng.integers(SCENES)], mask_and_scale=False) as data:
                read(data)

    def kept_open() -> None:
        for _ in range(BATCHES * BATCH):
            read(files[rng.integers(SCENES)])

    ours, opened, kept = median_seconds(pipeline, opening, kept_open)
    name = f"{BATCHES * BATCH} patches of {SIDE} x {SIDE} x {len(CHANNELS)}: shards / xarray"
    return {
        f"{name} that opens the file for each": (ours, opened),
        f"{name} with the files kept open": (ours, kept),
    }


def score() -> tuple[float, float]:
    """The AutoICE score of pooled pixels, against the functions of scikit-learn."""
    from sklearn.metrics import f1_score, r2_score

    rng = np.random.default_rng(0)
    true, pred = (
        {c: rng.integers(0, len(CLASSES[c]), PIXELS, dtype=np.uint8) for c in CHARTS}
        for _ in range(2)
    )
    for chart in CHARTS:
        true[chart][rng.random(PIXELS) < 0.3] = MASK

    def ours():
        found = autoice.scores(autoice.pooled([autoice.matrices(true, pred)]))
        return [found[chart] for chart in CHARTS]

    def theirs():
        known = {c: true[c] != MASK for c in CHARTS}
        pairs = {c: (true[c][known[c]], pred[c][known[c]]) for c in CHARTS}
        f1 = [f1_score(*pairs[c], average="weighted") for c in ("SOD", "FLOE")]
        return [100 * r2_score(*pairs["SIC"]), *(100 * each for each in f1)]

    np.testing.assert_allclose(ours(), theirs(), rtol=1e-9)
    seconds, peer = median_seconds(ours, theirs)
    return seconds, peer


def step() -> tuple[float, float] | None:
    """A training step of the four-level U-Net, against the same layers in PyTorch."""
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    check = [python, "-c", "import torch"]
    if subprocess.run(check, capture_output=True, check=False).returncode:
        return None
    model = TASK.training.build(settings())
    image, true = torch_unet.batch()
    with torch_unet.steps_of(python) as theirs:
        ours, peer = median_seconds(lambda: model.train_on_batch(image, true), theirs)
    return ours, peer


def predict_scene(root: Path, levels: int) -> tuple[float, float]:
    """Seconds and peak GiB of the prediction and products of a scene of 24 channels."""
    from seaice_tf import compat
    from seaice_tf.icechart.networks.unet import FILTERS
    from seaice_tf.runs import artifact, folder, predict

    given = settings(filters=FILTERS[levels])
    run = root / f"levels{levels}"
    compat.export(
        TASK.training.serving_model(given, TASK.training.build(given)), run / folder.SAVED_MODEL
    )
    cases = TASK.data.future(given)
    first = type(cases)(cases.source, cases.make[:1])
    start = time.perf_counter()
    predict.predict(TASK, first, artifact.predictor(run), "untrained", root / "out")
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def in_subprocess(function: Callable, *arguments):
    """Call a function in a process of its own, to measure its memory."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    scenes()  # written here, so that it is not part of the measurements
    print(f"synthetic scenes of {SCENE[0]} x {SCENE[1]} pixels; {platform.machine()}")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        whole = {levels: in_subprocess(predict_scene, root, levels) for levels in (4,)}
        rows = batches(root)
    rows[f"scores of {PIXELS:,} pixels: confusion matrices / scikit-learn"] = score()
    if trained := step():
        rows[f"training step, 4 x {SIDE} x {SIDE} x {len(CHANNELS)}: Keras / PyTorch"] = trained
    print("| task: seaice_tf / peer | seconds | peer's seconds | ratio |\n|---|---|---|---|")
    for label, (ours, peer) in rows.items():
        print(f"| {label} | {ours:.3f} | {peer:.3f} | {ours / peer:.3f} |")
    print("\n| a whole scene at 80 m with its products | seconds | peak GiB |\n|---|---|---|")
    for levels, (seconds, memory) in whole.items():
        print(f"| {levels} levels | {seconds:.0f} | {memory:.2f} |")


if __name__ == "__main__":
    main()
