"""Documented numbers of parameters, and weights that are made without delay."""

import re
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow import keras

DOCUMENT = Path(__file__).parents[3] / "docs" / "forecast_models.md"


@pytest.fixture(scope="session")
def documented_parameters() -> dict[str, int]:
    """Parameters by variant: the first and the last column of the table."""
    rows = re.findall(r"^\| `(\w+)` \|.* ([\d,]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in rows}


@pytest.fixture
def quick_weights(monkeypatch):
    """No decomposition of large matrices, which takes a second for each LSTM."""
    monkeypatch.setattr(
        keras.initializers.Orthogonal,
        "__call__",
        lambda self, shape, dtype="float32", **options: tf.random.stateless_normal(shape, (1, 2)),
    )
