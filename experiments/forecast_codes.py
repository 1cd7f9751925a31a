"""How well does a code from other months represent a month?

Linear codes: the leading empirical orthogonal functions of the training months, for the months of
2007-2009, and for a random split of all months into two sets of the same size. They are the
reference for an autoencoder; their difference is the optimism of a random split. Then codes of
anomalies, from the climatology of the five years before, as the network `anomaly_codes` has them:
learnt on all months to 2006, with the pole hole filled from its neighbours, beside codes of the
same months about their mean. Real data with SEAICE_TF_DATA; half a minute.

Usage: python experiments/forecast_codes.py
"""

import dacon_entry as entry
import numpy as np

from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.examples import (
    archive,
    filled_images,
    training_months,
    validation_months,
)
from seaice_tf.forecast.networks.anomaly_codes import leading_functions
from seaice_tf.forecast.settings import Settings

LENGTHS = (16, 64, 256)
ANOMALY_LENGTHS = (0, 24, 64, 180, 256)


def projected(months: np.ndarray, mean: np.ndarray, functions: np.ndarray) -> np.ndarray:
    """Projection of (months, cells) on orthogonal functions (length, cells) about a mean."""
    return np.clip(mean + (months - mean) @ functions.T @ functions, 0, 1)


def climatology(months: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Mean of the five years before each month: (n, cells)."""
    return np.mean([months[at - 12 * year] for year in range(1, 6)], axis=0)


def show_anomalies() -> None:
    settings = Settings()
    data = archive(settings)
    months = filled_images(data, settings).reshape(len(data.counts), -1) / np.float32(FULL_ICE)
    held_out = validation_months(data, settings, 0)
    train = np.arange(5 * 12, held_out[0])
    truth = months[held_out]
    floor = entry.cross_entropy(truth, truth, margin=1e-7)
    centres = {
        "training mean": (months[train].mean(0),) * 2,
        "five years before": (climatology(months, train), climatology(months, held_out)),
    }
    print(
        "\n| codes of departures from | values | cross-entropy | above the entropy | MAE of 250 |"
    )
    print("|---|---:|---:|---:|---:|")
    for name, (before, centre) in centres.items():
        functions = leading_functions(months[train] - before, max(ANOMALY_LENGTHS))
        functions = (functions / np.sqrt((functions**2).sum(axis=0))).T
        for length in ANOMALY_LENGTHS:
            found = projected(truth, centre, functions[:length])
            loss, error = entry.cross_entropy(truth, found), np.abs(found - truth).mean() * FULL_ICE
            print(f"| {name} | {length} | {loss:.4f} | {loss - floor:.4f} | {error:.2f} |")


def main() -> None:
    images, validation = entry.images()
    training = training_months(archive(entry.AS_ENTERED), entry.AS_ENTERED, 0)
    shuffled = np.random.default_rng(0).permutation(np.concatenate([training, validation]))
    splits = {
        "by years": (training, validation),
        "at random": (shuffled[len(validation) :], shuffled[: len(validation)]),
    }
    print("| split | values in the code | cross-entropy | own entropy | MAE of 250 |")
    print("|---|---:|---:|---:|---:|")
    cells = images.reshape(len(images), -1)
    for name, (train, held_out) in splits.items():
        truth = cells[held_out]
        floor = entry.cross_entropy(truth, truth, margin=1e-7)
        mean = cells[train].mean(0)
        functions = np.linalg.svd(cells[train] - mean, full_matrices=False)[2]
        for length in LENGTHS:
            found = projected(truth, mean, functions[:length])
            loss, error = entry.cross_entropy(truth, found), np.abs(found - truth).mean() * FULL_ICE
            length = min(length, len(train))
            print(f"| {name} | {length} | {loss:.4f} | {floor:.4f} | {error:.2f} |")
    show_anomalies()


if __name__ == "__main__":
    main()
