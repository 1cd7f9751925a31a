"""Times of frames: the nearest multiples of a step."""

import netCDF4
import numpy as np

from seaice_tf.errors import InputError

STEP = np.timedelta64(5, "m")
TOLERANCE = 0.25  # of a step


def whole_minutes(step: np.timedelta64) -> int:
    """Whole minutes of a step."""
    return int(step / np.timedelta64(1, "m"))


def on_grid(
    time: np.ndarray, step: np.timedelta64, where: str, until: np.datetime64 | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The frames at multiples of a step, such as every third of 15 minutes, and those times.

    Scanners start some seconds early or late, so a frame within a quarter of a step of a multiple
    belongs to it. Multiples are counted from the time of day at which most frames are.

    Args:
        time: (T,) datetime64[s].
        step: from one frame to the next.
        where: for messages.
        until: the last time that says at which time of day the frames are; None for all.

    Returns:
        Which frames are kept, (T,) bool, and their times, ascending.

    Raises:
        InputError: the times do not ascend.

    >>> time = np.array(["2020-04-01T12:00:04", "2020-04-01T12:04:58"], "M8[s]")
    >>> on_grid(time, STEP, "a")[1].astype(str).tolist()
    ['2020-04-01T12:00:00', '2020-04-01T12:05:00']
    """
    if (backward := np.flatnonzero(np.diff(time) <= np.timedelta64(0))).size:
        raise InputError(
            f"{where}: expected times that ascend, got {time[backward[0] + 1]} after "
            f"{time[backward[0]]}; sort the frames, and leave out those that are there twice"
        )
    seconds, length = (
        time.astype("datetime64[s]").astype(np.int64),
        int(step / np.timedelta64(1, "s")),
    )
    past = seconds if until is None else seconds[time <= until + step // 4]
    phase = _phase(past if past.size else seconds, length)
    number = np.rint((seconds - phase) / length).astype(np.int64)
    away = np.abs(seconds - phase - number * length)
    kept = away <= TOLERANCE * length
    # Of two frames near one multiple, the nearer.
    for each in np.flatnonzero(kept[1:] & kept[:-1] & (np.diff(number) == 0)):
        kept[each if away[each] > away[each + 1] else each + 1] = False
    return kept, (phase + number[kept] * length).astype("datetime64[s]")


def _phase(seconds: np.ndarray, length: int) -> int:
    """The whole minute after a multiple of the step at which most frames are, in seconds."""
    minutes = np.rint(seconds % length / 60).astype(int) * 60 % length
    return int(np.bincount(minutes).argmax())


def decoded(values: np.ndarray, units: str, calendar: str) -> np.ndarray:
    """CF times as datetime64[s]; raises ValueError and others for what makes no sense."""
    dates = netCDF4.num2date(
        np.asarray(values),
        units,
        calendar,
        only_use_cftime_datetimes=False,
        only_use_python_datetimes=True,
    )
    return np.atleast_1d(np.array(dates, "datetime64[s]"))
