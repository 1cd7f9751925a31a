"""Cases of the ice charts: scenes to predict, with or without their charts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np

from seaice_tf.grids.windows import Window
from seaice_tf.icechart import examples
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import AMSR2, CHARTS, CLASSES
from seaice_tf.icechart.data.scene import Scene
from seaice_tf.icechart.inference import PredictOptions, predict_scene
from seaice_tf.icechart.scores import baselines
from seaice_tf.icechart.settings import Settings
from seaice_tf.task import Case, Cases, failing

PREVIEW = 512  # pixels along a side

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


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(PredictOptions):
    """Options of evaluation."""

    scenes: Literal["test", "validation", "all"] = "test"
    """Test scenes, whose charts are in reference files; validation scenes; or all scenes with
    charts, for a folder that the run was not trained on."""
    by: tuple[By, ...] = ()
    """Also show the scores by location, month, year, ice service, satellite, class, distance from
    land or decile of uncertainty; or the reliability of the class probabilities."""


@dataclass(frozen=True)
class Inputs:
    """Input channels of the network, (height, width, C), read from the scene on demand."""

    scene: Scene
    channels: tuple[str, ...]
    factor: int
    window: Window

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.window.height, self.window.width, len(self.channels)

    def read(self, window: Window | None = None) -> np.ndarray:
        """Read a window of the downscaled scene; by default that of the case."""
        return scene_inputs.read(self.scene, self.channels, window or self.window, self.factor)[0]

    def read_bands(self, bands: Iterable[Sequence[Window]]) -> Iterator[np.ndarray]:
        """Read windows of the downscaled scene, as `scene_inputs.read_windows` does."""
        found = scene_inputs.read_windows(self.scene, self.channels, bands, self.factor)
        with closing(found):
            for values, _ in found:
                yield values

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.read().astype(dtype or np.float32, copy=False)


@dataclass(frozen=True)
class TrainingStatistics:
    """Statistics of the training scenes, for the baselines."""

    pixels: dict[str, np.ndarray]  # chart -> (scenes, classes)
    months: np.ndarray  # (scenes,)
    areas: np.ndarray  # (scenes,) str
    linear: baselines.Linear


@dataclass(frozen=True)
class Context:
    """What baselines, scores and products need besides the inputs of a scene.

    Attributes:
        scene: the scene.
        area: of its ice chart.
        factor: of the downscaling.
        source: name of the data.
        training: gives the statistics of the training scenes.
        valid: gives where the SAR has data, (lines, samples) bool.
    """

    scene: Scene
    area: str
    factor: int
    source: str
    training: Callable[[], TrainingStatistics]
    valid: Callable[[], np.ndarray]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the downscaled scene."""
        return downscale.size(self.scene.shape, self.factor)

    def labels(self) -> dict[str, str]:
        """Group of the scene in each kind of groups."""
        name = self.scene.name
        return {
            "location": self.area,
            "month": f"{name.month:02d}",
            "year": str(name.year),
            "service": name.service,
            "satellite": name.satellite,
        }


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """Scenes with their charts at 80 m as truth.

    Without test scenes the validation scenes are used instead, which `source` states. In a folder
    that the run was not trained on, the baselines are fitted to the scenes of that folder.
    """
    options = options or EvaluateOptions()
    test, labelled = examples.test_scenes(settings), examples.labelled_scenes(settings)
    _, validation = examples.split(settings, labelled)
    chosen = {"test": test or validation, "validation": validation, "all": [*labelled, *test]}[
        options.scenes
    ]
    source = f"{examples.source(settings, chosen)}; {options.scenes} scenes"
    if options.scenes == "validation" or (options.scenes == "test" and not test):
        source += ", IN SAMPLE: these scenes selected the epoch and the softmax temperatures"
    return _cases(settings, options, chosen, source, truth=True)


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """All scenes of a folder, without truth."""
    found, problems = examples.readable_scenes(settings)
    source = examples.source(settings, found)
    sound = _cases(settings, options or PredictOptions(), found, source, truth=False)
    return Cases(source, [*sound.make, *map(failing, problems)])


def _cases(
    settings: Settings, options: PredictOptions, chosen: list[Scene], source: str, truth: bool
) -> Cases:
    options.check(settings)
    training = cache(partial(_training, settings))
    make = partial(_case, settings, options, source, training, truth)
    return Cases(source, [partial(make, scene) for scene in chosen])


def _case(settings: Settings, options, source: str, training, truth: bool, scene: Scene) -> Case:
    valid = cache(partial(sar_scene.read_valid, scene))
    context = Context(scene, sar_scene.area(scene), settings.downscale, source, training, valid)
    inputs = Inputs(scene, settings.channels, settings.downscale, Window(0, 0, *context.grid))
    charts = sar_scene.read_charts(sar_scene.with_charts(scene.path)) if truth else None
    pieces = partial(predict_scene, settings, options, context.grid, inputs.read_bands)
    return Case(scene.name.short, inputs, context, charts, pieces)


def preview(settings: Settings) -> Case:
    """A validation scene, cropped to a square of 512 pixels."""
    case = next(iter(cases(settings, EvaluateOptions(scenes="validation"))))
    height, width = case.context.grid
    side = PREVIEW
    window = Window(0, 0, min(height, side), min(width, side))
    inputs = Inputs(case.context.scene, settings.channels, settings.downscale, window)
    return Case(case.name, inputs, case.context, case.truth)


def _training(settings: Settings) -> TrainingStatistics:
    scenes, _ = examples.split(settings, examples.labelled_scenes(settings))
    found = [sar_scene.histograms(scene) for scene in scenes]
    return TrainingStatistics(
        {
            chart: np.array([each[chart] for each in found]).reshape(-1, len(CLASSES[chart]))
            for chart in CHARTS
        },
        np.array([scene.name.month for scene in scenes]),
        np.array([sar_scene.area(scene) for scene in scenes]),
        _linear(scenes),
    )


def _linear(scenes: list[Scene]) -> baselines.Linear:
    """Linear regression on the brightness temperatures that all scenes have, at cell centres."""
    if not scenes:
        return baselines.fit_linear((), ())
    channels = tuple(c for c in AMSR2 if all(c in scene.channels for scene in scenes))
    return baselines.fit_linear(
        channels, (sar_scene.read_cells(scene, channels) for scene in scenes)
    )
