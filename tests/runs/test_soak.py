"""Long runs, by `make soak` only: a command killed again and again still ends the same."""

import os
import random
import signal
import subprocess
import time

import pytest

KILLS = 10


@pytest.mark.soak
def test_many_kills_change_no_bit(train_command, assert_as_if_left_alone):
    run, command = train_command
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
    print(f"{kills} kills")
    assert_as_if_left_alone(run)
