"""Composition of lists of scenes: validation split, comparison and sampling weights.

The weights bring a training list to the composition of a target list by raking (iterative
proportional fitting, Deming and Stephan 1940): they are multiplied by target frequency / weighted
frequency of one factor after the other until all factors fit. Only the margins of the target's
joint distribution are used; a list of 20 scenes determines no more.

Lists are files of names (JSON) or folders of scenes. Names contain area, month, year, service and
satellite; scenes add the ice classes, and the location where the name has no area.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.files import data_folder, json_text
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.data.names import FACTORS, SceneName

ITERATIONS = 200
WITHOUT_CHART = "masked"  # label of a scene without a labelled pixel
Stratum = tuple[str, int, str]


@dataclass(frozen=True)
class SceneList:
    """Names and areas of scenes, and the pixels of each class where the charts are known."""

    names: tuple[SceneName, ...]
    areas: tuple[str, ...]
    pixels: Mapping[str, np.ndarray] | None = None  # chart -> (scenes, classes)

    def factor(self, which: str) -> tuple[list[str], np.ndarray]:
        """Labels and membership, (scenes, labels), of one of FACTORS or CHARTS.

        The membership in the classes of a chart is their frequency among the labelled pixels; a
        scene without any is `masked`.
        """
        if which in CHARTS:
            return self._classes(which)
        values = list(self.areas)
        if which != "area":
            values = scene_names.factor(self.names, which)
        return membership(values)

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
    """Read a JSON list of raw or ready-to-train names, as AutoICE publishes them.

    Raises:
        InputError: not a JSON list of scene names.
    """
    data_folder.require_file(path, "a JSON list of names, or a folder of scenes")
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
    """Read the pixels of each class from a JSON {scene: {chart: {class: pixels}}}.

    Returns:
        By chart (scenes, classes) int64; zeros for scenes that the file does not contain.

    Raises:
        InputError: not JSON, or of another structure.
    """
    data_folder.require_file(path, "JSON of scene, chart, class and pixels")
    result = {}
    try:
        content = json_text.parse(path.read_bytes())
        for chart in CHARTS:
            kinds = [str(kind) for kind in range(len(CLASSES[chart]))]
            scenes = (content.get(name.short, {}).get(chart, {}) for name in names)
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
    """Read names, areas and class histograms of all scenes of a folder."""
    scenes = [sar_scene.describe(path) for path in sar_scene.find(folder)]
    counted = progress.track(scenes, "counting classes")
    counts = [sar_scene.histograms(scene) for scene in counted]
    return SceneList(
        tuple(scene.name for scene in scenes),
        tuple(sar_scene.area(scene) for scene in scenes),
        {chart: np.stack([each[chart] for each in counts]) for chart in CHARTS},
    )


def stratum(name: SceneName, area: str) -> Stratum:
    """Ice service, season (0 is December to February) and area of a scene."""
    return name.service, name.month % 12 // 3, area


def stratified_sample(strata: Sequence[Stratum], fraction: float, seed: int) -> np.ndarray:
    """Draw a stratified systematic sample, for validation.

    Every 1 / fraction-th scene is drawn in the order of the strata, shuffled within each: every
    service and every season is represented to within one scene, and nearly so every area of a
    season. At least one scene is drawn and at least one is left, if there are two.

    Args:
        strata: of each scene.
        fraction: of the scenes that are drawn.
        seed: of the random order and start.

    Returns:
        Whether each scene is drawn, (scenes,) bool.
    """
    number = len(strata)
    size = max(min(max(round(fraction * number), 1), number - 1), 0)
    rng = np.random.default_rng(seed)
    order = sorted(rng.permutation(number), key=lambda index: strata[index])
    places = ((np.arange(size) + rng.random()) * number / max(size, 1)).astype(int)
    return np.isin(np.arange(number), np.array(order, int)[places])


@dataclass(frozen=True)
class Comparison:
    """Relative frequencies of the labels of one factor in two lists."""

    factor: str
    train: Mapping[str, float]  # label -> frequency
    target: Mapping[str, float]
    weighted: Mapping[str, float]  # the training list with its sampling weights

    @property
    def distances(self) -> tuple[float, float]:
        """Total variation distance from the target, without and with weights: 0 to 1."""
        return distance(self.train, self.target), distance(self.weighted, self.target)


def compare(
    train: SceneList,
    target: SceneList,
    factors: Sequence[str] = FACTORS,
    weights: np.ndarray | None = None,
) -> list[Comparison]:
    """Compare the composition of two lists factor by factor.

    Args:
        train, target: the lists.
        factors: names out of FACTORS and CHARTS.
        weights: sampling weights of the training scenes; by default equal.
    """
    result = []
    for which in factors:
        kinds, members = train.factor(which)
        target_kinds, target_members = target.factor(which)
        equal = np.ones(len(members))
        result.append(
            Comparison(
                which,
                frequencies(kinds, members, equal),
                frequencies(target_kinds, target_members, np.ones(len(target_members))),
                frequencies(kinds, members, equal if weights is None else weights),
            )
        )
    return result


def sampling_weights(
    train: SceneList, target: SceneList, factors: Sequence[str] = FACTORS, **options: float
) -> np.ndarray:
    """Sampling weights of the training scenes for the composition of the target.

    Args:
        train, target: the lists.
        factors: names out of FACTORS and CHARTS.
        **options: of `rake`.

    Returns:
        (scenes,) float64 with mean 1.
    """
    targets = {}
    for which in factors:
        kinds, members = target.factor(which)
        targets[which] = frequencies(kinds, members, np.ones(len(members)))
    return rake({which: train.factor(which) for which in factors}, targets, **options)


def membership(labels: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Distinct labels in alphabetical order, and one-hot membership, (scenes, labels)."""
    kinds, index = np.unique(np.asarray(labels), return_inverse=True)
    return [str(kind) for kind in kinds], np.eye(kinds.size)[index]


