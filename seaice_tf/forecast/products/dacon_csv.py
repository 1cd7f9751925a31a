"""The submission file of the Dacon 235706 sea-ice contest."""

import csv
import io
from pathlib import Path

import numpy as np

from seaice_tf.files import atomic


def write(path: Path, months: np.ndarray, counts: np.ndarray) -> Path:
    """Write one row per month: `month` as YYYY-MM, then all cells in row-major order, 0 to 250.

    Args:
        months: (n,) datetime64[M].
        counts: (n, rows, columns), 0 on land; written with two decimals.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    # Rounded down, so that no cell below the ice edge becomes ice.
    flat = np.floor(counts.reshape(len(months), -1) * 100) / 100
    table.writerow(["month", *range(flat.shape[1])])
    for month, row in zip(months, flat.astype(np.float64)):
        table.writerow([str(month), *(f"{value:g}" for value in row)])
    return atomic.write_text(path, text.getvalue())
