"""What ice is charted of: scenes with their truth, or without."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np

from seaice_tf.grids.coarse_grid import CELL
from seaice_tf.grids.windows import Window
from seaice_tf.icechart import examples, inference
from seaice_tf.icechart.data import doctor as scene_doctor
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import AMSR2, CHARTS, CLASSES
from seaice_tf.icechart.data.scene import Scene
from seaice_tf.icechart.scores import baselines as baselines_charts
from seaice_tf.icechart.settings import Settings
from seaice_tf.task import Case, Cases, PredictOptions

By = Literal[
    "location",
    "month",
    "year",
    "service",
    "satellite",
    "class",
    "distance",
    "uncertainty",
    "reliability",
]


@dataclass(frozen=True)
class EvaluateOptions:
    """What `evaluate` can be asked."""

    scenes: Literal["test", "validation", "all"] = "test"
    """Those with a reference file, those that chose epoch and temperatures, or all that have a
    chart, as for a folder that the run has not seen."""
    by: tuple[By, ...] = ()
    """Also show the scores by location, month, year, ice service, satellite, class, distance from
    land or tenth of the pixels from certain to uncertain; or how often the classes are right, by
    the probability that they are given."""


@dataclass(frozen=True)
class Inputs:
    """What the network takes of a scene, read when it is asked for: (height, width, C)."""

    scene: Scene
    channels: tuple[str, ...]
    factor: int
    window: Window

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.window.height, self.window.width, len(self.channels)

    def read(self, window: Window | None = None) -> np.ndarray:
        """The values of a window of the scene."""
        return scene_inputs.read(self.scene, self.channels, window or self.window, self.factor)[0]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.read().astype(dtype or np.float32, copy=False)


@dataclass(frozen=True)
class Training:
    """What is known of the scenes that were trained on."""

    pixels: dict[str, np.ndarray]  # chart -> (scenes, classes)
    months: np.ndarray  # (scenes,)
    areas: np.ndarray  # (scenes,) str
    linear: baselines_charts.Linear


@dataclass(frozen=True)
class Context:
    """What lies around a scene."""

    scene: Scene
    area: str
    factor: int
    source: str
    training: Callable[[], Training]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns that are charted."""
        return downscale.size(self.scene.shape, self.factor)

    def labels(self) -> dict[str, str]:
        """The groups of the scene, by their kind."""
        name = self.scene.name
        return {
            "location": self.area,
            "month": f"{name.month:02d}",
            "year": str(name.year),
            "service": name.service,
            "satellite": name.satellite,
        }


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """The scenes asked for, with their charts at 80 m as truth.

    Without any scene for tests, those of the validation stand for them, and the source says so. In
    a folder that the run was not trained on, the baselines learn from that folder's scenes.
    """
    which = (options or EvaluateOptions()).scenes
    held_back, charted = examples.tests(settings), examples.charted(settings)
    _, validation = examples.split(settings, charted)
    chosen = {
        "test": held_back or validation,
        "validation": validation,
        "all": [*charted, *held_back],
    }[which]
    about = f"{examples.source(settings, chosen)}; scored {which}"
    if which == "validation" or (which == "test" and not held_back):
        about += ", IN SAMPLE: these scenes chose the epoch and the temperatures"
    return _cases(settings, chosen, about, truth=True)


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """All scenes of a folder."""
    found = examples.scenes(settings)
    return _cases(settings, found, examples.source(settings, found), truth=False)


def _cases(settings: Settings, some: list[Scene], about: str, truth: bool) -> Cases:
    training = cache(partial(_training, settings))
    return Cases(about, [partial(_case, settings, s, about, training, truth) for s in some])


def _case(settings: Settings, scene: Scene, about: str, training, truth: bool) -> Case:
    context = Context(scene, scene_doctor.area(scene), settings.downscale, about, training)
    inputs = Inputs(scene, settings.channels, settings.downscale, Window(0, 0, *context.grid))
    charts = None
    if truth:
        charts = sar_scene.read_charts(_with_charts(scene))
    pieces = partial(inference.charted, settings, context.grid, inputs.read)
    return Case(scene.name.short, inputs, context, charts, pieces)


def preview(settings: Settings) -> Case:
    """A scene of the validation, or as much of it as a tile holds."""
    case = next(iter(cases(settings, EvaluateOptions("validation"))))
    height, width = case.context.grid
    side = settings.tile
    window = Window(0, 0, min(height, side), min(width, side))
    inputs = Inputs(case.context.scene, settings.channels, settings.downscale, window)
    return Case(case.name, inputs, case.context, case.truth)


def _with_charts(scene: Scene) -> Scene:
    if scene.charts:
        return scene
    beside = sar_scene.reference(scene.path)
    return sar_scene.describe(beside) if beside else scene


def _training(settings: Settings) -> Training:
    scenes, _ = examples.split(settings, examples.charted(settings))
    found = [scene_doctor.histograms(scene) for scene in scenes]
    return Training(
        {
            chart: np.array([each[chart] for each in found]).reshape(-1, len(CLASSES[chart]))
            for chart in CHARTS
        },
        np.array([scene.name.month for scene in scenes]),
        np.array([scene_doctor.area(scene) for scene in scenes]),
        _linear(scenes),
    )


def _linear(scenes: list[Scene]) -> baselines_charts.Linear:
    """Of the microwave channels that all scenes have, learnt at the middles of their cells."""
    if not scenes:
        return baselines_charts.linear((), ())
    channels = tuple(c for c in AMSR2 if all(c in scene.channels for scene in scenes))
    return baselines_charts.linear(channels, map(partial(_cells, channels), scenes))


def _cells(channels: tuple[str, ...], scene: Scene) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Channels (cells, C) and charts (cells,) of a scene."""
    middle = slice(CELL // 2, None, CELL)
    charts = {name: chart[middle, middle] for name, chart in sar_scene.read_charts(scene).items()}
    cells = sar_scene.read_coarse(scene, channels)
    rows, columns = (min(pair) for pair in zip(charts["SIC"].shape, cells.shape))
    return (
        cells[:rows, :columns].reshape(-1, len(channels)),
        {name: chart[:rows, :columns].ravel() for name, chart in charts.items()},
    )
