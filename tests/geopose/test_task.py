"""The geopose task beyond what tests/test_every_task.py requires of every task."""

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.geopose import inference, task, verification
from seaice_tf.geopose.cases import EvaluateOptions
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, angle_difference, one_hot
from seaice_tf.geopose.products import submission
from seaice_tf.geopose.task import TASK


def serve(inputs):
    """A SavedModel whose heights are the red channel, and whose angle is that of its gradient."""
    image = np.asarray(inputs[0])[..., 0].astype(np.float64)
    down, right = (np.diff(image, axis=axis).mean(axis=(1, 2)) for axis in (1, 2))
    return {
        "agl": image.astype(np.float32),
        "scale": np.asarray(inputs[2])[:, 0],
        "angle": np.arctan2(right, down) % (2 * np.pi),
        "certainty": np.hypot(right, down),
    }


def slope(shape):
    """An image whose red channel increases to the right and, half as fast, downwards."""
    rows, columns = np.indices(shape)
    image = np.zeros((*shape, 3), np.uint8)
    image[..., 0] = 2 * columns + rows
    return image


CONDITIONS = (one_hot("OMA"), np.array([0.4], np.float32))


@pytest.mark.parametrize("tta", inference.TTA)
@pytest.mark.parametrize("shape", [(40, 40), (70, 51), (33, 60)])
def test_tiles_and_test_time_augmentation_give_heights_and_pose_of_the_image(tta, shape):
    image = slope(shape)
    options = inference.Options(tile=40, overlap=9, tta=tta)
    found = inference.predict_image(options, shape, lambda w: image[w.slices], CONDITIONS, serve)
    np.testing.assert_allclose(found["agl"], image[..., 0], atol=1e-3)
    assert float(found["scale"]) == pytest.approx(0.4)
    # Edges are repeated where the last tile extends beyond the image.
    off = angle_difference(float(found["angle"]), np.arctan2(2, 1))
    assert abs(off) < (0.02 if min(shape) >= 40 else 0.2)


def test_the_mean_pose_by_hand():
    def one(scale, degrees, certainty):
        angle = np.radians(degrees)
        return {"agl": np.ones((2, 2)), "scale": scale, "angle": angle, "certainty": certainty}

    mean = inference.combine([one(1.0, 350, 0.5), one(3.0, 30, 0.5)])
    assert np.degrees(mean["angle"]) == pytest.approx(10, abs=1e-3)
    assert mean["scale"] == pytest.approx(2)
    certain = inference.combine([one(1.0, 90, 1.0), one(3.0, 0, 0.0)])
    assert (np.degrees(certain["angle"]), certain["scale"]) == pytest.approx((90, 1), abs=1e-3)
    assert certain["certainty"] == pytest.approx(1, abs=1e-3)  # not reduced by the other one
    opposite = inference.combine([one(1.0, 0, 1.0), one(1.0, 180, 1.0)])
    assert np.isfinite(opposite["angle"])
    assert opposite["certainty"] == pytest.approx(0, abs=1e-6)
    nothing = inference.combine([one(0.0, 0, 0.0), one(0.0, 0, 0.0)])
    assert np.isfinite(nothing["scale"])


def test_a_run_on_one_city(geopose_settings):
    alone = dataclasses.replace(geopose_settings, cities=("ATL",))
    assert {case.context.tile.city for case in TASK.data.cases(alone)} == {"ATL"}
    with pytest.raises(InputError, match="cities: expected each once"):
        dataclasses.replace(geopose_settings, cities=("ATL", "ATL"))


def test_scores_by_city(geopose_settings):
    cases = TASK.data.cases(geopose_settings, EvaluateOptions(by=("city",)))
    sure = [{**c.truth.pose._asdict(), "certainty": 1.0} for c in cases]
    perfect = [(c, {"agl": c.truth.agl, **pose}) for c, pose in zip(cases, sure)]
    found = TASK.verification.score(perfect)
    assert found["r2"] == found["r2_low"] == pytest.approx(1)
    assert [found[f"city_{city}/r2"] for city in CITIES] == pytest.approx([1] * 4)
    assert sum(found[f"city_{city}/tiles"] for city in CITIES) == len(cases)
    lost = [(c, {**f, "scale": np.nan} if c.name.startswith("ARG") else f) for c, f in perfect]
    assert TASK.verification.score(lost)["r2"] == pytest.approx(0.75)
    half = TASK.verification.score((c, {**f, "certainty": 0.5}) for c, f in perfect)
    longer = {"scale_mae": half["scale_mae"], "angle_mae": half["angle_mae"]}
    assert longer == pytest.approx({"scale_mae": 0, "angle_mae": 0}, abs=1e-6)
    assert half["r2_vflow"] < half["r2_agl"] == pytest.approx(1)
    flat = TASK.verification.score((c, TASK.verification.baselines["flat"](c)) for c in cases)
    assert flat["scale_mae"] > 0


