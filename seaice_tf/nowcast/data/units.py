"""Values of frames as counts: 0 to 1023, whatever the unit of the file."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import whole
from seaice_tf.nowcast.data.source import Source

if TYPE_CHECKING:
    from seaice_tf.nowcast.data.frames import Frames

HIGHEST = 1023.0
RANGE = (0.0, HIGHEST)
OF_COUNTS = {"", "1", "count", "counts", "dn", "numeric", "none", "unitless", "dimensionless"}
PERCENT = {"%", "percent"}
# Standard names of the CF conventions: toa_bidirectional_reflectance, and the albedo of GOES.
OF_REFLECTANCE = ("reflectance", "albedo")
SAMPLED = 6  # frames that a range is learnt from
TAILS = (0.1, 99.9)  # percentiles, and beyond them
MARGIN = 0.1  # of the range between them
COLDEST, WARMEST = 150, 350  # brightness temperatures in kelvin

log = logging.getLogger(__name__)


def to_counts(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Values as counts; those that are counts stay as they are."""
    if limits == RANGE:
        return values
    low, high = limits
    counts = (values.astype(np.float32) - np.float32(low)) * np.float32(HIGHEST / (high - low))
    return np.clip(counts, 0, HIGHEST)


def from_counts(counts: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """The inverse of `to_counts`: float32."""
    low, high = limits
    return (counts * np.float32((high - low) / HIGHEST) + np.float32(low)).astype(np.float32)


def is_reflectance(attributes: Mapping[str, Any], channel: str = "") -> bool:
    """Whether attributes of CF or of Satpy say that values are reflectances.

    Args:
        attributes: of the array.
        channel: Satip writes those of each channel under its name, such as HRV_calibration.

    >>> is_reflectance({"standard_name": "toa_bidirectional_reflectance", "units": "%"})
    True
    """

    def named(name: str) -> str:
        return str(attributes.get(f"{channel}_{name}") or attributes.get(name, "")).lower()

    return named("calibration") == "reflectance" or any(
        word in named("standard_name") for word in OF_REFLECTANCE
    )


def _with_reflectance(frames: "Frames", where: str, number: int) -> "Frames":
    """The frames with the range of reflectance: 0 to 1, or 0 to 100 in percent.

    Raises:
        InputError: values that are reflectances in another unit.
    """
    percent = frames.unit.lower() in PERCENT
    low, high = limits = (0.0, 100.0) if percent else (0.0, 1.0)
    values = _sampled(frames, number)
    most = float(np.percentile(values, TAILS[1])) if values.size else high
    if (percent and 0 < most <= 1.5) or (not percent and most > 2):
        given = "0 1" if percent else "0 100" if most <= 150 else f"0 {HIGHEST:.0f}"
        raise InputError(
            f"{where}: expected reflectance from {low:g} to {high:g}, by its attributes in "
            f"{frames.unit or 'no unit'}, got values up to {most:.3g}; add --value-range {given}"
        )
    return dataclasses.replace(frames, limits=limits)


def with_limits(
    frames: "Frames", limits: tuple[float, ...], where: str, source: Source, number: int
) -> "Frames":
    """The frames with the values of 0 and 1023 counts that are given, or those of their data.

    Args:
        frames: whose limits are those of counts.
        limits: that are given; () for none.
        where: for messages.
        source: what the first file says of its values.
        number: of frames, from the first, that tell the range; the others are of the future.

    Raises:
        InputError: limits that are not two ascending numbers, or values without a unit that are no
            counts.
    """
    if limits:
        if len(limits) != 2 or not limits[0] < limits[1]:
            raise InputError(
                f"value_range: expected two ascending values, of 0 and of {HIGHEST:.0f} counts, "
                f"got {limits}; give both"
            )
        return dataclasses.replace(frames, limits=(float(limits[0]), float(limits[1])))
    if source.reflectance:
        return _with_reflectance(frames, where, number)
    if frames.unit.lower() in OF_COUNTS:
        if not source.integers:
            _require_counts(frames, where, number)
        return frames
    learnt = learn(frames, where, number)
    log.info("%s: %g to %g %s are read as 0 to 1023 counts", where, *learnt, frames.unit)
    return dataclasses.replace(frames, limits=learnt)


def learn(frames: "Frames", where: str, number: int) -> tuple[float, float]:
    """Values of 0 and 1023 counts: the range of some of the first `number` frames with a margin."""
    known = _sampled(frames, number)
    if not known.size:
        raise InputError(f"{where}: expected values, got NaN only; see seaice-tf doctor nowcast")
    low, high = np.percentile(known, TAILS).tolist()
    return with_margin(low, high)


def with_margin(low: float, high: float) -> tuple[float, float]:
    """A range of values with a margin on either side, of six digits.

    >>> with_margin(200.0, 300.0)
    (190.0, 310.0)
    """
    margin = MARGIN * max(high - low, 1e-4 * max(abs(low), 0.01))
    return float(f"{low - margin:.6g}"), float(f"{high + margin:.6g}")


def _sampled(frames: "Frames", number: int) -> np.ndarray:
    """Known values of some of the first frames: (n,)."""
    chosen = np.unique(np.linspace(0, number - 1, SAMPLED).astype(int))
    values = [frames.read(int(i), 1, whole(frames.shape)).ravel()[::7] for i in chosen]
    found = np.concatenate(values)
    return found[np.isfinite(found)]


def _require_counts(frames: "Frames", where: str, number: int) -> None:
    """InputError for floats without a unit that are fractions, or temperatures in kelvin."""
    if frames.blocks[0][0][0].dtype.kind != "f":
        return
    values = _sampled(frames, number)
    values = values[values != 0]  # unknown, or dark
    if not values.size:
        return
    low, high = float(values.min()), float(values.max())
    expected = f"{where}: expected counts from 0 to {HIGHEST:.0f}"
    got = f"{expected}, got values from {low:.3g} to {high:.3g}"
    if low > 0 and high <= 1.5:
        raise InputError(f"{got}, as if scaled; add --value-range 0 1")
    if low >= COLDEST and high <= WARMEST and (values % 1 != 0).any():
        low, high = learn(frames, where, number)
        raise InputError(
            f"{got} with fractions, as of temperatures in kelvin; add --value-range {low:.0f} "
            f"{high:.0f}, or if they are counts --value-range 0 {HIGHEST:.0f}"
        )
