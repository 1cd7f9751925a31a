"""Names of AI4Arctic scenes: raw, ready-to-train and reference files.

A raw name joins the Sentinel-1 product with the ice chart of the scene:
`S1A_EW_GRDM_1SDH_<start>_<stop>_<orbit>_<take>_<crc>_icechart_<service>_<chart>.nc`, where the
chart of the Canadian service is `<area>_<YYYYMMDDTHHMMZ>_pl_a` and that of the Danish one
`<YYYYMMDDHHMM>_<area>_RIC`, and `_testdata` follows in test scenes. A ready-to-train name keeps
only the start and the service.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from seaice_tf.errors import InputError

RAW = re.compile(
    r"(?P<satellite>S1[A-D])_EW_GRDM_1SDH_(?P<time>\d{8}T\d{6})_\d{8}T\d{6}_\d{6}_[0-9A-F]{6}"
    r"_[0-9A-F]{4}_icechart_(?P<service>cis|dmi)_(?P<chart>.+?)(\.nc)?"
)
SHORT = re.compile(
    r"(?P<time>\d{8}T\d{6})_(?P<service>cis|dmi)(?P<kind>(_prep)?(_reference)?)(\.nc)?"
)
AREA = {
    "cis": re.compile(r"(\w+?)_\d{8}T\d{4}Z_.*"),
    "dmi": re.compile(r"\d+_(\w+?)_RIC.*"),
}
UNKNOWN = "unknown"  # area or satellite, which a ready-to-train name does not contain
FACTORS = ("area", "month", "year", "service", "satellite")


@dataclass(frozen=True)
class SceneName:
    """Time, ice service, satellite and area of a scene."""

    time: np.datetime64  # datetime64[s], start of the acquisition, UTC
    service: str  # "cis" or "dmi"
    satellite: str = UNKNOWN  # "S1A", "S1B"
    area: str = UNKNOWN  # of the ice chart: "SGRDIFOXE", "CapeFarewell"

    @property
    def short(self) -> str:
        """Time and service, the first 19 characters of every short form: "20180124T194759_dmi"."""
        return f"{str(self.time).replace('-', '').replace(':', '')}_{self.service}"

    @property
    def prep(self) -> str:
        """File name of the ready-to-train scene."""
        return f"{self.short}_prep.nc"

    @property
    def month(self) -> int:
        """1 to 12."""
        return int(self.time.astype("datetime64[M]").astype(int)) % 12 + 1

    @property
    def year(self) -> int:
        return int(self.time.astype("datetime64[Y]").astype(int)) + 1970


def parse(name: str) -> SceneName:
    """Parse the name of a scene or of its file, with or without folder and `.nc`.

    Raises:
        InputError: not the name of a scene.

    >>> parse("20180124T194759_dmi_prep.nc").month
    1
    """
    last = PurePath(name).name
    match = RAW.fullmatch(last) or SHORT.fullmatch(last)
    time = _time(match["time"]) if match else None
    if not match or time is None:
        raise InputError(
            f"scene name: expected <YYYYMMDDTHHMMSS>_<cis|dmi>_prep.nc or a raw name that begins "
            f"with S1, got {last!r}; leave other files out of the list"
        )
    found = match.groupdict()
    service = found["service"]
    area = AREA[service].fullmatch(found.get("chart") or "")
    return SceneName(time, service, found.get("satellite") or UNKNOWN, area[1] if area else UNKNOWN)


def factor(names: Iterable[SceneName], which: str) -> list[str]:
    """Label of each scene: its area, month ("03"), year, service or satellite."""
    if which not in FACTORS:
        raise InputError(
            f"factor: expected one of {', '.join(FACTORS)}, got {which!r}; choose another"
        )
    values = (getattr(name, which) for name in names)
    return [f"{value:02d}" if which == "month" else str(value) for value in values]


def _time(digits: str) -> np.datetime64 | None:
    date, clock = digits.split("T")
    pairs = [clock[i : i + 2] for i in (0, 2, 4)]
    try:
        return np.datetime64(f"{date[:4]}-{date[4:6]}-{date[6:]}T{':'.join(pairs)}", "s")
    except ValueError:  # such as a thirteenth month
        return None
