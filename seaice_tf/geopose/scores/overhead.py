"""Score of the Overhead Geopose Challenge: R2 of heights and of flow vectors by city.

Within a city the pixels of all tiles are pooled, without those of unknown true height: R2 of the
heights, and R2 of the flow vectors with one mean over both components. The score of a city is the
mean of the two, the final score the mean over cities. A tile without a prediction makes the score
of its city 0. Scores are computed from sums of each tile, so memory does not grow with the number
of pixels.

The published code is lenient where a prediction has no height, 65535 or NaN: such a pixel has no
error. So it is here for files that others wrote; in a network's prediction it counts as a missing
tile. Unlike the published code this one adds no 0.0001 to the denominators.

Source: Christie et al. 2021, Single View Geocentric Pose in the Wild, and its published code.
"""

from collections.abc import Sequence

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose.data.pose import CITIES, Pose, angle_difference, flow

FIELDS = (
    "pixels",
    "height",
    "height_square",
    "height_error",  # squared
    "flow",
    "flow_square",
    "flow_error",
    "tiles",
    "height_abs_error",  # metres
    "scale_abs_error",  # pixels per metre
    "angle_abs_error",  # degrees
)
BAND = 256  # rows processed at once
DRAWS = 2000  # of the bootstrap


def sums(
    true: np.ndarray,
    true_pose: Pose,
    pred: np.ndarray,
    pred_pose: Pose,
    pred_scale: float | None = None,
    lenient: bool = False,
) -> np.ndarray:
    """Sums of a tile, from which scores are computed.

    Args:
        true: (H, W) metres, NaN where unknown.
        true_pose: of the image.
        pred: (H, W) metres.
        pred_pose: of the predicted flow.
        pred_scale: the predicted scale, if that of the flow was shortened.
        lenient: whether predicted heights may be NaN, which then have no error.

    Returns:
        (11,) float64 in the order of FIELDS; NaN if the pose is not finite or, unless `lenient`, a
        height is not where the truth is known.

    Raises:
        InputError: the shapes differ.
    """
    if true.shape != pred.shape:
        raise InputError(
            f"geopose: expected heights of the shape of the truth, {true.shape}, got {pred.shape}; "
            f"predict every pixel of the image"
        )
    if not np.isfinite(pred_pose).all():
        return missing_sums()
    total = np.zeros(len(FIELDS))
    for top in range(0, len(true), BAND):
        here = slice(top, top + BAND)
        total[:7] += _moments(true[here], true_pose, pred[here], pred_pose, lenient)
        total[8] += np.nansum(np.abs(true[here].astype(float) - pred[here]))
    if not np.isfinite(total).all():
        return missing_sums()
    angle = np.abs(angle_difference(pred_pose.angle, true_pose.angle))
    total[7] = 1
    total[9] = abs((pred_pose.scale if pred_scale is None else pred_scale) - true_pose.scale)
    total[10] = np.degrees(angle)
    return total


def missing_sums() -> np.ndarray:
    """Sums of a tile without a prediction: NaN."""
    return np.full(len(FIELDS), np.nan)


