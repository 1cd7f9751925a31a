"""Which picture shows best what a released model does? Writes the README's pictures to docs/.

Usage: python experiments/gallery.py [RUN]
"""

import sys
from pathlib import Path

import numpy as np

from seaice_tf.runs import artifact, folder
from seaice_tf.tasks import TASKS
from seaice_tf.transforms import counts, months
from seaice_tf.writers import maps

SHOWN = (3, 6, 9)  # calendar months


def forecast(run: Path, path: Path) -> None:
    """March, June and September of the last test year: forecast, truth, difference."""
    task = TASKS["forecast"]
    settings = folder.open_run(run, task)
    first = f"{settings.test_last[:4]}-01"
    case = next(iter(task.cases(settings, first, settings.test_last)))
    pred = artifact.predictor(run)(case)["concentration"]
    panels = []
    for i, month in enumerate(case.context.months):
        if months.number(month) in SHOWN:
            true = np.where(counts.flagged(case.truth[i]), 0, case.truth[i] / counts.FULL_ICE)
            panels += [
                (f"{month} forecast", pred[i]),
                (f"{month} observed", true),
            ]
    caption = f"Forecast issued at the end of {case.context.months[0] - 1}; {case.context.source}"
    maps.write(path, maps.figure(panels, counts.land(case.context.past[-1]), caption))


def default_run() -> Path:
    kinds = ("real", "synthetic")
    return next(
        (path for kind in kinds if (path := Path(f"saved_models/forecast/demo-{kind}")).exists()),
        Path("saved_models/forecast/demo-synthetic"),
    )


if __name__ == "__main__":
    forecast(Path(sys.argv[1]) if len(sys.argv) > 1 else default_run(), Path("docs/forecast.png"))
