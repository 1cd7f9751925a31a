"""Speed and memory of the forecast, each as a ratio to a named peer in the same run.

Usage: python benchmarks/forecast.py
"""

import platform
import resource
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich import box
from rich.console import Console
from rich.table import Table
from timing import median_seconds

from seaice_tf import compat, pipeline
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.networks.losses import LOSSES
from seaice_tf.forecast.settings import LEADS, Settings, UNet
from seaice_tf.forecast.task import TASK
from seaice_tf.runs import folder


def examples(settings: Settings, network: UNet):
    """A batch of shuffled, cropped examples from the pipeline, against slicing the same arrays."""
    data, train = archive(settings), TASK.data.splits(settings).train
    stream = iter(pipeline.training_stream(train, 4, seed=0))
    rng, side, months = np.random.default_rng(0), network.crop, settings.history

    def bare():
        for _ in range(4):
            start = int(rng.integers(months, len(data.counts) - LEADS))
            row, column = rng.integers(0, 448 - side), rng.integers(0, 304 - side)
            window = data.counts[
                start - months : start + LEADS, row : row + side, column : column + side
            ]
            history, future = window[:months].copy(), window[months:]
            known = future <= 250
            _ = history, np.where(known, future / np.float32(250), 0), known.astype(np.float32)

    return median_seconds(lambda: next(stream), bare)


def step(settings: Settings, network: UNet):
    """A training step by Keras, against the same layers under a bare gradient tape."""
    model, bare_model = TASK.training.build(settings), TASK.training.build(settings)
    batch = next(iter(pipeline.training_stream(TASK.data.splits(settings).train, 1, seed=0)))
    optimizer = bare_model.optimizer
    optimizer.build(bare_model.trainable_variables)

    @tf.function
    def bare(history, target, weight):
        with tf.GradientTape() as tape:
            pred = bare_model(history, training=True)["concentration"]
            loss = tf.reduce_mean(LOSSES[network.loss](target, pred) * weight)
        gradients = tape.gradient(loss, bare_model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, bare_model.trainable_variables))

    history, target, weight = batch[0], batch[1]["concentration"], batch[2]["concentration"]
    return median_seconds(
        lambda: model.train_on_batch(*batch), lambda: bare(history, target, weight)
    )


def year(settings: Settings):
    """The 12 months from the SavedModel, against `predict_on_batch` of the Keras model."""
    model = TASK.training.serving_model(settings, TASK.training.build(settings))
    history = next(iter(TASK.data.future(settings))).inputs[None]
    with tempfile.TemporaryDirectory() as root:
        compat.export(model, Path(root) / folder.SAVED_MODEL)
        artifact = tf.saved_model.load(str(Path(root) / folder.SAVED_MODEL))
        return median_seconds(
            lambda: artifact.serve(history), lambda: model.predict_on_batch(history)
        )


def main() -> None:
    network = UNet()
    settings = Settings(network=network)
    rows = {
        "U-Net, 4 examples: pipeline / numpy slicing": examples(settings, network),
        "U-Net, training step: Keras / bare tape": step(settings, network),
        "U-Net, 12 months: SavedModel / Keras predict": year(settings),
        "distribution, 12 months: SavedModel / Keras predict": year(Settings()),
    }
    source = archive(settings).source
    table = Table(title=f"forecast on {source}; {platform.machine()}", box=box.SIMPLE)
    for name in ("what / peer", "seconds", "peer's seconds", "ratio"):
        table.add_column(name, justify="left" if "/" in name else "right")
    for name, (ours, peer) in rows.items():
        table.add_row(name, f"{ours:.4f}", f"{peer:.4f}", f"{ours / peer:.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    data = archive(settings).counts.nbytes / 2**20
    table.add_row(
        "peak memory / the archive's own, MiB", f"{peak:.0f}", f"{data:.0f}", f"{peak / data:.1f}"
    )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
