"""How well does a code from other months represent a month?

Linear codes: the leading empirical orthogonal functions of the training months, for the months of
2007-2009, and for a random split of all months into two sets of the same size. They are the
reference for an autoencoder; their difference is the optimism of a random split. Real data with
SEAICE_TF_DATA; seconds.

Usage: python experiments/forecast_codes.py
"""

import dacon_entry as entry
import numpy as np

from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.examples import archive, training_months

LENGTHS = (16, 64, 256)


def projected(months: np.ndarray, mean: np.ndarray, functions: np.ndarray) -> np.ndarray:
    """Projection of (months, cells) on orthogonal functions (length, cells) about a mean."""
    return np.clip(mean + (months - mean) @ functions.T @ functions, 0, 1)


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


if __name__ == "__main__":
    main()
