"""Skill by lead and target month, and reliability, from scores made by hand."""

import numpy as np
import pytest

from seaice_tf.forecast import report_skill
from seaice_tf.report.parts import Choice, Heat, Lines


def test_the_gain_of_an_init_and_a_target_stands_at_their_lead():
    own, other = {"init_05_month_09/iiee": 0.6}, {"init_05_month_09/iiee": 0.8}
    gains = report_skill.by_lead_and_month(own, other, "iiee")
    assert gains[3, 8] == pytest.approx(0.25)  # from the end of May September is lead 4
    assert np.isfinite(gains).sum() == 1


def test_the_gain_over_the_turn_of_the_year():
    own, other = {"init_12_month_02/rmse": 12.0}, {"init_12_month_02/rmse": 10.0}
    gains = report_skill.by_lead_and_month(own, other, "rmse")
    assert gains[1, 1] == pytest.approx(-0.2)


def of_every_month(value):
    scores = {"iiee": value}
    for lead in range(1, 13):
        scores[f"lead_{lead:02}/iiee"] = value
        for init in range(1, 13):
            scores[f"init_{init:02}_month_{(init + lead - 1) % 12 + 1:02}/iiee"] = value
    return scores


def test_the_best_baseline_is_compared_with():
    baselines = {"poor": of_every_month(2.0), "good": of_every_month(1.0)}
    scores = {"run": "ours", "scores": of_every_month(0.9), "baselines": baselines}
    (section,) = report_skill.sections(scores)
    (choice,) = section.parts
    assert isinstance(choice, Choice)
    heat, lines = choice.options["Integrated ice-edge error"]
    assert isinstance(heat, Heat)
    assert isinstance(lines, Lines)
    np.testing.assert_allclose(heat.values, 0.1)
    assert "good" in heat.title
    assert [series.name for series in lines.series] == ["ours", "good", "poor"]


def test_a_run_scored_from_decembers_alone_has_no_such_section():
    scores = {"run": "ours", "scores": {"iiee": 1.0, "month_09/iiee": 1.0}, "baselines": {}}
    assert report_skill.sections(scores) == []


def test_reliability_leaves_out_empty_bins():
    scores = {
        **{"reliability_00/cells": 5, "reliability_00/forecast": 0.04},
        **{"reliability_00/observed": 0.1, "reliability_10/cells": 0},
        **{"reliability_10/forecast": np.nan, "reliability_10/observed": np.nan},
    }
    (lines,) = report_skill.reliability(scores)
    assert list(lines.x) == [0.04]
    assert lines.series[0].values == [0.1]
