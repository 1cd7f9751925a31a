"""The processes of one sweep: a chief that chooses trials, and workers that train them."""

import os
from typing import Literal

from seaice_tf.errors import InputError

ID, ADDRESS, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"


def role() -> Literal["alone", "chief", "worker"]:
    """What this process is by the environment that Keras Tuner goes by.

    Raises:
        InputError: only a part of it is set.
    """
    missing = [name for name in (ID, ADDRESS, PORT) if name not in os.environ]
    if ADDRESS not in os.environ and PORT not in os.environ:
        return "alone"
    if missing:
        raise InputError(
            f"{', '.join(missing)}: expected a value beside the other names of a sweep's "
            "processes, got none; see docs/machines.md"
        )
    return "chief" if "chief" in os.environ[ID] else "worker"


def memory() -> tuple[str, ...]:
    """The files by which Keras Tuner finds the sweep of this process again."""
    own = f"{os.environ.get(ID, 'tuner0')}.json"
    return (own,) if role() == "worker" else ("oracle.json", own)
