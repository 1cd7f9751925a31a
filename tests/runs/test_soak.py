"""Long runs, by `make soak` only: a command killed again and again still ends the same."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from seaice_tf import settings as settings_file
from seaice_tf.runs import folder, train
from seaice_tf.tasks import TASKS

KILLS = 10


@pytest.mark.soak
def test_many_kills_change_no_bit(unet_settings, tmp_path):
    settings = unet_settings
    (tmp_path / "s.json").write_text(settings_file.to_json(settings))
    run = tmp_path / "run"
    words = ["train", "forecast", "--run", str(run), "--settings", str(tmp_path / "s.json")]
    command = [sys.executable, "-m", "seaice_tf", *words]
    moments = random.Random(0)
    kills = 0
    while not run.exists():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if kills < KILLS:
            time.sleep(moments.uniform(4, 14))
            os.kill(process.pid, signal.SIGKILL)
            kills += process.wait() != 0
        else:
            assert process.wait() == 0
    train.train(TASKS["forecast"], settings, tmp_path / "whole")
    print(f"{kills} kills")
    with (
        np.load(run / folder.WEIGHTS, allow_pickle=False) as killed,
        np.load(tmp_path / "whole" / folder.WEIGHTS, allow_pickle=False) as whole,
    ):
        for name in whole.files:
            np.testing.assert_array_equal(killed[name], whole[name])
