"""Verification: scores of heights and flow, of submissions, and baselines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose.cases import EvaluateOptions
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, Pose, expected_flow_pose
from seaice_tf.geopose.products import plots, submission
from seaice_tf.geopose.scores import baselines, overhead
from seaice_tf.geopose.scores.baselines import ZERO_FLOW
from seaice_tf.task import Case, Maps, Pairs, Predictor

PLOTTED = 24  # tiles that `verify` plots


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """Score and errors of the challenge (`scores.overhead`), overall and by city.

    Args:
        pairs: cases with truth, and their predictions.
        options: of `evaluate`.

    Returns:
        Scores by name, with the 95 % interval of r2 over tiles.
    """
    cities, rows = [], []
    for case, fields in pairs:
        cities.append(case.context.tile.city)
        true, scale = case.truth, float(fields["scale"])
        pose = expected_flow_pose(scale, fields["angle"], fields["certainty"])
        rows.append(overhead.sums(true.agl, true.pose, fields["agl"], pose, scale))
    table = np.array(rows)
    low, high = overhead.interval(cities, table)
    result = {**_scores(cities, table), "r2_low": low, "r2_high": high}
    for city in (city for city in CITIES if city in cities):
        here = np.array(cities) == city
        for name, value in _scores([city] * int(here.sum()), table[here]).items():
            result[f"city_{city}/{name}"] = value
        result[f"city_{city}/tiles"] = int(here.sum())
    return result


def score_submission(predicted: Path, folder: Path) -> dict[str, float]:
    """Scores of the files of a submission, overall and by city.

    Args:
        predicted: folder of <id>_AGL.tif and <id>_VFLOW.json.
        folder: of labelled tiles, all of which are expected.

    Returns:
        Scores by name; "missing" is the number of tiles without a prediction of their size.

    Raises:
        InputError: the labels cannot be read, or all tiles are missing.
    """
    tiles = geopose_tiles.read_labelled(folder)
    rows = []
    for tile in tiles:
        found = submission.read(predicted, tile.id)
        if found is None or found[0].shape != tile.shape:
            rows.append(overhead.missing_sums())
        else:
            rows.append(overhead.sums(geopose_tiles.read_agl(tile), tile.labels[1], *found))
    missing = sum(bool(np.isnan(row).all()) for row in rows)
    if missing == len(rows):
        raise InputError(
            f"{predicted}: expected heights and poses of the tiles in {folder}, got none; predict "
            f"the tiles of its geopose_train.csv, not those of a geopose_test.csv beside it"
        )
    return overhead.scores([tile.city for tile in tiles], np.array(rows)) | {"missing": missing}


def _scores(cities: Sequence[str], table: np.ndarray) -> dict[str, float]:
    ends = tuple(f"_{city.lower()}" for city in CITIES)
    return {k: v for k, v in overhead.scores(cities, table).items() if not k.endswith(ends)}


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """Plot the first tiles beside their truth."""
    return [
        plots.write(
            out / f"{case.name}.png",
            [plots.sheet(case, fields)],
            f"{model} on {case.context.source}",
        )
        for _, (case, fields) in zip(range(PLOTTED), pairs)
    ]


def _constant(case: Case, height: float, pose: Pose) -> dict[str, Any]:
    """Maps of a constant height and a pose."""
    agl = baselines.constant(height, case.truth.agl.shape)
    return {"agl": agl, "scale": pose.scale, "angle": pose.angle, "certainty": 1.0}


def _flat(case: Case) -> Maps:
    return _constant(case, 0.0, ZERO_FLOW)


def _mean_height(case: Case) -> Maps:
    training, city = case.context.training(), case.context.tile.city
    return _constant(case, baselines.mean_height(training, city), ZERO_FLOW)


def _height_and_flow(case: Case) -> Maps:
    training, city = case.context.training(), case.context.tile.city
    height = baselines.mean_height(training, city)
    return _constant(case, height, baselines.mean_flow(training, city))


def _height_and_pose(case: Case) -> Maps:
    training, city = case.context.training(), case.context.tile.city
    height = baselines.mean_height(training, city)
    return _constant(case, height, baselines.mean_pose(training, city))


BASELINES: dict[str, Predictor] = {
    "flat": _flat,
    "mean_height_zero_flow": _mean_height,
    "mean_height_mean_flow": _height_and_flow,
    "mean_height_mean_pose": _height_and_pose,
}

MEANING = {
    "r2": "mean of the R2 of heights and of flow, mean over cities; at most 1",
    "agl_rmse": "root mean square error of the height, m",
    "agl_mae": "mean absolute error of the height, m",
    "vflow_rmse": "root mean square error of the flow, pixels",
    "scale_mae": "mean absolute error of the flow's scale, pixels a metre",
    "angle_mae": "mean absolute error of the flow's angle, degrees",
    "missing": "tiles without a prediction",
}
