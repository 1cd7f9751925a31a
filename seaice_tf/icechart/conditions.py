"""Under which conditions charts are worst, from pixel to pixel: counted scene by scene."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data import decision as ice_decision
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, physical
from seaice_tf.icechart.scores import autoice, conditions
from seaice_tf.task import Case, Maps

ZONES = (10.5, 20.5, 30.5)  # of the set's distance from land, 0 at the coast to 41 far out
ZONE_NAMES = ("zone_01-10", "zone_11-20", "zone_21-30", "zone_31-41")
UNCERTAINTY_NAMES = ("01_certain", *(f"{n:02d}" for n in range(2, 10)), "10_uncertain")

Counts = Mapping[str, np.ndarray]  # by chart, to be added up
Charts = Mapping[str, np.ndarray]  # at 80 m


@dataclass(frozen=True)
class Condition:
    """What is counted of a scene, and what the sum of all scenes says.

    `count` takes a case, its maps and its charts at 80 m; `rows` gives by group its numbers.
    """

    count: Callable[[Case, Maps, Charts], Counts]
    rows: Callable[[Counts], dict[str, dict[str, float]]]


def added(total: Counts | None, counts: Counts) -> Counts:
    return {c: counts[c] + (0 if total is None else total[c]) for c in CHARTS}


def _distance(case: Case, fields: Maps, charts: Charts) -> Counts:
    scene = case.context.scene
    if "distance_map" not in scene.channels:
        return {c: np.zeros((len(ZONE_NAMES), *2 * (_classes(c),)), int) for c in CHARTS}
    zones = physical("distance_map", sar_scene.read_fine(scene, ["distance_map"])[..., 0])
    group = np.digitize(zones, ZONES)
    return {
        c: conditions.by_group(case.truth[c], charts[c], group, len(ZONE_NAMES), _classes(c))
        for c in CHARTS
    }


def _uncertainty(case: Case, fields: Maps, charts: Charts) -> Counts:
    levels = {c: np.zeros((conditions.LEVELS, *2 * (_classes(c),)), int) for c in CHARTS}
    if "uncertainty" in fields:
        for i, c in enumerate(CHARTS):
            doubt = _native(case, fields["uncertainty"][..., i])
            levels[c] = conditions.by_level(case.truth[c], charts[c], doubt, _classes(c))
    return levels


def _reliability(case: Case, fields: Maps, charts: Charts) -> Counts:
    counts = {c: np.zeros((conditions.TENTHS, 3)) for c in CHARTS}
    for name, c in zip(ice_decision.CHANCES, CHARTS):
        if name in fields:
            chosen = fields[c][..., None].astype(np.int64)
            chance = _native(case, np.take_along_axis(fields[name], chosen, axis=-1)[..., 0])
            counts[c] = conditions.stated(case.truth[c], charts[c], chance)
    return counts


def _native(case: Case, values: np.ndarray) -> np.ndarray:
    large = downscale.enlarge(values, case.context.factor, case.context.scene.shape)
    return ice_decision.unpacked(large)


def _classes(chart: str) -> int:
    return len(CLASSES[chart])


def _scored(names: tuple[str, ...], total: Counts) -> dict[str, dict[str, float]]:
    return {
        name: {
            **autoice.scores({chart: total[chart][i] for chart in CHARTS}),
            "pixels": int(total["SIC"][i].sum()),
        }
        for i, name in enumerate(names)
    }


def _tenths(total: Counts) -> dict[str, dict[str, float]]:
    groups = {chart: conditions.tenths(levels) for chart, levels in total.items()}
    return _scored(UNCERTAINTY_NAMES, groups)


def _reliabilities(total: Counts) -> dict[str, dict[str, float]]:
    return {
        f"{chart}_{10 * i:02d}-{10 * (i + 1)}": row
        for chart in CHARTS
        for i, row in enumerate(conditions.reliability(total[chart]))
    }


CONDITIONS = {
    "distance": Condition(_distance, lambda total: _scored(ZONE_NAMES, total)),
    "uncertainty": Condition(_uncertainty, _tenths),
    "reliability": Condition(_reliability, _reliabilities),
}
