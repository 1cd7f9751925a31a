"""Tiny inputs in the real formats."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from seaice_tf.settings import Training
from seaice_tf.tasks.forecast import Settings as ForecastSettings
from seaice_tf.writers import synthetic_archive


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip without it."""
    root = os.environ.get("SEAICE_TF_DATA")
    if not root:
        pytest.skip("real data: set SEAICE_TF_DATA to its folder")
    return Path(root)


@pytest.fixture(scope="session")
def ice_archive(tmp_path_factory) -> Path:
    """Six years of synthetic monthly files, 2006 to 2011; the pole hole shrinks in 2008-01."""
    folder = tmp_path_factory.mktemp("nsidc0051") / "archive"
    synthetic_archive.write(folder, "2006-01", "2011-12", seed=1)
    return folder


@pytest.fixture
def tiny_settings(ice_archive) -> dict:
    """Settings by task with which it trains in seconds; a task without a row fails its tests."""
    return {
        "forecast": ForecastSettings(
            data=str(ice_archive),
            years=2,
            base_years=2,
            train_last="2009-12",
            validation_last="2010-12",
            test_last="2011-12",
            origins="every_month",
            filters=(2, 3),
            crop=48,
            flip=True,
            training=Training(epochs=2, batch_size=2, checkpoint_steps=2, seed=3),
        )
    }
