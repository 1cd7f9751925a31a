"""Speed and memory of the ice charts, each beside a named peer in the same run.

Scenes are synthetic, in the ready-to-train format, and the network is untrained: no ice chart is
released. Torch may be in another environment with xarray and netCDF4: TORCH_PYTHON names its
Python.

Usage: python benchmarks/icechart.py [scene growth patches score step]
"""

import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch_unet
import xarray
from timing import Row, alone, median_seconds, run, seconds

from seaice_tf.files.synthetic_cache import cached
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import scene, synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, COARSE, FINE, MASK
from seaice_tf.icechart.prepare import prepare
from seaice_tf.icechart.scores import autoice
from seaice_tf.icechart.settings import Settings
from seaice_tf.icechart.task import TASK

SCENE = (2500, 2600)  # pixels of 80 m
SCENES, SIDE, BATCH, BATCHES = 2, 256, 8, 16
LONGER = 16  # times as many batches of the pipeline, which is faster, as of its peers
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
    os.sync()  # writing would go on beside the measurement
    dataset = training_stream(TASK.data.splits(settings(shards=str(shards))).train, BATCH, seed=0)
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
        # A new one, because it prefetches while the peer runs: one so long that the few batches
        # that it has read ahead at the end count little.
        stream = iter(dataset)
        for _ in range(LONGER * BATCHES):
            next(stream)

    def opening() -> None:
        for _ in range(BATCHES * BATCH):
            with xarray.open_dataset(paths[rng.integers(SCENES)], mask_and_scale=False) as data:
                read(data)

    def kept_open() -> None:
        for _ in range(BATCHES * BATCH):
            read(files[rng.integers(SCENES)])

    ours, opened, kept = median_seconds(pipeline, opening, kept_open, repeats=3)
    ours /= LONGER
    return {
        "xarray that opens the file for each": (ours, opened),
        "xarray with the files kept open": (ours, kept),
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


def step(python: str) -> tuple[float, float]:
    """A training step of the four-level U-Net, against the same layers in PyTorch."""
    model = TASK.training.build(settings())
    image, true = torch_unet.batch()
    with torch_unet.steps_of(python) as theirs:
        ours, peer = median_seconds(lambda: model.train_on_batch(image, true), theirs)
    return ours, peer


def predict_scene(folder_of_scenes: Path, root: Path, levels: int = 4) -> float:
    """Seconds of the prediction and products of a scene of 24 channels."""
    from seaice_tf import compat
    from seaice_tf.icechart.networks.unet import FILTERS
    from seaice_tf.runs import artifact, folder, predict

    given = settings(filters=FILTERS[levels], data=str(folder_of_scenes))
    saved = root / f"levels{levels}"
    served = TASK.training.serving_model(given, TASK.training.build(given))
    compat.export(served, saved / folder.SAVED_MODEL)
    cases = TASK.data.future(given)
    predictor = artifact.predictor(saved)
    return seconds(lambda: predict.predict(TASK, cases, predictor, "untrained", root / "products"))[
        0
    ]


def one_scene(shape: tuple[int, int]) -> Path:
    return cached("icechart_bench", synthetic_scenes.write, 1, shape, 0, 0)


def torch_python() -> str | None:
    """The Python that has torch; None if there is none."""
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    check = [python, "-c", "import torch, xarray, netCDF4"]
    return None if subprocess.run(check, capture_output=True, check=False).returncode else python


def scene_rows() -> Iterator[Row]:
    """A scene with products, against the starter pack's PyTorch without, in processes."""
    place, python = one_scene(SCENE), torch_python()
    (path,) = scene.find(place)
    theirs, their_memory = None, 0
    if python:
        words = [python, torch_unet.__file__, "scene", str(path)]
        out = subprocess.run(words, capture_output=True, check=True, text=True).stdout.split()
        theirs, their_memory = float(out[0]), int(out[1])
    with tempfile.TemporaryDirectory() as root:
        ours, memory = alone(predict_scene, place, Path(root))
    what = f"scene of {SCENE[0]} x {SCENE[1]} x {len(CHANNELS)} with its products"
    yield Row(what, "PyTorch without products", (ours, theirs), "s", (memory, their_memory))


def growth() -> Iterator[Row]:
    """A scene of twice and four times the area, against one."""
    single = None
    for factor, (lines, samples) in {1: (1, 1), 2: (1, 2), 4: (2, 2)}.items():
        place = one_scene((lines * SCENE[0], samples * SCENE[1]))
        with tempfile.TemporaryDirectory() as root:
            ours, memory = alone(predict_scene, place, Path(root))
        single = single or (ours, memory)
        what = f"a scene of {factor} times the area"
        yield Row(what, f"{factor} times one", (ours, factor * single[0]), "s", (memory, single[1]))


def patch_rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as root:
        for label, times in batches(Path(root)).items():
            rates = [BATCH * BATCHES / each for each in times]
            yield Row("patches of 256 from shards", label, rates, "a second")


def score_rows() -> Iterator[Row]:
    yield Row(f"scores of {PIXELS:,} pixels", "scikit-learn", score())


def step_rows() -> Iterator[Row]:
    what = f"training step, 4 x {SIDE} x {SIDE} x {len(CHANNELS)}"
    if python := torch_python():
        yield Row(what, "PyTorch", step(python))


if __name__ == "__main__":
    run(
        __doc__,
        {
            "scene": scene_rows,
            "growth": growth,
            "patches": patch_rows,
            "score": score_rows,
            "step": step_rows,
        },
    )
