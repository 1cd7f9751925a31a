"""Damaged files for every reader: see fuzz.py, which also says how to try one reader alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def fuzz(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.fuzz", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_few_damaged_files_for_every_reader():
    fuzz("30")


@pytest.mark.soak
def test_a_thousand_damaged_files_for_every_reader():
    print(fuzz("1000", "--seed", "1"))
