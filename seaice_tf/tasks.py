"""The tasks by name, each imported when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seaice_tf.task import Task

NAMES = ("forecast", "icechart", "nowcast", "clouds", "geopose")


class _Tasks(Mapping):
    def __getitem__(self, name: str) -> Task:
        if name not in NAMES:
            raise KeyError(name)
        return importlib.import_module(f"seaice_tf.{name}.task").TASK

    def __contains__(self, name: object) -> bool:  # that of Mapping would import the task
        return name in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


TASKS = _Tasks()
