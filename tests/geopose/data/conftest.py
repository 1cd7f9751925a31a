"""Folders of tiles, one that a test may damage."""

import shutil
from pathlib import Path

import pytest

from seaice_tf.geopose.data import synthetic


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """Four labelled tiles of 48 x 48 pixels, one of each city, and one without labels."""
    folder = tmp_path_factory.mktemp("geopose") / "challenge"
    synthetic.write(folder, 4, seed=3, side=48, gsd=1.0, tests=1)
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(made, tmp_path / "copy")
