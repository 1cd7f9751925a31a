"""What is compared, shown and written, with predictors that cost nothing."""

import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console

from seaice_tf.errors import InputError, NotFittedError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.settings import UNet
from seaice_tf.forecast.task import EvaluateOptions
from seaice_tf.runs import artifact, evaluate, folder, predict
from seaice_tf.task import Cases
from seaice_tf.tasks import TASKS

RECORD = TASKS["forecast"].verification
TASK = dataclasses.replace(
    TASKS["forecast"],
    verification=dataclasses.replace(
        RECORD,
        baselines={"seasonal_persistence": RECORD.baselines["seasonal_persistence"]},
        slow_baselines={"slow": lambda case: {"concentration": np.zeros((12, 448, 304))}},
    ),
)


def perfect(case):
    ice = np.zeros((12, 448, 304))
    ice[: len(case.truth)] = np.where(counts.flagged(case.truth), 0, case.truth / 250)
    return {"concentration": ice}


@pytest.fixture(scope="module")
def two_months(unet_settings):
    return TASK.data.cases(unet_settings, EvaluateOptions("2011-01", "2011-02"))


def test_groups_are_scored_under_their_names_and_shown(two_months):
    options = EvaluateOptions(by=("lead", "reliability"))
    result = evaluate.compare(TASK, two_months, perfect, "none", options)
    scores, other = result["scores"], result["baselines"]["seasonal_persistence"]
    assert scores["lead_02/iiee"] == scores["month_02/iiee"] == scores["brier"] == 0
    assert scores["crps"] == scores["calibration_error"] == 0
    assert other["crps"] == pytest.approx(other["mae"])
    assert other["brier"] == pytest.approx(1 - other["binary_accuracy"])
    assert scores["reliability_90/observed"] == 1
    page = io.StringIO()
    evaluate.show(result, options.by, Console(width=200, file=page))
    assert "by lead: run none (seasonal_persistence)" in page.getvalue()
    assert "by month" not in page.getvalue()
    assert f"0.000 ({other['lead_02/iiee']:.3f})" in page.getvalue()


def test_seas_are_scored_by_a_mask(two_months, tmp_path, monkeypatch):
    monkeypatch.delenv("SEAICE_TF_DATA", raising=False)
    with pytest.raises(InputError, match="with --regions"):
        evaluate.compare(TASK, two_months, perfect, "none", EvaluateOptions(by=("region",)))
    codes = np.full((448, 304), 7, np.uint8)
    (tmp_path / "mask.bin").write_bytes(codes.tobytes())
    options = EvaluateOptions(by=("region",), regions=str(tmp_path / "mask.bin"))
    scores = evaluate.score(
        TASK, two_months, TASK.verification.baselines["seasonal_persistence"], options
    )
    assert scores["region_barents/iiee"] == pytest.approx(scores["iiee"])


def test_a_baseline_that_cannot_be_fitted_is_absent_with_the_reason(two_months):
    def unfitted(case):
        raise NotFittedError("nothing to fit it to")

    others = {
        "unfitted": unfitted,
        "undefined": lambda case: {"concentration": np.full((12, 448, 304), np.nan)},
    }
    both = {**others, **TASK.verification.baselines}
    record = dataclasses.replace(TASK.verification, baselines=both)
    task = dataclasses.replace(TASK, verification=record)
    result = evaluate.compare(task, two_months, perfect, "none")
    assert list(result["baselines"]) == ["seasonal_persistence"] == [result["best_baseline"]]
    assert result["absent_baselines"]["unfitted"] == "nothing to fit it to"
    assert "contest_score is undefined" in result["absent_baselines"]["undefined"]
    page = io.StringIO()
    evaluate.show(result, console=Console(width=200, file=page))
    assert "no unfitted: nothing to fit it to" in page.getvalue()
    record = dataclasses.replace(record, baselines=others)
    with pytest.raises(InputError, match="expected a baseline with a score"):
        evaluate.compare(dataclasses.replace(TASK, verification=record), two_months, perfect, "x")


