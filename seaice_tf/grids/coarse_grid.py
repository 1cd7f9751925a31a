"""Interpolation of the 2 km channels and tie points of a scene to its SAR grid.

A cell of the coarse grid is `CELL` pixels wide, so the centre of cell i lies at pixel
(i + 1/2) CELL - 1/2. A patch has exactly the values of the same window of the whole scene. After
downscaling by d, output pixel k covers the pixels k d to k d + d - 1 and lies at their centre.
"""

import numpy as np

from seaice_tf.grids.windows import Window

CELL = 25  # pixels of 80 m along a side of a 2 km cell; 50 at 40 m


def place(
    coarse: np.ndarray, window: Window, *, downscale: int = 1, cell: int = CELL
) -> np.ndarray:
    """Interpolate the coarse grid bilinearly to the pixels of a window.

    Beyond the outermost cell centres (half a cell), values are extrapolated linearly.

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


def fits(coarse: tuple[int, ...], shape: tuple[int, int], cell: int = CELL) -> bool:
    """Whether the shape of a coarse grid fits that of a SAR grid, to 1.5 cells along each axis.

    >>> fits((200, 208), (5000, 5200)), fits((202, 208), (5000, 5200))
    (True, False)
    """
    return all(abs(cells - pixels / cell) <= 1.5 for cells, pixels in zip(coarse, shape))


def bilinear(field: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Interpolate at fractional rows and columns, with linear extrapolation.

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
    """Latitude and longitude at the pixels of a window.

    Args:
        latitude, longitude: (n, m) degrees at the tie points, evenly spaced from the first pixel
            to the last. The first axis runs along the lines, whatever the names of the dimensions.
        shape: lines and samples of the whole SAR grid.
        window: of the downscaled grid.
        downscale: pixels of the SAR grid along a side of an output pixel.

    Returns:
        Two arrays (height, width) float64 in degrees, longitude in [-180, 180).
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
    """Interpolate degrees at fractional rows and columns of the tie points.

    Args:
        latitude, longitude: (n, m) degrees at the tie points.
        rows, columns: (H,) and (W,), as indices of the tie points.

    Returns:
        Latitude and longitude, (H, W) each, longitude in [-180, 180).
    """
    # Unwrapped, a scene across the 180th meridian has no step of 360 degrees.
    rows_unwrapped = np.unwrap(longitude.astype(float), period=360, axis=0)
    unwrapped = np.unwrap(rows_unwrapped, period=360, axis=1)
    interpolated = bilinear(unwrapped, rows, columns)
    return bilinear(latitude.astype(float), rows, columns), (interpolated + 180) % 360 - 180


def fractional_index(tie: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Positions as fractional indices of increasing tie positions.

    >>> fractional_index(np.array([0.0, 10.0, 14.0]), np.array([5.0, 12.0, 16.0]))
    array([0.5, 1.5, 2.5])
    """
    first = np.clip(np.searchsorted(tie, positions, side="right") - 1, 0, tie.size - 2)
    return first + (positions - tie[first]) / (tie[first + 1] - tie[first])


def season(month: int) -> tuple[float, float]:
    """Sine and cosine of the day of year of a month, 1 to 12, so that December is near January.

    >>> season(4)[0]
    1.0
    """
    angle = 2 * np.pi * (month - 1) / 12
    return float(np.sin(angle)), float(np.cos(angle))
