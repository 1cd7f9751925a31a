"""Heights and flow against the labels, beside the baselines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose.cases import EvaluateOptions
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, Pose
from seaice_tf.geopose.data.rectify import rectify
from seaice_tf.geopose.products import maps as geopose_maps
from seaice_tf.geopose.products import submission as geopose_submission
from seaice_tf.geopose.products.maps import Sheet
from seaice_tf.geopose.scores import baselines as baselines_geopose
from seaice_tf.geopose.scores import overhead as scores
from seaice_tf.geopose.scores.baselines import STILL
from seaice_tf.task import Case, Maps, Pairs, Predictor

DRAWN = 24  # tiles that pictures are made of


def pose(fields: Maps) -> Pose:
    """That of the flow of the least squared error that is expected: shortened where the angle is
    uncertain."""
    return Pose(float(fields["scale"] * fields["certainty"]), float(fields["angle"]))


def score(pairs: Pairs, options: EvaluateOptions | None = None) -> dict[str, float]:
    """The contest's score and errors, its 95 % interval over tiles, and the same of each city."""
    cities, rows = [], []
    for case, fields in pairs:
        cities.append(case.context.tile.city)
        truth, scale = case.truth, float(fields["scale"])
        rows.append(scores.sums(truth.agl, truth.pose, fields["agl"], pose(fields), scale))
    table = np.array(rows)
    low, high = scores.interval(cities, table)
    result = {**_scores(cities, table), "r2_low": low, "r2_high": high}
    for city in (city for city in CITIES if city in cities):
        here = np.array(cities) == city
        for name, value in _scores([city] * int(here.sum()), table[here]).items():
            result[f"city_{city}/{name}"] = value
        result[f"city_{city}/tiles"] = int(here.sum())
    return result


def of_submission(submission: Path, folder: Path) -> dict[str, float]:
    """The scores of the files in a folder, by city too, against all labelled tiles of another.

    "missing" counts the tiles that have no prediction of their size.

    Raises:
        InputError: the labels cannot be read, or all tiles are missing.
    """
    tiles = geopose_tiles.read_labelled(folder)
    rows = []
    for tile in tiles:
        found = geopose_submission.read(submission, tile.id)
        if found is None or found[0].shape != tile.shape:
            rows.append(scores.missing())
        else:
            rows.append(scores.sums(geopose_tiles.read_agl(tile), tile.labels[1], *found))
    missing = sum(bool(np.isnan(row).all()) for row in rows)
    if missing == len(rows):
        raise InputError(
            f"{submission}: expected heights and poses of the tiles in {folder}, got none; predict "
            f"the tiles of its geopose_train.csv, not those of a geopose_test.csv beside it"
        )
    return scores.scores([tile.city for tile in tiles], np.array(rows)) | {"missing": missing}


def _scores(cities: Sequence[str], table: np.ndarray) -> dict[str, float]:
    ends = tuple(f"_{city.lower()}" for city in CITIES)
    return {k: v for k, v in scores.scores(cities, table).items() if not k.endswith(ends)}


def sheet(case: Case, fields: Maps) -> Sheet:
    """Image with arrows, heights, both rectified, and the truth if it is known."""
    context, found = case.context, pose(fields)
    image = case.inputs[0].read()
    agl = fields["agl"]
    true, true_pose = case.truth if case.truth else (None, None)
    title = f"{case.name}, {geopose.CITY_NAMES[context.tile.city]}"
    return Sheet(title, image, agl, found, rectify(image, agl, found), true, true_pose)


def verify(pairs: Pairs, out: Path, model: str) -> list[Path]:
    """A sheet of each of the first tiles beside its truth."""
    return [
        geopose_maps.write(
            out / f"{case.name}.png", [sheet(case, fields)], f"{model} on {case.context.source}"
        )
        for _, (case, fields) in zip(range(DRAWN), pairs)
    ]


def _constant(case: Case, height: float, found: Pose) -> dict[str, Any]:
    agl = baselines_geopose.constant(height, case.truth.agl.shape)
    return {"agl": agl, "scale": found.scale, "angle": found.angle, "certainty": 1.0}


def _flat(case: Case) -> Maps:
    return _constant(case, 0.0, STILL)


def _height_alone(case: Case) -> Maps:
    known, city = case.context.training(), case.context.tile.city
    return _constant(case, baselines_geopose.mean_height(known, city), STILL)


def _height_and_flow(case: Case) -> Maps:
    known, city = case.context.training(), case.context.tile.city
    height = baselines_geopose.mean_height(known, city)
    return _constant(case, height, baselines_geopose.mean_flow(known, city))


def _height_and_pose(case: Case) -> Maps:
    known, city = case.context.training(), case.context.tile.city
    height = baselines_geopose.mean_height(known, city)
    return _constant(case, height, baselines_geopose.mean_pose(known, city))


BASELINES: dict[str, Predictor] = {
    "flat": _flat,
    "mean_height_zero_flow": _height_alone,
    "mean_height_mean_flow": _height_and_flow,
    "mean_height_mean_pose": _height_and_pose,
}