def test_products_are_a_submission_that_the_doctor_accepts(geopose_settings, tmp_path, capsys):
    cases = TASK.data.future(geopose_settings)
    assert len(cases) == 1
    pairs = [(case, case.pieces(serve)) for case in cases]
    written = TASK.products.write(pairs, tmp_path, "a test")
    name = pairs[0][0].name
    assert {f"{name}_AGL.tif", f"{name}_VFLOW.json", f"{name}_RGB.tif", f"{name}.png"} <= {
        path.name for path in written
    }
    agl, pose = submission.read(tmp_path / "tiles", name)
    np.testing.assert_allclose(agl, pairs[0][1]["agl"], atol=0.0051)
    assert pose.scale == pytest.approx(pairs[0][1]["certainty"], rel=1e-5)
    command = ["doctor", "geopose", "--data", str(tmp_path / "submission.tar.gz")]
    assert cli.main([*command, "--target", geopose_settings.data]) == 0
    assert cli.main(command) == 1
    assert "expected --target" in capsys.readouterr().err


def published(predicted, labels):
    """The published scorer by city, all pixels at once: heights in m, NaN errors left out."""
    result = {}
    rows, metadata = (
        {row["id"]: row for row in csv.DictReader((labels / name).open())}
        for name in ("geopose_train.csv", "metadata.csv")
    )
    cities = {identity: metadata[identity]["city"] for identity in rows}
    for city in set(cities.values()):
        agl_true, agl_pred, flow_true, flow_pred = [], [], [], []
        for identity, row in rows.items():
            if cities[identity] != city:
                continue
            for agls, flows, agl, vflow in (
                (agl_true, flow_true, find(labels, row["agl"]), find(labels, row["json"])),
                (agl_pred, flow_pred, *(predicted / f"{identity}_{end}" for end in ENDS)),
            ):
                heights = tifffile.imread(agl).astype("float32")
                heights[heights == 65535] = np.nan
                heights = heights.astype(float) / 100
                pose = json.loads(vflow.read_text())
                length = heights * pose["scale"] * 100
                agls.append(heights.ravel())
                flows += [(length * np.sin(pose["angle"])).ravel()]
                flows += [(length * np.cos(pose["angle"])).ravel()]
        values = []
        for true, pred in ((agl_true, agl_pred), (flow_true, flow_pred)):
            t, p = np.concatenate(true), np.concatenate(pred)
            values.append(1 - np.nansum((p - t) ** 2) / np.nansum((t - np.nanmean(t)) ** 2))
        result[city] = float(np.mean(values))
    return result


ENDS = ("AGL.tif", "VFLOW.json")


def find(folder, name):
    return next(path for path in (folder / name, folder / "train" / name) if path.exists())


def test_a_submission_scores_as_the_run_that_wrote_it(geopose_settings, tmp_path, monkeypatch):
    monkeypatch.setattr(task, "QUICKLOOKS", 1)
    cases = TASK.data.cases(geopose_settings, EvaluateOptions(tiles="all"))
    pairs = [(case, case.pieces(serve)) for case in cases]
    TASK.products.write(pairs, tmp_path, "a test")
    expected = TASK.verification.score(pairs)
    labels, tiles = Path(geopose_settings.data), tmp_path / "tiles"
    found, problems = verification.score_submission(tiles, labels)
    assert problems == []
    for name in ("r2", "r2_agl", "r2_vflow"):
        assert found[name] == pytest.approx(expected[name], rel=1e-3)
    for city, value in published(tiles, labels).items():
        assert found[f"r2_{city.lower()}"] == pytest.approx(value, rel=1e-5)
    (tiles / f"{pairs[0][0].name}_AGL.tif").unlink()
    city = pairs[0][0].context.tile.city.lower()
    less, (problem,) = verification.score_submission(tiles, labels)
    assert less[f"r2_{city}"] == 0
    assert f"{pairs[0][0].name}_AGL.tif: expected" in problem
    with pytest.raises(InputError, match="expected heights and poses of the tiles in"):
        verification.score_submission(tmp_path, labels)


