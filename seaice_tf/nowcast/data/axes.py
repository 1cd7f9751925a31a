"""Which axes of an array are time, rows, columns and channels, by the names of its dimensions."""

import logging
from collections.abc import Sequence
from pathlib import Path

from seaice_tf.errors import InputError

log = logging.getLogger(__name__)
TIMES = ("time", "t")
CHANNELS = ("variable", "channel", "channels", "band")
ACROSS = ("x", "lon", "c")  # beginnings of the names of columns
DOWN = ("y", "lat", "r")  # and of rows


def of_names(
    names: Sequence[str], shape: Sequence[int], times: Sequence[str] = ()
) -> dict[str, int] | None:
    """Axis of "y" and "x" and, where there are such, of "time" and "channel"; None without images.

    The two axes that are left are rows, then columns, unless their names tell the other order. An
    axis of length 1 besides, such as a height, counts as channel.

    Args:
        names: of the dimensions.
        shape: their lengths.
        times: further names of dimensions of time.

    >>> of_names(("y", "x", "Time"), (20, 30, 12))
    {'time': 2, 'y': 0, 'x': 1}
    >>> of_names(("time", "bnds"), (12, 2))
    """
    found: dict[str, int] = {}
    rest = []
    for axis, name in enumerate(names):
        kind = "time" if _is_time(name) or name in times else ""
        kind = "channel" if name.lower() in CHANNELS else kind
        if not kind:
            rest.append(axis)
        elif kind in found:
            return None
        else:
            found[kind] = axis
    single = [axis for axis in rest if shape[axis] == 1]
    if len(rest) == 3 and len(single) == 1 and "channel" not in found:
        rest.remove(single[0])
        found["channel"] = single[0]
    if len(rest) != 2:
        return None
    rows, columns = rest
    if names[rows].lower().startswith(ACROSS) or names[columns].lower().startswith(DOWN):
        rows, columns = columns, rows
    return {**found, "y": rows, "x": columns}


def _is_time(name: str) -> bool:
    return name.lower() in TIMES or name.lower().startswith("time")


def warn_of_name(path: Path, channel: str) -> None:
    """Warn that a file with one channel, whose name it does not tell, is taken for the wanted one.

    Its name decides whether a dark frame is a night, and names the variable of the forecast.
    """
    if channel:
        log.warning("%s: its only channel has no name, and is taken for %s", path, channel)


def channel(path: Path, names: Sequence[str], wanted: str) -> tuple[int, str]:
    """Index and name of the channel that is wanted, or of the only one.

    Raises:
        InputError: no such channel, or several and none is wanted.
    """
    if not wanted and len(names) == 1:
        return 0, names[0]
    if wanted not in names:
        raise InputError(
            f"{path}: expected one of the channels {', '.join(names)}, got {wanted or 'none'}; add "
            f"--channel {names[0]}"
        )
    return names.index(wanted), wanted
