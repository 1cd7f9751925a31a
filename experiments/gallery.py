"""Draws the pictures of the README and the pages to docs/, one per task.

Usage: python experiments/gallery.py [RUN ...]

Each RUN draws the picture of its task. Without any, the runs of experiments/*_release.py for which
the pictures' cases are held out, and the default runs of the pages. Real data where SEAICE_TF_DATA
has them.
"""

import sys
from pathlib import Path

import numpy as np

from seaice_tf.clouds.products import plots as cloud_plots
from seaice_tf.clouds.verification import panel
from seaice_tf.errors import InputError
from seaice_tf.files import maps
from seaice_tf.forecast.data import counts, months
from seaice_tf.geopose.products import plots as geopose_plots
from seaice_tf.icechart.products.maps import scene_figure
from seaice_tf.nowcast.data.layout import CENTRE
from seaice_tf.nowcast.products import maps as frame_maps
from seaice_tf.runs import artifact, folder
from seaice_tf.task import Case, Maps, Task
from seaice_tf.tasks import TASKS

RUNS = {  # the first that exists is drawn
    "forecast": ("arctic-to-2009-12", "demo-real", "demo-synthetic"),
    "clouds": ("texture-0", "released"),
    "icechart": ("first",),
    "nowcast": ("candidate", "released"),
    "geopose": ("first",),
}
SHOWN = (3, 6, 9)  # calendar months
PHOTOS = 6
CITIES = 3


def forecast(task: Task, run: Path, path: Path) -> None:
    """March, June and September of the last test year: forecast and truth."""
    settings = folder.open_run(run, task)
    first = f"{settings.test_end[:4]}-01"
    case = next(
        iter(task.data.cases(settings, task.verification.options(first, settings.test_end)))
    )
    pred = artifact.predictor(run)(case)["concentration"]
    panels = []
    for i, month in enumerate(case.context.months):
        if months.number(month) in SHOWN:
            filled = counts.fill_hole(case.truth[i])
            true = np.where(counts.flagged(filled), 0, filled / counts.FULL_ICE)
            panels += [
                maps.Panel(f"{month} forecast", pred[i]),
                maps.Panel(f"{month} observed", true),
            ]
    caption = f"Forecast issued at the end of {case.context.months[0] - 1}; {case.context.source}"
    maps.write(path, maps.figure(panels, counts.land(case.context.past[-1]), caption))


def clouds(task: Task, run: Path, path: Path) -> None:
    """Photos evenly spaced from the lowest to the highest Dice."""
    pairs, values = predicted(task, run)
    order = np.argsort(values)[np.linspace(0, len(values) - 1, PHOTOS).round().astype(int)]
    panels = [
        panel(*pairs[i])._replace(title=f"{pairs[i][0].name}: Dice {values[i]:.2f}") for i in order
    ]
    caption = f"Predicted, filled, and labelled, dashed; {pairs[0][0].context.source}"
    maps.write(path, cloud_plots.figure(panels, caption))


def icechart(task: Task, run: Path, path: Path) -> None:
    """The scene of median score."""
    pairs, values = predicted(task, run)
    case, fields = pairs[int(np.argsort(values)[len(values) // 2])]
    maps.write(path, scene_figure(case, fields, f"seaice_tf icechart {run.name}"))


def nowcast(task: Task, run: Path, path: Path) -> None:
    """The window of median score: observation and forecast as an animation."""
    pairs, values = predicted(task, run)
    middle = int(np.argsort(values)[len(values) // 2])
    case, fields = pairs[middle]
    known = case.context.known
    panels = {"observed": case.truth[known], "forecast": fields["frames"][known]}
    past = case.context.past[:, CENTRE, CENTRE]
    caption = f"{case.name}: MS-SSIM {values[middle]:.3f}"
    frame_maps.animate(path, past, panels, caption, minutes=case.context.minutes)


def geopose(task: Task, run: Path, path: Path) -> None:
    """The tile of median score of each of the first cities."""
    pairs, values = predicted(task, run)
    sheets: dict[str, geopose_plots.Sheet] = {}
    for i in np.argsort(-values)[len(values) // 2 :]:
        city = pairs[i][0].context.tile.city
        sheets.setdefault(city, geopose_plots.sheet(*pairs[i]))
    caption = f"seaice_tf geopose {run.name} on {pairs[0][0].context.source}"
    geopose_plots.write(path, list(sheets.values())[:CITIES], caption)


def predicted(task: Task, run: Path) -> tuple[list[tuple[Case, Maps]], np.ndarray]:
    """The cases of a run with its predictions, and the primary score of each."""
    predictor, options = artifact.predictor(run), task.verification.options()
    pairs = [(case, predictor(case)) for case in task.data.cases(folder.open_run(run, task))]
    return pairs, np.array(
        [task.verification.score([pair], options)[task.verification.primary] for pair in pairs]
    )


DRAW = {
    "forecast": (forecast, "forecast.png"),
    "clouds": (clouds, "clouds.jpg"),  # photos: as PNG five times the size
    "icechart": (icechart, "icechart.png"),
    "nowcast": (nowcast, "nowcast.gif"),
    "geopose": (geopose, "geopose.jpg"),
}


def default_runs() -> list[Path]:
    """The runs to draw; prints which task has none."""
    found = []
    for name, names in RUNS.items():
        runs = [Path("saved_models", name, run) for run in names]
        existing = [run for run in runs if (run / folder.MANIFEST).exists()]
        found += existing[:1]
        if not existing:
            print(f"{name}: no picture, because there is no run {' or '.join(map(str, runs))}")
    return found


if __name__ == "__main__":
    for run in [Path(word) for word in sys.argv[1:]] or default_runs():
        if not (run / folder.MANIFEST).exists():
            raise InputError(f"{run}: expected a complete run, got none; train it first")
        name = folder.read_json(run / folder.MANIFEST)["task"]
        draw, picture = DRAW[name]
        draw(TASKS[name], run, Path("docs", picture))
        print(f"docs/{picture}: {run}")
