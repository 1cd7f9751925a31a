"""Files of the forecast of a whole image: netCDF, a sheet, the flow and a GIF."""

from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.nowcast.data.layout import MIN_KNOWN
from seaice_tf.nowcast.data.source import Grid
from seaice_tf.nowcast.products import image_netcdf, maps
from seaice_tf.task import Case, Maps

LONGEST = 450  # pixels along a side in pictures


def write(case: Case, fields: Maps, out: Path, model: str) -> list[Path]:
    """Write NAME.nc, NAME.png, NAME_flow.png and NAME.gif of a case.

    Args:
        case: of a whole image.
        fields: "frames" and "known", (24, H, W), and "flow", see `images.forecast`.
        out: folder.
        model: name for captions and attributes.

    Returns:
        The files written.
    """
    context, caption = case.context, f"{model} on {case.context.source}"
    frames, known = fields["frames"], fields["known"] >= MIN_KNOWN  # of an ensemble a fraction
    film = out / f"{case.name}.gif"
    written = [
        image_netcdf.write(
            out / f"{case.name}.nc", fields, known, context.image, context.last, caption
        )
    ]
    every = max(-(-max(frames.shape[1:]) // LONGEST), 1)
    rows, columns = _northward(context.image.grid, every)
    past = context.past[:, rows, columns]
    small = np.where(known[:, rows, columns], frames[:, rows, columns], np.float32(np.nan))
    truth = None if case.truth is None else case.truth[:, rows, columns]
    with progress.step("pictures of the image"):
        sheet = maps.sheet(caption, past, small, truth, context.known, minutes=context.minutes)
        # Of arrows on a mirrored picture the directions are mirrored too.
        flow = fields["flow"][rows, columns] * np.sign([rows.step, columns.step])
        written += [
            maps.maps.write(out / f"{case.name}.png", sheet),
            maps.write_flow(out / f"{case.name}_flow.png", caption, past[-1], flow),
        ]
        panels = {"forecast": small}
        if truth is not None and context.known.any():
            later = context.known.sum()
            panels = {"truth": truth[:later], "forecast": small[:later]}
        written.append(maps.animate(film, past, panels, caption, minutes=context.minutes))
    return written


def _northward(grid: Grid | None, every: int) -> tuple[slice, slice]:
    """Rows and columns of a picture with north up and west on the left, every n-th of them.

    >>> _northward(Grid(np.array([2.0, 1.0]), np.array([1.0, 2.0])), 3)
    (slice(None, None, -3), slice(None, None, -3))
    """
    if grid is None:
        return slice(None, None, every), slice(None, None, every)
    south_first, east_first = grid.y[0] < grid.y[-1], grid.x[0] > grid.x[-1]
    return (
        slice(None, None, -every if south_first else every),
        slice(None, None, -every if east_first else every),
    )
