"""Memory is given back where a task asks for it, before TensorFlow has chosen its allocator."""

import os
import subprocess
import sys

import pytest

from seaice_tf import memory
from seaice_tf.cli.main import main
from seaice_tf.errors import InputError

# Frees a large block, after which the C library keeps blocks of its size, and then smaller ones.
FREES = """
import numpy as np
from seaice_tf import memory

def resident():  # MiB
    words = open("/proc/self/status").read().split()
    return int(words[words.index("VmRSS:") + 1]) // 1024

memory.give_back_freed()
np.ones(30 << 17)
blocks = [np.ones(5 << 17) for _ in range(40)]  # of 5 MiB
held = resident()
del blocks[:-1]
print(held - resident())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_freed_blocks_go_back_to_the_system():
    def given_back(**variables):
        names = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")} | variables
        words = [sys.executable, "-c", FREES]
        return int(subprocess.run(words, env=names, capture_output=True, check=True).stdout)

    assert given_back() > 180
    # What a user has set stays.
    assert given_back(MALLOC_MMAP_THRESHOLD_="30000000", MALLOC_TRIM_THRESHOLD_="900000000") < 50


def test_nothing_is_changed_once_tensorflow_is_imported(monkeypatch):
    monkeypatch.delenv("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    memory.give_back_freed()
    assert "TF_ONEDNN_USE_SYSTEM_ALLOCATOR" not in os.environ


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_forecasts_give_memory_back(verb, long_archive, tmp_path, monkeypatch, capsys):
    def asked():
        raise InputError("memory is given back")

    monkeypatch.setattr(memory, "give_back_freed", asked)
    words = [verb, "forecast", "--run", "saved_models/forecast/arctic", "--data", str(long_archive)]
    assert main([*words, "--out", str(tmp_path)]) == 1
    assert "memory is given back" in capsys.readouterr().err
