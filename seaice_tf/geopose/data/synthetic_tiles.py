"""A folder of synthetic oblique tiles in the contest's layout, which says of itself what it is."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.geopose.data import synthetic as synthetic_city
from seaice_tf.geopose.data.pose import (
    CITIES,
    LABELLED_COLUMNS,
    LABELLED_TABLE,
    METADATA,
    METADATA_COLUMNS,
    SIDE,
    SYNTHETIC,
    TEST_COLUMNS,
    TEST_TABLE,
)
from seaice_tf.geopose.products import tiles as geopose_products

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def write(
    folder: Path,
    number: int,
    seed: int = 0,
    side: int = SIDE,
    gsd: float | None = None,
    tests: int = 0,
) -> None:
    """Write tables, train/ and test/; the cities take turns; the same seed, the same bytes.

    Args:
        folder: it is replaced.
        number: of labelled tiles.
        seed: of places, views and names.
        side: pixels of a tile.
        gsd: metres a pixel; by default as the cities' images have it.
        tests: tiles besides, whose labels are left out.
    """
    with atomic.folder(folder) as temporary:
        (temporary / SYNTHETIC).write_text("These tiles were made up, not observed.\n")
        labelled, unlabelled, metadata = [], [], []
        for index in range(number + tests):
            city = CITIES[index % len(CITIES)]
            view = synthetic_city.tile(city, seed, index, (side, side), gsd)
            identity = f"{city}_{_letters(seed, index)}"
            names = [f"{identity}_{end}" for end in ("RGB.tif", "AGL.tif", "VFLOW.json")]
            hidden = index >= number
            place = temporary / ("test" if hidden else "train")
            geopose_products.write_image(place / names[0], view.image)
            if hidden:
                unlabelled.append((identity, names[0]))
            else:
                geopose_products.write(place, identity, view.agl, view.pose)
                labelled.append((identity, *names))
            metadata.append((identity, city, view.gsd))
        _table(temporary / LABELLED_TABLE, LABELLED_COLUMNS, labelled)
        _table(temporary / METADATA, METADATA_COLUMNS, metadata)
        if tests:
            _table(temporary / TEST_TABLE, TEST_COLUMNS, unlabelled)


def _letters(seed: int, index: int) -> str:
    """Six letters, others for each index."""
    rng = np.random.default_rng((seed, index))
    head = "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=3))
    base = len(LETTERS)
    return head + "".join(LETTERS[index // base**power % base] for power in range(3))


def _table(path: Path, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    atomic.write_text(path, text.getvalue())
