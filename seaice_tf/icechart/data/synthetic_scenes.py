"""Synthetic scenes in the ready-to-train format: names, places and files.

Their files carry SYNTHETIC_TITLE as title.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE, cached
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, TIE_POINTS
from seaice_tf.icechart.data.names import SceneName
from seaice_tf.icechart.data.simulation import KINDS, SimulatedScene, simulate

FIRST_DAY, DAYS = np.datetime64("2018-01-08"), 1430  # the period of the AI4Arctic data set
STEP = 367.0 / 5  # days between two scenes: five cover all seasons, and drift by two days
KILOMETRES = 111.2  # in a degree of latitude

# Areas of the ice charts and the approximate centres of their scenes: degrees north and east.
PLACES = {
    "cis": {
        "SGRDIEA": (71, -72),
        "SGRDIFOXE": (66, -79),
        "SGRDIHA": (77, -92),
        "SGRDIMID": (57, -60),
        "SGRDINFLD": (51, -54),
        "SGRDIWA": (72, -126),
    },
    "dmi": {
        "CapeFarewell": (60, -44),
        "CentralEast": (71, -19),
        "CentralWest": (69, -56),
        "North": (82, -40),
        "NorthEast": (79, -10),
        "NorthWest": (74, -60),
        "Qaanaaq": (77, -71),
        "SouthEast": (65, -36),
        "SouthWest": (63, -53),
    },
}


def default_folder() -> Path:
    """Folder of 30 scenes, six of them test scenes; written at the first call."""
    return cached("icechart", write, 30, (400, 416), 0, 6)


def is_synthetic(attributes: Mapping[str, Any]) -> bool:
    """Whether a scene with these attributes is synthetic."""
    return SYNTHETIC_TITLE in str(attributes.get("title", ""))


def write(
    folder: Path, number: int, shape: tuple[int, int], seed: int = 0, tests: int = 0
) -> list[Path]:
    """Write scenes into a folder; the same arguments give the same values.

    Args:
        folder: for `<time>_<service>_prep.nc`, and `..._prep_reference.nc` of test scenes.
        number: of scenes; their kinds alternate between KINDS.
        shape: lines and samples of 80 m.
        seed: of all random numbers.
        tests: number of test scenes, the last ones, whose charts are in a reference file.

    Returns:
        The paths of the scenes.
    """
    paths = []
    for index, label in enumerate(labels(number, seed)):
        scene = label.simulate(shape, seed)
        path = folder / label.name.prep
        is_test = index >= number - tests
        write_scene(path, label, scene, charts=not is_test)
        if is_test:
            write_reference(path.with_name(f"{path.stem}_reference.nc"), label, scene)
        paths.append(path)
    return paths


def write_scene(path: Path, label: "Label", scene: SimulatedScene, charts: bool = True) -> Path:
    """Write a ready-to-train scene, with its charts or, for a test scene, without."""
    content = {**scene.fine, **(scene.charts if charts else {})}
    shape = _shape(scene)
    ties = dict(zip(("latitude", "longitude"), tie_points(label.name, shape)))
    return sar_scene.write(path, shape, [(0, content)], scene.coarse, ties, _attributes(label))


def write_reference(path: Path, label: "Label", scene: SimulatedScene) -> Path:
    """Write the reference charts of a test scene."""
    return sar_scene.write(path, _shape(scene), [(0, scene.charts)], {}, {}, _attributes(label))


def _shape(scene: SimulatedScene) -> tuple[int, int]:
    lines, samples = scene.charts[CHARTS[0]].shape
    return lines, samples


def _attributes(label: "Label") -> dict[str, str]:
    return {
        "title": SYNTHETIC_TITLE,
        "original_id": f"{label.raw}.nc",
        "ice_service": label.name.service,
    }


@dataclass(frozen=True)
class Label:
    """Name and kind of a synthetic scene."""

    raw: str  # raw name without .nc
    kind: str  # one of KINDS

    @property
    def name(self) -> SceneName:
        return scene_names.parse(self.raw)

    def simulate(self, shape: tuple[int, int], seed: int = 0, **options) -> SimulatedScene:
        """Simulate the scene with (lines, samples) pixels of 80 m."""
        return simulate(self.raw, self.kind, self.name.month, shape, seed, **options)


def labels(number: int, seed: int = 0) -> list[Label]:
    """Labels of `number` scenes over four years and all seasons, of alternating kinds."""
    return [_label(index, seed) for index in range(number)]


def _label(index: int, seed: int) -> Label:
    rng = np.random.default_rng((seed, index, 7))
    day = FIRST_DAY + int((index * STEP + 31 * seed) % DAYS)
    start = day.astype("datetime64[s]") + int(rng.integers(7 * 3600, 22 * 3600))
    service = ("cis", "dmi")[int(rng.random() < 0.6)]
    places = sorted(PLACES[service])
    area = places[int(rng.integers(len(places)))]
    satellite = "AB"[int(rng.random() < 0.4)]
    orbit, take, check = rng.integers(20000, 41000), rng.integers(1 << 19), rng.integers(1 << 16)
    times = [_digits(time) for time in (start, start + 60)]
    minutes = times[0][:13]
    chart = f"{minutes.replace('T', '')}_{area}_RIC"
    if service == "cis":
        chart = f"{area}_{minutes}Z_pl_a"
    raw = (
        f"S1{satellite}_EW_GRDM_1SDH_{times[0]}_{times[1]}_{orbit:06d}_{take:06X}_{check:04X}"
        f"_icechart_{service}_{chart}"
    )
    return Label(raw, KINDS[index % len(KINDS)])


def tie_points(name: SceneName, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude at the tie points of a descending pass over the area of a scene.

    Args:
        name: of the scene.
        shape: lines and samples of 80 m.

    Returns:
        Latitude and longitude, (21, 21) float64 degrees each, lines first.
    """
    north, east = PLACES[name.service].get(name.area, (72, -60))
    down, across = (np.linspace(-0.5, 0.5, TIE_POINTS) * 0.08 * pixels for pixels in shape)
    tilt = np.radians(12)  # of the track against the meridian
    y = -down[:, None] * np.cos(tilt) + across * np.sin(tilt)
    x = down[:, None] * np.sin(tilt) + across * np.cos(tilt)
    latitude = north + y / KILOMETRES
    longitude = east + x / (KILOMETRES * np.cos(np.radians(latitude)))
    return latitude, (longitude + 180) % 360 - 180


def _digits(time: np.datetime64) -> str:
    return str(time).replace("-", "").replace(":", "")
