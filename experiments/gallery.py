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
    case = next(iter(task.cases(settings, task.options(first, settings.test_last))))
    pred = artifact.predictor(run)(case)["concentration"]
    panels = []
    for i, month in enumerate(case.context.months):
        if months.number(month) in SHOWN:
            filled = counts.fill_hole(case.truth[i])
            true = np.where(counts.flagged(filled), 0, filled / counts.FULL_ICE)
            panels += [
                (f"{month} forecast", pred[i]),
                (f"{month} observed", true),
            ]
    caption = f"Forecast issued at the end of {case.context.months[0] - 1}; {case.context.source}"
    maps.write(path, maps.figure(panels, counts.land(case.context.past[-1]), caption))


def default_run() -> Path:
    """A run that has not seen the year shown: that of forecast_release.py, or a demo's."""
    names = ("to-2009-12", "demo-real", "demo-synthetic")
    runs = [Path("saved_models/forecast") / name for name in names]
    return next((run for run in runs if run.exists()), runs[-1])


if __name__ == "__main__":
    forecast(Path(sys.argv[1]) if len(sys.argv) > 1 else default_run(), Path("docs/forecast.png"))
