"""Damaged files for every reader: see fuzz.py, which also tries a single reader."""

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fuzz(monkeypatch):
    """Runs fuzz.py in this process; its child processes read the files."""

    def run(*arguments):
        monkeypatch.syspath_prepend(str(ROOT))
        monkeypatch.setattr(sys, "argv", ["fuzz", *arguments])
        return importlib.import_module("tests.fuzz.fuzz").main()

    return run


def test_a_few_damaged_files_for_every_reader(fuzz, capsys):
    code = fuzz("10")
    assert code == 0, capsys.readouterr().out


@pytest.mark.soak
def test_a_thousand_damaged_files_for_every_reader(fuzz, capsys):
    code = fuzz("1000", "--seed", "1")
    assert code == 0, capsys.readouterr().out
