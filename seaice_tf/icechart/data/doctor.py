"""How a training list of scenes differs from the list that a model is judged on.

Lists are files of names (JSON) or folders of scenes. Names alone tell area, month, year, service
and satellite; scenes add their ice, and the place where a name tells none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import json_text
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import sampling
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, COARSE, FINE, MASK
from seaice_tf.icechart.data.names import FACTORS, UNKNOWN, SceneName

BOX = (5, 20)  # degrees of latitude and longitude, where no area is known
WITHOUT_CHART = "masked"


@dataclass(frozen=True)
class SceneList:
    """Names of scenes, and per chart the pixels of each class where the charts are known."""

    names: tuple[SceneName, ...]
    areas: tuple[str, ...]
    pixels: Mapping[str, np.ndarray] | None = None  # chart -> (scenes, classes)

    def factor(self, which: str) -> tuple[list[str], np.ndarray]:
        """Labels and membership (scenes, labels) of one of FACTORS or CHARTS.

        For a chart, the shares of each scene's charted pixels; a scene without any is `masked`.
        """
        if which in CHARTS:
            return self._classes(which)
        values = list(self.areas)
        if which != "area":
            values = scene_names.factor(self.names, which)
        return sampling.membership(values)

    def _classes(self, chart: str) -> tuple[list[str], np.ndarray]:
        if self.pixels is None:
            raise InputError(
                f"scenes: expected charts for the factor {chart}, got names alone; give the folder "
                f"of the scenes or another factor"
            )
        counts = self.pixels[chart].astype(float)
        empty = counts.sum(axis=1) == 0
        members = np.column_stack([counts / np.maximum(counts.sum(axis=1), 1)[:, None], empty])
        return [*CLASSES[chart], WITHOUT_CHART], members


def read_list(path: Path) -> SceneList:
    """A JSON list of raw or ready-to-train names, as the challenge has it."""
    try:
        names = json_text.parse(path.read_bytes())
    except ValueError as error:
        raise InputError(
            f"{path}: expected a JSON list of names, got {error}; download it again"
        ) from error
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise InputError(f"{path}: expected a JSON list of names, got none; name the scenes in it")
    parsed = tuple(scene_names.parse(name) for name in names)
    return SceneList(parsed, tuple(name.area for name in parsed))


def read_histograms(path: Path, names: Sequence[SceneName]) -> dict[str, np.ndarray]:
    """Pixels of each class from a JSON {scene: {chart: {class: pixels}}}: chart -> (n, classes).

    Scenes that the file does not hold have no pixels.

    Raises:
        InputError: it is no JSON, or of another structure.
    """
    result = {}
    try:
        stored = json_text.parse(path.read_bytes())
        for chart in CHARTS:
            kinds = [str(kind) for kind in range(len(CLASSES[chart]))]
            scenes = (stored.get(name.short, {}).get(chart, {}) for name in names)
            pixels = [[scene.get(kind, 0) for kind in kinds] for scene in scenes]
            if not all(
                type(number) is int and 0 <= number < 2**40 for row in pixels for number in row
            ):
                raise ValueError(f"others for {chart}")
            result[chart] = np.array(pixels, np.int64).reshape(len(names), len(kinds))
    except (ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: expected JSON of scene, chart, class and pixels, got {error}; "
            f"count them again"
        ) from error
    return result


def read_folder(folder: Path) -> SceneList:
    """All scenes of a folder with the classes of their charts, where they hold any."""
    scenes = [sar_scene.describe(path) for path in sar_scene.find(folder)]
    return SceneList(
        tuple(scene.name for scene in scenes),
        tuple(area(scene) for scene in scenes),
        {c: np.stack([histograms(scene)[c] for scene in scenes]) for c in CHARTS},
    )


def area(scene: sar_scene.Scene) -> str:
    """The chart's area; from the tie points a box such as "65N 40W" (its corner) if unknown."""
    if scene.name.area != UNKNOWN or not scene.latitude.size:
        return scene.name.area
    middle = tuple(length // 2 for length in scene.latitude.shape)
    north = int(np.floor(scene.latitude[middle] / BOX[0]) * BOX[0])
    east = int(np.floor(scene.longitude[middle] / BOX[1]) * BOX[1])
    return f"{abs(north)}{'NS'[north < 0]} {abs(east)}{'EW'[east < 0]}"


def troubles(path: Path, channels: Sequence[str] = ()) -> list[str]:
    """What is wrong with a scene, in sentences; empty if nothing is.

    Args:
        path: of the scene.
        channels: that it has to hold. Of the SAR grid, only those are read to the end.
    """
    try:
        return _troubles(path, channels)
    except InputError as error:
        return [str(error)]


def _troubles(path: Path, channels: Sequence[str]) -> list[str]:
    scene = sar_scene.describe(path)
    for name in channels:
        if name in FINE:
            sar_scene.read_fine(scene, [name])
        elif name in COARSE:
            sar_scene.read_coarse(scene, [name])
    beside = sar_scene.reference(path)
    found = []
    if not sar_scene.read_valid(scene).any():
        found.append(f"{path}: no valid SAR pixel")
    if beside and sar_scene.describe(beside).shape != scene.shape:
        found.append(f"{beside}: expected charts of {scene.shape} pixels")
    elif is_charted(path) and not any(counts.any() for counts in histograms(scene).values()):
        found.append(f"{path}: all of its charts are masked")
    for name in (c for c in scene.channels if c in COARSE):
        if not np.isfinite(sar_scene.read_coarse(scene, [name])).all():
            found.append(f"{path}: values of {name} that are no numbers")
    return found


def is_charted(path: Path) -> bool:
    """Whether a scene has charts, its own or in a reference file."""
    return bool(sar_scene.reference(path) or sar_scene.describe(path).charts)


def histograms(scene: sar_scene.Scene) -> dict[str, np.ndarray]:
    """Pixels of each class of a scene with charts, its own or in a reference file; else zeros."""
    source = scene
    if not scene.charts:
        beside = sar_scene.reference(scene.path)
        if beside is None:
            return {chart: np.zeros(len(CLASSES[chart]), np.int64) for chart in CHARTS}
        source = sar_scene.describe(beside)
    charts = sar_scene.read_charts(source)
    return {
        chart: np.bincount(values[values != MASK], minlength=len(CLASSES[chart]))
        for chart, values in charts.items()
    }


@dataclass(frozen=True)
class Comparison:
    """One factor in two lists."""

    factor: str
    train: Mapping[str, float]  # label -> share
    target: Mapping[str, float]
    weighted: Mapping[str, float]  # the training list, drawn by its weights

    @property
    def distances(self) -> tuple[float, float]:
        """Total variation distance from the target, without and with weights: 0 to 1."""
        return (
            sampling.distance(self.train, self.target),
            sampling.distance(self.weighted, self.target),
        )


def weights(
    train: SceneList, target: SceneList, factors: Sequence[str] = FACTORS, **options: float
) -> np.ndarray:
    """Sampling weights of the training scenes, mean 1: see `scene_weights.rake`."""
    targets = {}
    for which in factors:
        kinds, members = target.factor(which)
        targets[which] = sampling.weighted_shares(kinds, members, np.ones(len(members)))
    return sampling.rake({w: train.factor(w) for w in factors}, targets, **options)


def compare(
    train: SceneList,
    target: SceneList,
    factors: Sequence[str] = FACTORS,
    drawn: np.ndarray | None = None,
) -> list[Comparison]:
    """Each factor's shares in both lists, and in the training list drawn by weights `drawn`."""
    result = []
    for which in factors:
        kinds, members = train.factor(which)
        aimed, target_members = target.factor(which)
        equal = np.ones(len(members))
        result.append(
            Comparison(
                which,
                sampling.weighted_shares(kinds, members, equal),
                sampling.weighted_shares(aimed, target_members, np.ones(len(target_members))),
                sampling.weighted_shares(kinds, members, equal if drawn is None else drawn),
            )
        )
    return result
