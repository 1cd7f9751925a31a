"""The 2 km channels and the tie points of a scene on the pixels of its SAR grid.

A cell of the coarse grid is `CELL` pixels wide, so the centre of cell i lies at pixel
(i + 1/2) CELL - 1/2. A window may lie anywhere, also between two cells: a patch holds the same
values as the same window of the whole scene, to the last bit. After downscaling by d, output pixel
k stands for the pixels k d to k d + d - 1 and lies at their centre.
"""

import numpy as np

from seaice_tf.grids.windows import Window

CELL = 25  # pixels of 80 m along a side of a 2 km cell; 50 at 40 m


def place(
    coarse: np.ndarray, window: Window, *, downscale: int = 1, cell: int = CELL
) -> np.ndarray:
    """Bilinear values of the coarse grid at the pixels of a window.

    Between the outermost cell centres and the border, half a cell, the field is continued
    linearly, so that a plane stays a plane to the rounding of its type.

    Args:
        coarse: (rows, columns) or (rows, columns, C) float.
        window: of the downscaled grid.
        downscale: pixels of the SAR grid along a side of an output pixel.
        cell: pixels of the SAR grid along a side of a cell: 25 at 80 m, 50 at 40 m.

    Returns:
        (height, width) or (height, width, C), of the type of `coarse`.
    """
    lines = (downscale * (np.arange(window.top, window.bottom) + 0.5)) / cell - 0.5
    samples = (downscale * (np.arange(window.left, window.right) + 0.5)) / cell - 0.5
    return bilinear(coarse, lines, samples)


def fits(held: tuple[int, ...], shape: tuple[int, int], cell: int = CELL) -> bool:
    """Whether so many cells are those of a SAR grid, to one and a half along each side.

    Beyond a cell from the outermost ones, values would be invented.

    >>> fits((200, 208), (5000, 5200)), fits((202, 208), (5000, 5200))
    (True, False)
    """
    return all(abs(cells - pixels / cell) <= 1.5 for cells, pixels in zip(held, shape))


def bilinear(field: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Values at the crossings of fractional rows and columns, continued linearly outside.

    Args:
        field: (n, m) or (n, m, C).
        rows, columns: (H,) and (W,) float, in units of the field's own rows and columns.

    Returns:
        (H, W) or (H, W, C), of the type of `field`.

    >>> bilinear(np.array([[0.0, 2.0], [4.0, 6.0]]), np.array([0.5]), np.array([-0.5, 1.0]))
    array([[1., 4.]])
    """
    return _along(_along(field, rows, 0), columns, 1)


def _along(field: np.ndarray, positions: np.ndarray, axis: int) -> np.ndarray:
    length = field.shape[axis]
    if length == 1:
        return np.repeat(field, positions.size, axis)
    first = np.clip(np.floor(positions).astype(int), 0, length - 2)
    shape = [1] * field.ndim
    shape[axis] = positions.size
    weight = (positions - first).astype(field.dtype).reshape(shape)
    low, result = np.take(field, first, axis), np.take(field, first + 1, axis)
    result -= low  # in place: whole scenes are large
    result *= weight
    result += low
    return result


def latitude_longitude(
    latitude: np.ndarray,
    longitude: np.ndarray,
    shape: tuple[int, int],
    window: Window,
    *,
    downscale: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Degrees at the pixels of a window: two of (height, width) float64, longitude in [-180, 180).

    Args:
        latitude, longitude: (n, m) degrees at the tie points, of which the first axis runs along
            the lines whatever the names of its dimensions say. They are spread evenly from the
            first pixel to the last.
        shape: lines and samples of the whole SAR grid.
        window: of the downscaled grid.
        downscale: pixels of the SAR grid along a side of an output pixel.
    """
    ties = (np.linspace(0, end - 1, n) for end, n in zip(shape, latitude.shape))
    spans = (np.arange(window.top, window.bottom), np.arange(window.left, window.right))
    rows, columns = (
        fractional_index(tie, downscale * (span + 0.5) - 0.5) for tie, span in zip(ties, spans)
    )
    return degrees(latitude, longitude, rows, columns)


def degrees(
    latitude: np.ndarray, longitude: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bilinear degrees at fractional rows and columns of the tie points, longitude in [-180, 180).

    Args:
        latitude, longitude: (n, m) degrees at the tie points.
        rows, columns: (H,) and (W,), in units of the tie points' own.
    """
    # Unwrapped, a scene across the 180th meridian has no step of 360 degrees in it.
    steady = np.unwrap(np.unwrap(longitude.astype(float), period=360, axis=0), period=360, axis=1)
    turned = bilinear(steady, rows, columns)
    return bilinear(latitude.astype(float), rows, columns), (turned + 180) % 360 - 180


def fractional_index(tie: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Where positions lie among increasing tie positions, as a fractional index of them.

    >>> fractional_index(np.array([0.0, 10.0, 14.0]), np.array([5.0, 12.0, 16.0]))
    array([0.5, 1.5, 2.5])
    """
    first = np.clip(np.searchsorted(tie, positions, side="right") - 1, 0, tie.size - 2)
    return first + (positions - tie[first]) / (tie[first + 1] - tie[first])


def season(month: int) -> tuple[float, float]:
    """Sine and cosine of the time of year of a month, 1 to 12: December is near January.

    >>> season(4)[0]
    1.0
    """
    angle = 2 * np.pi * (month - 1) / 12
    return float(np.sin(angle)), float(np.cos(angle))
