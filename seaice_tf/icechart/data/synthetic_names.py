"""Names, dates and places of made-up scenes, in the manner of the AI4Arctic set."""

from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import TIE_POINTS
from seaice_tf.icechart.data.names import SceneName

KINDS = ("mixed", "land", "open_water", "masked")
FIRST_DAY, DAYS = np.datetime64("2018-01-08"), 1430  # the period of the real set
STEP = 367.0 / 5  # days between two scenes: five go once around the seasons, and a little on
KILOMETRES = 111.2  # in a degree of latitude

# Charted areas and about where their scenes lie: degrees north and east.
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


@dataclass(frozen=True)
class Label:
    """What a made-up scene is called and what is in it."""

    raw: str  # raw name without .nc
    kind: str  # one of KINDS

    @property
    def name(self) -> SceneName:
        return scene_names.parse(self.raw)


def labels(number: int, seed: int = 0) -> list[Label]:
    """Names for `number` scenes over four years and all seasons; every fourth kind in turn."""
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
    """Degrees north and east at the tie points of a descending pass over the name's area.

    Two of (21, 21) float64, lines first, for pixels of 80 m.
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
