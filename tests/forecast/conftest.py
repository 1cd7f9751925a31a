"""The task with one baseline: runs whose baselines are not looked at are made sooner."""

import dataclasses

import pytest

from seaice_tf.tasks import TASKS


@pytest.fixture(scope="session")
def one_baseline():
    task = TASKS["forecast"]
    name = "seasonal_persistence"
    verification = dataclasses.replace(
        task.verification, baselines={name: task.verification.baselines[name]}
    )
    return dataclasses.replace(task, verification=verification)
