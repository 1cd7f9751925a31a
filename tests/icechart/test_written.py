"""What `evaluate` scores is what `predict` writes: the upload by the published rule."""

import dataclasses
import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from sklearn.metrics import f1_score, r2_score

from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.products import upload
from seaice_tf.icechart.task import TASK, UPLOAD
from seaice_tf.runs import evaluate
from tests.icechart.pointwise import pointwise


def published(path, folder):
    """AutoICE's metrics, pixel by pixel: all scenes pooled where the reference is not 255."""
    true, pred = ({chart: [] for chart in CHARTS} for _ in range(2))
    for reference in sorted(Path(folder).glob("*_reference.nc")):
        with netCDF4.Dataset(path) as charts, netCDF4.Dataset(reference) as known:
            for chart in CHARTS:
                truth = np.asarray(known[chart][:])
                true[chart].append(truth[truth != 255].astype(int))
                written = np.asarray(charts[f"{reference.name[:19]}_{chart}"][:])
                pred[chart].append(written[truth != 255].astype(int))
    pairs = {c: (np.concatenate(true[c]), np.concatenate(pred[c])) for c in CHARTS}
    sic = 100 * r2_score(*pairs["SIC"])
    sod, floe = (100 * f1_score(*pairs[c], average="weighted") for c in ("SOD", "FLOE"))
    return (2 * sic + 2 * sod + floe) / 5


@pytest.fixture(scope="module")
def without_sar(scene_folder, tmp_path_factory):
    """The test scene, without SAR in a corner that has a chart."""
    folder = tmp_path_factory.mktemp("scenes")
    for path in Path(scene_folder).glob("*_reference.nc"):
        for name in (path.name, path.name.replace("_reference", "")):
            shutil.copy(path.with_name(name), folder / name)
        with netCDF4.Dataset(folder / path.name, "a") as data:
            for chart in CHARTS:
                data[chart][:40, :60] = 1
        with netCDF4.Dataset(folder / path.name.replace("_reference", ""), "a") as data:
            data["nersc_sar_primary"][:40, :60] = 0
    return folder


def test_evaluate_gives_what_the_published_rule_gives_the_upload(
    without_sar, chart_settings, tmp_path
):
    settings = dataclasses.replace(chart_settings, data=str(without_sar))
    pairs = [(case, case.pieces(pointwise)) for case in TASK.data.cases(settings)]
    scored = TASK.verification.score(pairs)["score"]
    assert TASK.products.write(pairs, tmp_path, "tiny")[0] == tmp_path / UPLOAD
    assert scored == pytest.approx(published(tmp_path / UPLOAD, without_sar), abs=1e-9)
    assert TASK.products.check(tmp_path / UPLOAD, without_sar) == []


def test_the_doctor_counts_the_pixels_that_the_rule_punishes(without_sar, chart_settings, tmp_path):
    (case,) = TASK.data.cases(dataclasses.replace(chart_settings, data=str(without_sar)))
    charts = {chart: values.copy() for chart, values in case.truth.items()}
    path = upload.write(tmp_path / "upload.nc", [(case.name, charts)])
    assert TASK.products.check(path, without_sar) == []  # 255 where the reference has it, too
    charts["SOD"][:2, :5] = 255
    upload.write(path, [(case.name, charts)])
    (problem,) = TASK.products.check(path, without_sar)
    assert f"{case.name}_SOD: expected classes, got 255 at 10 pixels that have one" in problem
    masked = (charts["SOD"] == 255).sum()
    assert any(f"got 255 at {masked} pixels" in each for each in upload.problems(path, [case.name]))


def test_baselines_without_training_scenes_are_absent(without_sar, chart_settings):
    settings = dataclasses.replace(chart_settings, data=str(without_sar))
    cases = TASK.data.cases(settings)
    result = evaluate.compare(TASK, cases, lambda case: case.pieces(pointwise), "tiny")
    assert list(result["baselines"]) == ["open_water"] == [result["best_baseline"]]
    assert set(result["absent_baselines"]) == set(TASK.verification.baselines) - {"open_water"}
    assert all("training scenes with charts" in r for r in result["absent_baselines"].values())