def rake(
    factors: Mapping[str, tuple[Sequence[str], np.ndarray]],
    targets: Mapping[str, Mapping[str, float]],
    *,
    bound: float = 10.0,
    keep: float = 0.1,
) -> np.ndarray:
    """Weights of scenes whose weighted label frequencies match the target's.

    Args:
        factors: by name, the labels of a factor and the membership of each scene, (scenes,
            labels) with rows that add up to 1: one-hot for an area or a month, fractions of pixels
            for ice classes.
        targets: by the same names, the frequency of each label in the target. The frequency of a
            label without a scene is distributed over the others.
        bound: weights lie within 1 / bound and bound.
        keep: weight of the training list's own composition in the target, in [0, 1], so that labels
            that a short target list lacks are still drawn.

    Returns:
        (scenes,) float64 with mean 1.

    Raises:
        InputError: no factor, no label of a target among the scenes, or options out of range.
    """
    if not factors:
        raise InputError("weights: expected at least one factor, got none; name one")
    if bound < 1 or not 0 <= keep <= 1:
        raise InputError(
            f"weights: expected a bound of at least 1 and keep from 0 to 1, got {bound} and "
            f"{keep}; use 10 and 0.1"
        )
    number = len(next(iter(factors.values()))[1])
    goals = {
        name: _goal(name, kinds, members, targets[name], keep)
        for name, (kinds, members) in factors.items()
    }
    weights = np.ones(number)
    for _ in range(ITERATIONS):
        before = weights
        for name, (_, members) in factors.items():
            present = weights @ members / weights.sum()
            ratio = np.divide(goals[name], present, out=np.ones_like(present), where=present > 0)
            weights = weights * (members @ ratio)
        weights = bounded(weights, bound)
        if np.abs(weights - before).max() < 1e-9:
            break
    return weights


def bounded(weights: np.ndarray, bound: float) -> np.ndarray:
    """Scale weights to mean 1 and clip them to 1 / bound and bound.

    >>> bounded(np.array([1.0, 1.0, 100.0]), 2.0)
    array([0.5, 0.5, 2. ])
    """
    weights = np.maximum(weights, 1e-12 * weights.max())
    low, high = np.log(weights.min() / bound) - 1, np.log(weights.max() * bound) + 1
    for _ in range(100):  # bisection: the mean of the clipped weights rises with their scale
        middle = (low + high) / 2
        if np.clip(weights / np.exp(middle), 1 / bound, bound).mean() > 1:
            low = middle
        else:
            high = middle
    return np.clip(weights / np.exp(high), 1 / bound, bound)


def effective_number(weights: np.ndarray) -> float:
    """Effective sample size (Kish), between 1 and the number of scenes."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def distance(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Total variation distance of two sets of frequencies: 0 if equal, 1 if disjoint.

    >>> distance({"cis": 0.5, "dmi": 0.5}, {"dmi": 1.0})
    0.5
    """
    kinds = set(first) | set(second)
    return sum(abs(first.get(kind, 0) - second.get(kind, 0)) for kind in kinds) / 2


def frequencies(kinds: Sequence[str], members: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Weighted relative frequency of each label."""
    present = weights @ members / weights.sum()
    return {kind: float(value) for kind, value in zip(kinds, present)}


def _goal(name: str, kinds: Sequence[str], members: np.ndarray, target: Mapping, keep: float):
    wanted = np.array([target.get(kind, 0.0) for kind in kinds])
    if wanted.sum() <= 0:
        raise InputError(
            f"weights: expected scenes with {name} {', '.join(sorted(target))}, got only "
            f"{', '.join(kinds)}; leave the factor {name} out"
        )
    return (1 - keep) * wanted / wanted.sum() + keep * members.mean(axis=0)
