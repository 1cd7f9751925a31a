"""Long runs, by `make soak` only: memory and open files do not grow with what was done.

What is asserted is the slope of a line through samples, those of a start left out, in which
TensorFlow and matplotlib take what they keep.
"""

import dataclasses
import itertools
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import pipeline, processes
from seaice_tf.cli import main as cli
from seaice_tf.runs import artifact, fit, tune
from seaice_tf.tasks import TASKS

pytestmark = pytest.mark.soak

MIB = 2**20
STEPS, TRIALS, PLOTS, WINDOWS = 1000, 10, 200, 10_000
ROUND = 5  # plots, one of each task
START = 0.3  # of the samples
VARIANTS = ["forecast-unet", "clouds", "icechart", "nowcast", "geopose"]
SHARDED = ["icechart", "nowcast", "geopose"]


def memory() -> float:
    """MiB that are resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def handles() -> int:
    """Open files, and files that are mapped."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    return len(os.listdir("/proc/self/fd")) + sum("/" in line for line in maps)


def slope(values, what: str, every: int, unit: str) -> float:
    """Of a line through samples that were taken every so many; prints it."""
    values = values[int(START * len(values)) :]
    per = np.polyfit(np.arange(len(values)), values, 1)[0] / every
    print(f"{what}: {values[0]:.1f} to {values[-1]:.1f} {unit}, {per:+.4f} {unit} each")
    return per


class Samples(keras.callbacks.Callback):
    """Memory every 20 steps."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        if batch % 20 == 0:
            self.values.append(memory())


def endless(examples: pipeline.Examples, size: int) -> pipeline.Examples:
    """So many examples, those given again and again."""
    draw = examples.draw
    return dataclasses.replace(
        examples,
        size=size,
        fetch=lambda i: examples.fetch(i % examples.size),
        draw=draw and (lambda seed, epoch, i: draw(seed, epoch, i % examples.size)),
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_memory_over_1000_steps(variant, tiny_settings, tmp_path):
    task, settings = TASKS[variant.split("-")[0]], tiny_settings[variant]
    training = dataclasses.replace(settings.training, epochs=1, checkpoint_steps=50)
    settings = dataclasses.replace(settings, training=training)
    fit.seed_everything(0)
    splits, samples = task.data.splits(settings), Samples()
    splits = dataclasses.replace(splits, train=endless(splits.train, STEPS * training.batch_size))
    fit.fit(task.training.build(settings), splits, training, tmp_path, [samples])
    assert len(samples.values) == STEPS / 20
    assert slope(samples.values, f"{task.name}, steps", 20, "MiB") < 0.02


@pytest.mark.skipif("tf_keras" in keras.Model.__module__, reason="keras-tuner refuses tf_keras")
@pytest.mark.parametrize("where", ["in one process", "in processes of their own"])
def test_memory_over_10_trials(where, frame_settings, tmp_path):
    short = dataclasses.replace(frame_settings.training, epochs=1)
    settings = dataclasses.replace(frame_settings, training=short)
    in_subprocess, samples = where != "in one process", []
    call = cli._train_trial
    if in_subprocess:
        call = partial(processes.run_in_subprocess, call)

    def train(*arguments):
        loss = call("nowcast", False, None, *arguments)
        samples.append(memory())
        return loss

    tune.tune(TASKS["nowcast"], settings, tmp_path / "sweep", TRIALS, "random", train)
    assert len(samples) == TRIALS
    growth = slope(samples, f"nowcast, trials {where}", 1, "MiB")
    assert growth < 2 or not in_subprocess


def test_memory_over_200_plots(tiny_settings, tmp_path):
    def drawer(variant):
        task, settings = TASKS[variant.split("-")[0]], tiny_settings[variant]
        case = task.data.splits(settings).preview()
        outputs = task.training.serving_model(settings, task.training.build(settings))(
            artifact.batch(case)
        )
        maps = {head: value.numpy()[0] for head, value in outputs.items()}
        return lambda: task.products.pictures(case, maps)

    drawers, samples = [drawer(variant) for variant in VARIANTS], []
    for _ in range(PLOTS // ROUND):
        for draw in drawers:
            assert draw()
        samples.append(memory())
    assert slope(samples, "plots", ROUND, "MiB") < 0.1


@pytest.mark.parametrize("source", ["nowcast files", *(f"{t} shards" for t in SHARDED)])
def test_open_files_over_10000_windows(source, tiny_settings, tmp_path):
    name, kind = source.split()
    task, settings = TASKS[name], tiny_settings[name]
    if kind == "shards":
        task.data.prepare(settings, tmp_path)
        settings = dataclasses.replace(settings, shards=str(tmp_path))
    examples = endless(task.data.splits(settings).train, WINDOWS)
    stream, samples = pipeline.training_stream(examples, 20, seed=0), []
    for i, _ in enumerate(itertools.islice(stream, WINDOWS // 20)):
        if i % 10 == 0:
            samples.append(handles())
    assert abs(slope(samples, f"{source}, windows", 200, "files")) < 1e-4
