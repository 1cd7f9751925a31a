"""The train command as a process, and what must be equal however often it was killed."""

import sys

import numpy as np
import pytest

from seaice_tf import settings as settings_file
from seaice_tf.runs import folder


@pytest.fixture
def train_command(unet_settings, tmp_path):
    """The run's folder, and the words of a process that trains it."""
    (tmp_path / "s.json").write_text(settings_file.to_json(unet_settings))
    run = tmp_path / "run"
    words = ["train", "forecast", "--run", str(run), "--settings", str(tmp_path / "s.json")]
    return run, [sys.executable, "-m", "seaice_tf", *words]


@pytest.fixture
def assert_as_if_left_alone(trained):
    """Compares the weights of a run, bit for bit, with those of one that was not interrupted."""

    def compare(run):
        with (
            np.load(run / folder.WEIGHTS, allow_pickle=False) as killed,
            np.load(trained("forecast-unet") / folder.WEIGHTS, allow_pickle=False) as whole,
        ):
            for name in whole.files:
                np.testing.assert_array_equal(killed[name], whole[name])

    return compare