def test_slow_baselines_only_when_asked_for(two_months):
    assert "slow" not in evaluate.compare(TASK, two_months, perfect, "none")["baselines"]
    result = evaluate.compare(TASK, two_months, perfect, "none", slow=True)
    assert result["baselines"]["slow"]["contest_f1"] == 0


def test_every_case_is_drawn_against_its_truth(two_months, tmp_path):
    evaluate.compare(TASK, two_months, perfect, "none", out=tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"2011-01-errors.png", "2011-01-edges.png"}


def test_forecasts_can_be_issued_every_month(unet_settings):
    options = EvaluateOptions("2011-03", "2011-05", by=("lead",), init_frequency="monthly")
    cases = TASK.data.cases(unet_settings, options)
    assert [len(case.truth) for case in cases] == [3, 2, 1]
    assert "initialised every month" in cases.source
    scores = TASK.verification.score([(case, perfect(case)) for case in cases], options)
    assert scores["rmse"] == scores["lead_02/iiee"] == scores["init_03_month_04/brier"] == 0


def test_probabilities_of_members_without_them_come_from_concentrations():
    members = [{"concentration": np.full((12, 4, 5), value)} for value in (0.1, 0.3)]
    result = TASK.verification.combine(members)
    np.testing.assert_allclose(result["concentration"], 0.2)
    np.testing.assert_allclose(result["probability"], 0.5)
    np.testing.assert_allclose(result["spread"], 0.02**0.5)
    assert result["members"].shape == (2, 12, 4, 5)
    assert "contest_decision" not in result


def test_probabilities_of_members_are_averaged():
    names = ("concentration", "spread", "probability", "contest_decision")
    members = [
        dict(zip(names, np.array(values)[:, None, None, None]))
        for values in ((0.2, 0.1, 0.7, 0.2), (0.4, 0.1, 0.9, 0.0))
    ]
    result = TASK.verification.combine(members)
    values = [float(result[name].item()) for name in names]
    assert values == pytest.approx([0.3, (0.1**2 + 0.1**2) ** 0.5, 0.8, 0.1])
    assert "members" not in result


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three runs of which only the manifests are there; the third takes another history."""
    paths = [tmp_path / name for name in "abc"]
    for path, months in zip(paths, (24, 24, 36)):
        folder.write_json(path / folder.MANIFEST, {"input_shape": [months, 448, 304]})
    values = {path: index for index, path in enumerate(paths)}
    monkeypatch.setattr(
        artifact,
        "predictor",
        lambda run, trust: lambda case: {"concentration": np.full(3, values[run])},
    )
    return paths


def test_runs_predict_as_an_ensemble(runs):
    assert predict.ensemble_predictor(TASK, runs[:1])(None)["concentration"].tolist() == [0, 0, 0]
    assert predict.ensemble_predictor(TASK, runs[:2])(None)["concentration"].tolist() == [0.5] * 3
    assert predict.ensemble_name(runs[:2]) == "a + b"


def test_members_of_another_history_are_refused(runs):
    with pytest.raises(InputError, match=r"c: expected inputs of .24, 448, 304. as .* got .36"):
        predict.ensemble_predictor(TASK, runs)


def test_what_one_member_cannot_predict_is_refused(unet_settings):
    training = dataclasses.replace(unet_settings.training, seed=7)
    seeds = [unet_settings, dataclasses.replace(unet_settings, training=training)]
    made = []

    def make(settings):
        made.append(settings)
        return Cases(f"trained to {settings.train_end}", [])

    predict.ensemble_cases(TASK, seeds, make)
    assert len(made) == 1
    later = dataclasses.replace(unet_settings, train_end="2009-11")
    assert predict.ensemble_cases(TASK, [*seeds, later], make).source == (
        "trained to 2009-12 | trained to 2009-11"
    )
    with pytest.raises(InputError, match="expected 120 months before"):
        predict.ensemble_cases(
            TASK,
            [unet_settings, dataclasses.replace(unet_settings, network=UNet())],
            lambda settings: TASK.data.cases(settings, EvaluateOptions("2011-02", "2011-03")),
        )