@pytest.fixture
def submitted(geopose_settings, tmp_path):
    """Labels and a prediction of them that is a little off, as files of one tile a city."""
    labels = Path(geopose_settings.data)
    for tile in geopose_tiles.read_labelled(labels):
        agl, pose = geopose_tiles.read_agl(tile), tile.labels[1]
        agl = np.nan_to_num(agl) * 1.1 + 0.3
        submission.write_tile(tmp_path, tile.id, agl, pose._replace(scale=pose.scale * 0.9))
    return tmp_path, labels, geopose_tiles.read_labelled(labels)[0]


def no_heights(tiles, tile):
    agl = tifffile.imread(tiles / f"{tile.id}_AGL.tif")
    agl[:4, :6] = 65535
    tifffile.imwrite(tiles / f"{tile.id}_AGL.tif", agl)
    return "got none at"


def negative_scale(tiles, tile):
    path = tiles / f"{tile.id}_VFLOW.json"
    pose = json.loads(path.read_text())
    path.write_text(json.dumps(pose | {"scale": -pose["scale"]}))
    return "expected a scale of at least 0"


def other_type(kind):
    def write(tiles, tile):
        path = tiles / f"{tile.id}_AGL.tif"
        tifffile.imwrite(path, tifffile.imread(path).astype(kind))
        return ""

    write.__name__ = kind
    return write


@pytest.mark.parametrize(
    "change",
    [no_heights, negative_scale, *map(other_type, ("float32", "int32"))],
    ids=lambda change: change.__name__,
)
def test_the_published_rule_is_followed_where_it_is_lenient(change, submitted):
    tiles, labels, tile = submitted
    message = change(tiles, tile)
    found, problems = verification.score_submission(tiles, labels)
    for city, value in published(tiles, labels).items():
        assert found[f"r2_{city.lower()}"] == pytest.approx(value, rel=1e-5)
    assert all(message in problem for problem in problems)
    assert len(problems) == bool(message)


def test_what_makes_a_city_zero_is_named(submitted):
    tiles, labels, tile = submitted
    path = tiles / f"{tile.id}_VFLOW.json"
    path.write_text('{"scale": NaN, "angle": 1}')
    found, (problem,) = verification.score_submission(tiles, labels)
    assert found[f"r2_{tile.city.lower()}"] == 0
    assert f"{path}: expected a finite scale, got nan" in problem
    submission.write_tile(tiles, tile.id, np.zeros((4, 5)), tile.labels[1])
    _, (problem,) = verification.score_submission(tiles, labels)
    assert "expected 48 x 48 heights, got 4 x 5" in problem


def drop_label(folder, tile):
    tile.agl.unlink()
    return "such file"


def nan_scale(folder, tile):
    path = folder / "train" / f"{tile.id}_VFLOW.json"
    path.write_text(json.dumps({"scale": float("nan"), "angle": 1.0}))
    return "expected a finite scale"


def other_size(folder, tile):
    submission.write_agl(tile.agl, np.zeros((48, 40)))
    return "expected the 48 x 48 pixels"


def unknown_city(folder, tile):
    path = folder / geopose_tiles.METADATA
    path.write_text(path.read_text().replace(f"{tile.id},{tile.city}", f"{tile.id},XYZ"))
    return "expected the city"


@pytest.mark.parametrize(
    "change", [drop_label, nan_scale, other_size, unknown_city], ids=lambda change: change.__name__
)
def test_invalid_input_is_one_error(change, tile_folder, tmp_path, capsys):
    folder = tmp_path / "tiles"
    shutil.copytree(tile_folder, folder)
    message = change(folder, geopose_tiles.read_labelled(folder)[2])
    assert cli.main(["train", "geopose", "--data", str(folder), "--run", str(tmp_path / "r")]) == 1
    error = capsys.readouterr().err.strip()
    assert message in error
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1
    assert cli.main(["doctor", "geopose", "--data", str(folder)]) == 1
    assert message in capsys.readouterr().out


def test_the_doctor_of_a_valid_folder(tile_folder, capsys):
    assert cli.main(["doctor", "geopose", "--data", str(tile_folder)]) == 0
    out = capsys.readouterr().out
    assert "12 of 48 x 48" in out
    assert all(city in out for city in CITIES)
