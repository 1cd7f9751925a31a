"""Speed and memory of the forecast, each beside a named peer.

Usage: python benchmarks/forecast.py [released growth examples step memory]
"""

import tempfile
from collections.abc import Iterator

import numpy as np
from timing import Row, alone, median_seconds, python, run, seconds

from seaice_tf import pipeline
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.networks.losses import LOSSES
from seaice_tf.forecast.settings import LEADS, Settings, UNet
from seaice_tf.forecast.task import TASK
from seaice_tf.lazy import tf
from seaice_tf.networks import weights
from seaice_tf.runs import artifact, folder


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


def released() -> Iterator[Row]:
    """12 months by the released SavedModel, against Keras with its weights; cold, then warm."""
    run_folder = folder.released(TASK)
    settings = folder.open_run(run_folder, TASK)
    case = next(iter(TASK.data.future(settings)))
    start, predict = seconds(lambda: artifact.predictor(run_folder))
    first, _ = seconds(lambda: predict(case))
    model = TASK.training.build(settings)
    weights.load(run_folder / folder.WEIGHTS, model)
    keras_model = TASK.training.serving_model(settings, model)
    inputs = artifact.batch(case)
    keras_first, _ = seconds(lambda: keras_model.predict_on_batch(inputs))
    ours, theirs = median_seconds(
        lambda: predict(case), lambda: keras_model.predict_on_batch(inputs), repeats=3
    )
    peer = "Keras with its weights"
    yield Row("12 months, first call", peer, (first, keras_first))
    yield Row("12 months, later calls", peer, (ours, theirs))
    yield Row("loading the SavedModel", "its first call", (start, first))


def on_larger_grid(rows: int, columns: int) -> float:
    """Seconds of the released SavedModel's first call, its grid repeated side by side."""
    run_folder = folder.released(TASK)
    model = tf.saved_model.load(str(run_folder / folder.SAVED_MODEL))
    case = next(iter(TASK.data.future(folder.open_run(run_folder, TASK))))
    history, month = artifact.batch(case)
    larger = np.tile(history, (1, 1, rows, columns))
    return seconds(lambda: model.serve(larger, month)["concentration"].numpy())[0]


def growth() -> Iterator[Row]:
    """12 months of two and four times as many cells, against one, each in a process."""
    single = None
    for rows, columns in ((1, 1), (2, 1), (2, 2)):
        ours, memory = alone(on_larger_grid, rows, columns)
        single = single or (ours, memory)
        number = rows * columns
        what, memories = f"12 months of {number} x the cells, first call", (memory, single[1])
        yield Row(what, f"{number} times one", (ours, number * single[0]), "s", memories)


def example_rows() -> Iterator[Row]:
    network = UNet()
    times = examples(Settings(network=network), network)
    yield Row("U-Net, 4 examples from the pipeline", "numpy slicing", times)


def step_rows() -> Iterator[Row]:
    network = UNet()
    times = step(Settings(network=network), network)
    yield Row("U-Net, training step by Keras", "bare gradient tape", times)


def memory() -> Iterator[Row]:
    """Peak memory of `predict`, against that of importing TensorFlow."""
    with tempfile.TemporaryDirectory() as out:
        words = ("predict", "forecast", "--run", str(folder.released(TASK)), "--out", out)
        wall, _, peak = python("-m", "seaice_tf", *words)
    floor, _, base = python("-c", "import tensorflow")
    yield Row("`predict forecast`", "import of TensorFlow", (wall, floor), "s", (peak, base))


if __name__ == "__main__":
    run(
        __doc__,
        {
            "released": released,
            "growth": growth,
            "examples": example_rows,
            "step": step_rows,
            "memory": memory,
        },
    )
