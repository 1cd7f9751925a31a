"""Pages of runs of each task, of several runs and of a sweep, from folders crafted by hand."""

import json

import numpy as np
import pytest

from seaice_tf import settings as settings_file
from seaice_tf.cli import main as cli
from seaice_tf.cli import verbs
from seaice_tf.clouds.cases import EvaluateOptions as CloudOptions
from seaice_tf.clouds.data import postprocessing
from seaice_tf.errors import InputError
from seaice_tf.forecast.scores import baselines
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK
from seaice_tf.report import page
from seaice_tf.runs import artifact, folder, report, report_cases, report_sweep
from seaice_tf.task import Case
from seaice_tf.tasks import TASKS

EVIL = "</script><script>alert(1)</script>"


def predict_ice(case):
    ice = baselines.climatology(case.context.past, 2)
    return {"concentration": ice, "spread": np.full(ice.shape, 0.1)}


def predict_masks(case):
    probabilities = np.where(case.truth, 0.7, 0.2).astype(np.float32)
    return {
        "probabilities": probabilities,
        "class_probabilities": probabilities.max(axis=(0, 1)),
        "decisions": postprocessing.to_array(postprocessing.DEFAULT),
        "masks": probabilities >= 0.6,
    }


def predict_charts(case):
    rows, columns = case.context.grid
    factor = case.context.factor
    fields = {}
    for chart in CHARTS:
        true = case.truth[chart][factor // 2 :: factor, factor // 2 :: factor]
        classes = np.where(true == MASK, 0, true)[:rows, :columns]
        classes = np.pad(classes, ((0, rows - len(classes)), (0, columns - classes.shape[1])))
        probabilities = np.full((rows, columns, len(CLASSES[chart])), 0.05, np.float32)
        np.put_along_axis(probabilities, classes[..., None].astype(int), 0.8, -1)
        fields |= {chart: classes.astype(np.uint8), f"{chart}_probabilities": probabilities}
    return {**fields, "uncertainty": np.full((rows, columns, 3), 0.3, np.float32)}


def predict_frames(case):
    return {"frames": np.repeat(case.context.past[-1:, 32:96, 32:96].astype(np.float32), 24, 0)}


def predict_heights(case):
    agl, pose = case.truth
    return {"agl": np.nan_to_num(agl) + 1, **pose._asdict(), "certainty": 1.0}


PREDICT = {
    "forecast": predict_ice,
    "clouds": predict_masks,
    "icechart": predict_charts,
    "nowcast": predict_frames,
    "geopose": predict_heights,
}


def test_baselines_predict_a_case_once_while_memory_lasts():
    calls = []

    def predict(case):
        calls.append(case.name)
        return {"ice": np.zeros(100, np.uint8)}

    one, other = (Case(name, None, None) for name in "ab")
    kept = report_cases.remember({"mean": predict, "last": predict}, max_bytes=250)
    for case in (one, one, other, other):
        assert kept["mean"](case)["ice"].shape == (100,)
    assert calls == ["a", "b"]
    kept["last"](one)
    kept["last"](one)
    assert calls == ["a", "b", "a", "a"]  # a third prediction does not fit


@pytest.fixture
def craft(tmp_path, monkeypatch, tiny_settings, unet_settings):
    """Makes the folder of a run without training; predictions come from the truth."""
    settings = {**tiny_settings, "forecast": unet_settings}

    def make(name: str, task: str, score: float = 0.5, **changes):
        run, primary = tmp_path / name, TASKS[task].verification.primary
        monkeypatch.setattr(artifact, "predictor", lambda path, trust: PREDICT[task])
        run.mkdir(parents=True)
        held = json.loads(settings_file.to_json(settings[task]))
        folder.write_json(run / folder.SETTINGS, held | changes)
        files = [{"name": EVIL, "bytes": 3, "sha256": "0" * 64}]
        facts = {"task": task, "seed": 1, "epochs": 2, "seconds": 3.0, "data": files}
        folder.write_json(run / folder.MANIFEST, facts)
        others = {label: {primary: 0.4} for label in TASKS[task].verification.baselines}
        scores = {"task": task, "run": name, "data": f"synthetic {EVIL}", "n": 2}
        scores |= {"primary": primary, "lower_is_better": TASKS[task].verification.lower_is_better}
        scores |= {"scores": {primary: score}, "baselines": others}
        scores |= {"best_baseline": next(iter(others))}
        folder.write_json(run / folder.SCORES, scores | {"skill": 0.25})
        losses = [{"loss": 2.0, "val_loss": 3.0}, {"loss": 1.0, "val_loss": 2.5}]
        folder.write_json(run / "history.json", losses)
        (run / "model_card.md").write_text(f"# Card\n\n{EVIL}\n\n| a |\n|---|\n| b |\n")
        return run

    return make


def written(runs, out):
    path = report.report(TASKS, runs, out)
    html = path.read_text()
    assert len(html) < page.LIMIT
    assert "<script>alert" not in html
    return path


def test_a_forecast_s_page_steps_through_its_year(craft, tmp_path, browse):
    shown = browse(written([craft("run", "forecast")], tmp_path / "forecast.html"))
    view = shown.locator(".frames .view")
    view.press("End")
    assert shown.locator("output.when").text_content() == "2011-12"
    for layer in ("truth", "forecast minus truth", "spread of the forecast"):
        shown.get_by_role("radio", name=layer, exact=True).check()
    shown.get_by_role("checkbox", name="truth, 15 %").uncheck()
    shown.get_by_role("combobox", name="Scores by").select_option("month: iiee")
    assert shown.get_by_role("heading", name="iiee by month").is_visible()
    assert shown.get_by_text("Skill of the ice edge").is_visible()


def test_scores_on_held_out_data_lead_the_page(craft, tmp_path):
    run = craft("run", "forecast", score=0.111)
    held_out = folder.read_json(run / folder.SCORES)
    held_out |= {"data": "later years", "skill": 0.03}
    held_out["scores"] = {name: 0.777 for name in held_out["scores"]}
    folder.write_json(run / folder.HELD_OUT, held_out)
    html = written([run], tmp_path / "page.html").read_text()
    assert "held out from training" in html
    assert "0.777" in html
    assert "0.111" not in html
    assert "maps and cases below are of data that it was trained on" in html


def test_the_page_of_clouds_agrees_with_the_published_dice(craft, tmp_path, browse):
    shown = browse(written([craft("run", "clouds")], tmp_path / "clouds.html"))
    # The predictions are the labels, so at one half every Dice is 1; above .7 every mask is empty.
    mean = shown.get_by_label("Mean Dice of this photo")
    assert mean.text_content() == "1.000"
    for kind in ("Fish", "Flower", "Gravel", "Sugar"):
        shown.get_by_label(f"{kind}: threshold of the pixels").fill("0.8")
    assert float(mean.text_content()) < 1
    shown.get_by_text("1 data files").click()
    assert shown.get_by_role("rowheader", name=EVIL).is_visible()


def test_the_page_of_ice_charts_shows_scenes_and_confusion(craft, tmp_path, browse):
    shown = browse(written([craft("run", "icechart")], tmp_path / "icechart.html"))
    shown.get_by_role("radio", name="Stage of development").check()
    assert shown.get_by_alt_text("Stage of development as predicted").is_visible()
    assert shown.get_by_text("Floe size: fraction of the true class").is_visible()
    assert shown.get_by_role("heading", name="Accuracy by probability").is_visible()


def test_the_page_of_a_nowcast_plays_truth_beside_forecast(craft, tmp_path, browse):
    shown = browse(written([craft("run", "nowcast")], tmp_path / "nowcast.html"))
    view = shown.locator(".frames .view").first
    view.press("End")
    assert shown.locator("output.when").first.text_content() == "+120 min"
    assert shown.get_by_role("heading", name="MS-SSIM by lead").is_visible()


def test_the_page_of_geopose_wipes_the_image_off_its_heights(craft, tmp_path, browse):
    shown = browse(written([craft("run", "geopose")], tmp_path / "geopose.html"))
    assert shown.get_by_role("heading", name="Image over predicted heights").is_visible()
    shown.get_by_role("slider").first.press("ArrowRight")
    assert shown.get_by_role("heading", name="Image over its rectified view").is_visible()


def test_runs_are_compared(craft, tmp_path, browse):
    runs = [craft("a/run", "clouds", 0.5), craft("b/run", "clouds", 0.6, class_loss_weight=0.3)]
    shown = browse(written(runs, tmp_path / "comparison.html"))
    assert shown.get_by_role("heading", name="clouds: a/run, b/run").is_visible()
    differ = shown.locator(".widget", has=shown.get_by_role("heading", name="Differ between"))
    assert differ.locator("tbody th").all_text_contents() == ["class_loss_weight"]
    marked = shown.locator("#section-1 tr.marked th").all_text_contents()
    assert marked == ["b/run", "a/run"]  # the better one first
    shown.get_by_role("combobox", name="Run").first.select_option("b/run")


def test_a_run_whose_data_are_gone_still_has_a_page(craft, tmp_path):
    run = craft("run", "clouds", data=str(tmp_path / "nowhere"))
    assert (
        "The predictions of run cannot be drawn" in written([run], tmp_path / "p.html").read_text()
    )


def test_a_sweep_s_page_shows_its_hyperparameters(tmp_path, browse):
    rates, kinds = [0.001, 0.003, 0.01, 0.03], ["adam", "sgd", "adam", "sgd"]
    for i, (rate, kind) in enumerate(zip(rates, kinds)):
        values = {"learning_rate": rate, "optimizer": kind, "tuner/epochs": 1}
        trial = {"trial_id": str(i), "hyperparameters": {"values": values}, "status": "COMPLETED"}
        path = tmp_path / "sweep" / f"trial_{i}" / "trial.json"
        path.parent.mkdir(parents=True)
        folder.write_json(path, trial | {"score": 1.0 if kind == "adam" else 2.0})
    (tmp_path / "sweep" / "trial_9").mkdir()
    (tmp_path / "sweep" / "trial_9" / "trial.json").write_text('{"trial')
    folder.write_json(tmp_path / "sweep" / report_sweep.SWEEP, {"method": "random", "width": 3})
    shown = browse(report.report(TASKS, [tmp_path / "sweep"], tmp_path / "sweep.html"))
    worth = shown.locator("#section-1 table").first.locator("tbody tr").first
    assert worth.locator("th").text_content() == "optimizer"
    assert worth.locator("td").all_text_contents()[:2] == ["1.000", "adam"]
    shown.get_by_role("combobox", name="Hyperparameter").select_option("learning_rate")


def test_mistakes_are_one_clear_error(craft, tmp_path, capsys):
    clouds, charts = craft("c", "clouds"), craft("i", "icechart")
    out = tmp_path / "p.html"
    with pytest.raises(InputError, match="expected runs of one task, got clouds, icechart"):
        report.report(TASKS, [clouds, charts], out)
    with pytest.raises(InputError, match="expected a complete run, but there is none"):
        report.report(TASKS, [tmp_path / "nothing"], out)
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / report_sweep.SWEEP).write_text("{}")
    with pytest.raises(InputError, match="expected a finished trial"):
        report.report(TASKS, [tmp_path / "sweep"], out)
    with pytest.raises(InputError, match="or one sweep, got both"):
        report.report(TASKS, [tmp_path / "sweep", clouds], out)
    assert cli.main(["report", str(tmp_path / "nothing"), "--out", str(out)]) == 1
    assert "expected a complete run" in capsys.readouterr().err
    assert not out.exists()