def r2(total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R2 of heights and of flow of pooled sums.

    Args:
        total: (..., 11) sums.

    Returns:
        Two arrays (...), at most 1: 0 if a tile is missing; if all true values are equal, 1 for a
        perfect prediction and 0 for any other; NaN without pixels.
    """
    total = np.asarray(total)
    pixels = total[..., 0]
    results = []
    for first, number in ((1, pixels), (4, 2 * pixels)):
        value, square, error = np.moveaxis(total[..., first : first + 3], -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = square - value**2 / number
            # Equal values leave a rounding error.
            equal = spread <= 1e-12 * square
            result = np.where(equal, error == 0, 1 - error / np.where(equal, 1, spread))
        result = np.where(pixels == 0, np.nan, result)
        results.append(np.where(np.isnan(pixels), 0.0, result))
    return results[0], results[1]


def scores(cities: Sequence[str], table: np.ndarray) -> dict[str, float]:
    """The final score and its components.

    Args:
        cities: of the tiles.
        table: (tiles, 11) sums of the tiles.

    Returns:
        r2, the final score in (-inf, 1], r2_agl and r2_vflow: means over the cities that have a
        tile; the challenge has all four. Per city r2_<city>, r2_agl_<city>, r2_vflow_<city>. Over
        all predicted tiles the root mean square errors agl_rmse (metres) and vflow_rmse (pixels,
        length of the difference of the vectors), and the mean absolute errors agl_mae (metres),
        scale_mae (pixels per metre) and angle_mae (degrees).
    """
    result = {}
    pooled = _pooled(cities, table)
    agl, vflow = r2(np.array(list(pooled.values())).reshape(-1, len(FIELDS)))
    both = (agl + vflow) / 2
    for name, values in (("r2", both), ("r2_agl", agl), ("r2_vflow", vflow)):
        result[name] = float(values.mean()) if len(values) else np.nan
    for i, city in enumerate(pooled):
        for name, values in (("r2", both), ("r2_agl", agl), ("r2_vflow", vflow)):
            result[f"{name}_{city.lower()}"] = float(values[i])
    return {**result, **_errors(np.nansum(table, axis=0))}


def interval(
    cities: Sequence[str],
    table: np.ndarray,
    other: np.ndarray | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """Bootstrap interval of `r2`; tiles are drawn with replacement within their city.

    Args:
        cities: of the tiles.
        table: (tiles, 11) sums of the tiles.
        other: sums of another predictor for the same tiles; the interval is then that of the
            difference, table minus other.
        level: coverage of the interval.
        seed: of the bootstrap.
        draws: number of bootstrap samples.

    Returns:
        Lower and upper bound.
    """
    rng = np.random.default_rng(seed)
    names = np.asarray(cities)
    found = []
    for city in (c for c in CITIES if c in names):
        here = names == city
        number = int(here.sum())
        times = rng.multinomial(number, np.full(number, 1 / number), size=draws)
        values = _bootstrapped(times, table[here])
        found.append(values if other is None else values - _bootstrapped(times, other[here]))
    low, high = np.quantile(np.mean(found, axis=0), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _moments(true, true_pose: Pose, pred, pred_pose: Pose, lenient: bool) -> np.ndarray:
    """The first seven fields of a band of rows."""
    known = ~np.isnan(true)
    heights, predicted = (values[known].astype(np.float64) for values in (true, pred))
    vectors = flow(heights, true_pose)
    flow_error = flow(predicted, pred_pose) - vectors
    error = predicted - heights
    if lenient:
        error, flow_error = np.nan_to_num(error), np.nan_to_num(flow_error)
    return np.array(
        [
            heights.size,
            heights.sum(),
            heights @ heights,
            error @ error,
            vectors.sum(),
            (vectors**2).sum(),
            (flow_error**2).sum(),
        ]
    )


def _pooled(cities: Sequence[str], table: np.ndarray) -> dict[str, np.ndarray]:
    names = np.asarray(cities)
    return {city: table[names == city].sum(axis=0) for city in CITIES if city in names}


def _errors(total: np.ndarray) -> dict[str, float]:
    field = dict(zip(FIELDS, total))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "agl_rmse": np.sqrt(field["height_error"] / field["pixels"]),
            "vflow_rmse": np.sqrt(field["flow_error"] / field["pixels"]),
            "agl_mae": field["height_abs_error"] / field["pixels"],
            "scale_mae": field["scale_abs_error"] / field["tiles"],
            "angle_mae": field["angle_abs_error"] / field["tiles"],
        }
    return {name: float(value) for name, value in found.items()}


def _bootstrapped(times: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Score of a city for each bootstrap sample: counts (draws, tiles) and sums -> (draws,)."""
    missing = np.isnan(table).any(axis=1)
    total = times @ np.where(missing[:, None], 0, table)
    total[(times[:, missing] > 0).any(axis=1)] = np.nan
    agl, vflow = r2(total)
    return (agl + vflow) / 2
