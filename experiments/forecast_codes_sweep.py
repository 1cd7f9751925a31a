"""What is each hyperparameter of the sequence models of codes worth?

A Bayesian sweep by Keras Tuner for the linear forecast of codes, the LSTM and the attention, on the
codes alone: trained on the months to 2006, objective the mean square of the code departures of
2007-2009 as a fraction of that of the five-year climatology. The cells' head, which costs minutes,
is not trained. Records for TensorBoard HParams are written to the folder. Real data with
SEAICE_TF_DATA; a few minutes on two cores.

Usage: python experiments/forecast_codes_sweep.py FOLDER [TRIALS]
"""

import sys
from pathlib import Path

import keras_tuner
import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast import anomaly_examples
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.examples import archive, filled_images
from seaice_tf.forecast.networks import anomaly_codes
from seaice_tf.forecast.settings import LEADS, AnomalyCodes, Settings

LONGEST, MOST_CODES = 36, 48
FIRST = 12 * 7  # of the inits: four years before the first anomaly, and 36 months of them
EPOCHS, BATCH = 24, 16
VARIANTS = ("linear_codes", "lstm_codes", "attention_codes")


def arrays() -> dict[str, np.ndarray]:
    """Codes of the last months, season, departures and their weights for each init."""
    network = AnomalyCodes(codes=MOST_CODES)
    settings = Settings(network=network)
    data = archive(settings)
    images = filled_images(data, settings).reshape(len(data.counts), -1) / np.float32(FULL_ICE)
    functions = anomaly_examples.functions(network, settings, data)
    codes = images @ (functions / (functions**2).sum(axis=0))
    size = (functions**2).sum(axis=0)
    anomalies = anomaly_examples.anomalies(codes)
    starts = np.arange(FIRST, len(codes) - LEADS + 1)
    at = starts[:, None] + np.arange(LEADS)
    before = np.mean([codes[at - LEADS * year] for year in range(1, 6)], axis=0)
    month = np.array([months.number(data.first + int(i)) for i in starts]) * np.pi / 6
    return {
        "codes": np.stack([anomalies[i - LONGEST : i] for i in starts]).astype(np.float32),
        "season": np.stack([np.sin(month), np.cos(month)], axis=1).astype(np.float32),
        "departures": (codes[at] - before).astype(np.float32),
        "size": size / size.sum(),
        "target": at,
        "train": data.index(months.parse(settings.train_end)),
        "validation": data.index(months.parse(settings.validation_end)),
    }


class Sweep(keras_tuner.HyperModel):
    """Trials of one variant."""

    def __init__(self, variant: str, record: dict):
        super().__init__(name=variant)
        self.variant, self.record = variant, record

    def build(self, hp):
        number = hp.Choice("months", [1, 3, 6, 12, 24, 36])
        codes = hp.Choice("codes", [8, 16, 24, 48])
        options = {"noise": hp.Choice("noise", [0.2, 0.5, 1.0])}
        options["dropout"] = hp.Choice("dropout", [0.2, 0.4, 0.6, 0.8])
        if self.variant != "linear_codes":
            name = "units" if self.variant == "lstm_codes" else "width"
            options[name] = hp.Choice("units", [8, 16, 32])
        keras.utils.set_random_seed(0)
        model = anomaly_codes.VARIANTS[self.variant](number, codes, **options)
        rate = hp.Choice("learning_rate", [1e-3, 3e-3, 1e-2])
        decay = hp.Choice("weight_decay", [1e-3, 1e-2, 1e-1])
        optimizer = keras.optimizers.AdamW(rate, weight_decay=decay)
        model.compile(optimizer, loss="mse", jit_compile=False)
        return model

    def fit(self, hp, model, callbacks=(), **options):
        number, codes = hp.get("months"), hp.get("codes")
        record, target = self.record, self.record["target"]
        learns = target <= record["train"]
        held_out = (target > record["train"]) & (target <= record["validation"])
        chosen, validation = learns.any(axis=1), held_out.any(axis=1)

        def inputs(rows):
            history = record["codes"][rows, -number:, :codes]
            names = (f"{model.name}_codes", f"{model.name}_season")
            return dict(zip(names, (history, record["season"][rows])))

        weight = learns[chosen].astype(np.float32)
        values = inputs(chosen), record["departures"][chosen][..., :codes], weight
        dataset = tf.data.Dataset.from_tensor_slices(values).shuffle(512, seed=0).batch(BATCH)
        true, size = (
            record["departures"][validation],
            record["size"] * held_out[validation, :, None],
        )
        errors = []

        def measure(epoch, logs):
            found = np.zeros_like(true)
            found[..., :codes] = model(inputs(validation))
            errors.append((size * (found - true) ** 2).sum() / (size * true**2).sum())

        measured = keras.callbacks.LambdaCallback(on_epoch_end=measure)
        model.fit(dataset, epochs=EPOCHS, verbose=0, callbacks=[*callbacks, measured])
        return {"error": float(min(errors))}


def main(folder: Path, trials: int) -> None:
    record = arrays()
    print("| variant | best trial | its settings | median trial |")
    print("|---|---:|---|---:|")
    for variant in VARIANTS:
        tuner = keras_tuner.BayesianOptimization(
            Sweep(variant, record),
            objective=keras_tuner.Objective("error", "min"),
            max_trials=trials,
            directory=folder,
            project_name=variant,
            seed=0,
        )
        tuner.search(
            verbose=0, callbacks=[keras.callbacks.TensorBoard(str(folder / variant / "hparams"))]
        )
        done = sorted(tuner.oracle.trials.values(), key=lambda trial: trial.score)
        best = ", ".join(f"{k} {v}" for k, v in done[0].hyperparameters.values.items())
        print(f"| `{variant}` | {done[0].score:.3f} | {best} | {done[len(done) // 2].score:.3f} |")
        for name in done[0].hyperparameters.values:
            worth: dict = {}
            for trial in done:
                worth.setdefault(trial.hyperparameters.values[name], []).append(trial.score)
            print(f"  {name}:", {k: round(float(np.mean(v)), 3) for k, v in sorted(worth.items())})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 20)
