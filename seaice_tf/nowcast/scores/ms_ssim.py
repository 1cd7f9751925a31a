"""Multi-scale structural similarity (MS-SSIM), as ClimateHack.AI computes it.

Counts from 0 to 1023, a Gaussian window of 3 x 3 pixels without padding, five scales with means of
2 x 2 pixels from one to the next; negative terms count as 0. The value of a frame, at most 1, is
that of `tf.image.ssim_multiscale(..., 1023, filter_size=3)`, for sides divisible by 16.
Source: Wang, Simoncelli, Bovik 2003, doi:10.1109/ACSSC.2003.1292216.
"""

import numpy as np

from seaice_tf.errors import InputError

DATA_RANGE = 1023
WINDOW, SIGMA = 3, 1.5  # pixels
K = (0.01, 0.03)
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # from the finest scale
HALVED = 2 ** (len(WEIGHTS) - 1)


def ms_ssim(true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """MS-SSIM of each frame in [0, 1]: two (..., H, W) -> (...) float64.

    NaN where a frame has NaN.

    Raises:
        InputError: the shapes differ, or the sides are not multiples of 16 of at least 48.

    >>> float(ms_ssim(np.full((64, 64), 100), np.full((64, 64), 100)))
    1.0
    """
    if true.shape != pred.shape:
        raise InputError(
            f"MS-SSIM: expected pred of the shape of true, {true.shape}, got {pred.shape}"
        )
    if any(side % HALVED or side < WINDOW * HALVED for side in true.shape[-2:]):
        raise InputError(
            f"MS-SSIM: expected sides that are multiples of {HALVED} of at least {WINDOW * HALVED} "
            f"pixels, got {true.shape[-2]} x {true.shape[-1]}; crop the frames"
        )
    x, y = true.astype(np.float64), pred.astype(np.float64)
    result = np.ones(true.shape[:-2])
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            x, y = _halved(x), _halved(y)
        luminance, contrast = _terms(x, y)
        last = scale == len(WEIGHTS) - 1
        term = (luminance * contrast if last else contrast).mean(axis=(-2, -1))
        result *= np.maximum(term, 0) ** weight
    return result


def _terms(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Luminance term, and contrast and structure term, of each window."""
    c1, c2 = ((k * DATA_RANGE) ** 2 for k in K)
    mean_x, mean_y = _filtered(x), _filtered(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance = _filtered(x * y) - product
    variances = _filtered(x**2 + y**2) - squares
    return (2 * product + c1) / (squares + c1), (2 * covariance + c2) / (variances + c2)


def _filtered(image: np.ndarray) -> np.ndarray:
    """Gaussian means of 3 x 3 pixels: (..., H, W) -> (..., H - 2, W - 2)."""
    side, middle = taps()
    rows = side * (image[..., :-2, :] + image[..., 2:, :]) + middle * image[..., 1:-1, :]
    return side * (rows[..., :-2] + rows[..., 2:]) + middle * rows[..., 1:-1]


def taps() -> tuple[float, float]:
    """Weights of a neighbour and of the centre pixel along one axis."""
    outer = np.exp(-1 / (2 * SIGMA**2))
    return outer / (1 + 2 * outer), 1 / (1 + 2 * outer)


def _halved(image: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels."""
    rows = image[..., ::2, :] + image[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) / 4
