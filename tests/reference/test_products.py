"""Products of the released models are what they were: see products.py."""

import json

import numpy as np
import pytest

from seaice_tf import compat
from tests.reference import products

EXPECTED = json.loads(products.REFERENCE.read_text())


def assert_same(name, found, expected):
    if isinstance(expected, str):
        assert found == expected, name
        return
    assert found["shape"] == expected["shape"], name
    for key in ("mean", "values"):
        close = {"rtol": 1e-6, "atol": 1e-6 * np.abs(expected["values"]).max()}
        np.testing.assert_allclose(found[key], expected[key], err_msg=name, **close)


@pytest.mark.skipif(
    not compat.is_keras_3(), reason="made with Keras 3; other versions round otherwise"
)
@pytest.mark.parametrize("system", EXPECTED)
def test_products_of_the_released_models_are_what_they_were(system, tmp_path, undrawn):
    found = products.made(system, tmp_path)
    missing = set(EXPECTED[system]) - set(found)
    assert not missing
    for name, expected in EXPECTED[system].items():
        assert_same(name, found[name], expected)