def test_board_starts_tensorboard_on_the_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "events.out.tfevents.1").touch()
    words = verbs.tensorboard_command(tmp_path, 7007)
    assert words[1:] == ["-m", "tensorboard.main", "--logdir", str(tmp_path), "--port", "7007"]
    called = []
    monkeypatch.setattr(verbs.subprocess, "call", lambda words: called.append(words) or 0)
    assert cli.main(["board", "--runs", str(tmp_path), "--port", "7007"]) == 0
    assert called == [words]
    with pytest.raises(InputError, match="expected a folder of runs"):
        verbs.tensorboard_command(tmp_path / "nowhere", 1)
    monkeypatch.setattr(verbs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        verbs.tensorboard_command(tmp_path, 1)


@pytest.mark.parametrize("name", ["clouds", "icechart"])
def test_tags_of_pictures_are_the_same_for_every_case(name, craft):
    task = TASKS[name]
    settings = folder.open_run(craft("run", name), task)
    options = CloudOptions("all") if name == "clouds" else task.verification.options()
    some = [make() for make in task.data.cases(settings, options).make[:2]]
    tags = [set(task.products.pictures(case, PREDICT[name](case))) for case in some]
    assert all(found == tags[0] for found in tags)
    assert all(tag.startswith(f"{name}/") for tag in tags[0])
