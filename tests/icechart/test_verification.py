import numpy as np
import pytest

from seaice_tf.icechart.cases import EvaluateOptions
from seaice_tf.icechart.task import TASK
from tests.icechart.pointwise import pointwise


def test_scores_by_condition_and_class(chart_settings):
    options = EvaluateOptions(scenes="all", by=("month", "location", "class"))
    pairs = [(case, case.truth) for case in TASK.data.cases(chart_settings, options)]
    found = TASK.verification.score(pairs, options)
    assert found["score"] == pytest.approx(100)
    kinds = {"location", "month", "year", "service", "satellite", "class"}
    assert {key.split("_")[0] for key in found if "/" in key} == kinds
    assert found["class_SOD open water/recall"] == 1
    months = {case.context.labels()["month"] for case, _ in pairs}
    assert sum(found[f"month_{month}/scenes"] for month in months) == len(pairs) == 5


def test_every_pixel_is_in_one_zone_and_one_decile_of_uncertainty(chart_settings):
    options = EvaluateOptions(scenes="all", by=("distance", "uncertainty", "reliability"))
    cases = TASK.data.cases(chart_settings, options)
    found = TASK.verification.score(((case, case.pieces(pointwise)) for case in cases), options)
    labelled = sum((case.truth["SIC"] != 255).sum() for case in cases)
    for kind in ("distance", "uncertainty", "reliability_SIC"):
        pixels = [n for key, n in found.items() if key.startswith(kind) and "/pixels" in key]
        assert sum(pixels) == labelled
    climatology = TASK.verification.baselines["climatology"]
    reference = TASK.verification.score(((c, climatology(c)) for c in cases), options)
    assert set(reference) == set(found)  # they are columns of one table
    assert np.isnan(reference["uncertainty_01_certain/score"])


def test_old_names_of_baselines_map_to_baselines():
    assert set(TASK.verification.renamed.values()) < set(TASK.verification.baselines)
    assert not set(TASK.verification.renamed) & set(TASK.verification.baselines)
