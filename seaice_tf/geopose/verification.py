"""Verification: scores of heights and flow, of submissions, and baselines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError, NotFittedError
from seaice_tf.geopose.cases import EvaluateOptions
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, Pose, TileStatistics, expected_flow_pose
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


def score_submission(predicted: Path, folder: Path) -> tuple[dict[str, float], list[str]]:
    """Scores of the files of a submission by the published rule, overall and by city.

    Args:
        predicted: folder of <id>_AGL.tif and <id>_VFLOW.json.
        folder: of labelled tiles, all of which are expected.

    Returns:
        Scores by name; and a sentence for each tile that makes its city 0, or that the rule is
        lenient with.

    Raises:
        InputError: the labels cannot be read, or all tiles are missing.
    """
    tiles = geopose_tiles.read_labelled(folder)
    rows, found = [], []
    for tile in tiles:
        row, problem = _score_files(predicted, tile)
        rows.append(row)
        found += [problem] if problem else []
    if np.isnan(rows).all():
        raise InputError(
            f"{predicted}: expected heights and poses of the tiles in {folder}, got none; predict "
            f"the tiles of its geopose_train.csv, not those of a geopose_test.csv beside it "
            f"({found[0]})"
        )
    return overhead.scores([tile.city for tile in tiles], np.array(rows)), found


def _score_files(predicted: Path, tile: geopose_tiles.Tile) -> tuple[np.ndarray, str]:
    """Sums of the files of a tile, and what is wrong with them."""
    try:
        agl, pose = submission.read(predicted, tile.id)
    except InputError as error:
        return overhead.missing_sums(), f"{error} ({tile.city} scores 0)"
    if agl.shape != tile.shape:
        return overhead.missing_sums(), (
            f"{predicted / tile.id}_AGL.tif: expected {tile.shape[0]} x {tile.shape[1]} heights, "
            f"got {' x '.join(map(str, agl.shape))} ({tile.city} scores 0)"
        )
    true = geopose_tiles.read_agl(tile)
    row = overhead.sums(true, tile.labels[1], agl, pose, lenient=True)
    if unknown := int((np.isnan(agl) & np.isfinite(true)).sum()):
        return row, (
            f"{predicted / tile.id}_AGL.tif: expected a height at every pixel, got none at "
            f"{unknown} with a true height, to which the rule gives no error"
        )
    if pose.scale < 0:
        return row, (
            f"{predicted / tile.id}_VFLOW.json: expected a scale of at least 0, got "
            f"{pose.scale / 100:g} px/cm, with which the flow points away from the angle"
        )
    return row, ""


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


def _training(case: Case) -> tuple[list[TileStatistics], str]:
    """The statistics of the training tiles, and the city of the case.

    Raises:
        NotFittedError: there are none with known heights.
    """
    training = case.context.training()
    if not any(each.known for each in training):
        raise NotFittedError(
            "baselines: expected training tiles, whose means they are, got none; add tiles to the "
            "folder or change --folds"
        )
    return training, case.context.tile.city


def _mean_height(case: Case) -> Maps:
    training, city = _training(case)
    return _constant(case, baselines.mean_height(training, city), ZERO_FLOW)


def _height_and_flow(case: Case) -> Maps:
    training, city = _training(case)
    height = baselines.mean_height(training, city)
    return _constant(case, height, baselines.mean_flow(training, city))


def _height_and_pose(case: Case) -> Maps:
    training, city = _training(case)
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
