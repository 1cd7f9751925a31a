"""Folders of photos that a test may damage."""

import shutil

import pytest


@pytest.fixture
def competition(tmp_path, cloud_folder):
    """A copy of the labelled photos that a test may damage."""
    return shutil.copytree(cloud_folder, tmp_path / "competition")


def edit(folder, change):
    """Rewrite the lines of train.csv, header first, by a function of their list."""
    path = folder / "train.csv"
    path.write_text("".join(line + "\n" for line in change(path.read_text().splitlines())))
