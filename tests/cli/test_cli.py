"""The command line: every mistake of a user is one line on stderr, an exit code, nothing lost."""

import json
import os
import shutil
import subprocess
import sys

import netCDF4
import numpy as np
import pytest
import tyro

from seaice_tf import __version__
from seaice_tf import settings as settings_file
from seaice_tf.cli import completion, flags, verbs
from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.files import lock
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.runs import folder, train
from seaice_tf.settings import Training, with_values
from seaice_tf.tasks import NAMES, TASKS


def test_flags_override_the_settings_file(home, settings_path, unet_settings, monkeypatch):
    trained = []
    monkeypatch.setattr(train, "train", lambda task, settings, *rest: trained.append(settings))
    words = ["--run", str(home / "new"), "--settings", str(settings_path), "--epochs", "1"]
    assert cli.main(["train", "forecast", *words]) == 0
    assert trained == [with_values(unet_settings, {"epochs": 1})]


def test_help_and_version(capsys):
    assert cli.main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out
    assert cli.main([]) == 0
    usage = capsys.readouterr().out
    assert all(verb in usage for verb in cli.VERBS)


def test_unknown_verbs_and_tasks(fails):
    fails("trian", "forecast", message="got 'trian'; did you mean train?")
    known = f"expected one of {', '.join(NAMES)}, got 'clods'; did you mean clouds?"
    fails("train", "clods", message=known)
    fails("train", message="expected one of forecast")
    fails("train", "--run", "x", message="got '--run'")
    fails("completion", "tcsh", message="expected one of bash, zsh, fish, got tcsh")


@pytest.mark.parametrize("words", [["help"], ["--help"], ["train", "-h"], ["help", "predict"]])
def test_the_usage_is_asked_for_in_many_ways(words, capsys):
    assert cli.main(words) == 0
    assert capsys.readouterr().out.startswith("usage: seaice-tf VERB TASK")


NAMED = {
    "predict": ("--out", lambda task: task.products.files),
    "evaluate": ("--out", lambda task: task.verification.files),
    "doctor": ("--plots", lambda task: task.data.plots),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("verb", NAMED)
def test_a_folder_in_the_place_of_any_file_is_found_before_the_work(verb, name, fails, tmp_path):
    flag, files = NAMED[verb]
    words = [verb, name, flag, str(tmp_path), "--data", str(tmp_path / "none")]
    for pattern in files(TASKS[name]):
        path = tmp_path / pattern.replace("*", "any")
        path.mkdir(parents=True)
        fails(*words, message=f"{path}: expected a file to write, or nothing, got a folder; remove")
        path.rmdir()
        if path.parent != tmp_path:
            path.parent.rmdir()
            path.parent.touch()
            fails(*words, message=f"{path.parent}: expected a folder, or a place for one, got a")
            path.parent.unlink()


def helped(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_every_flag_has_a_text(name):
    task = TASKS[name]
    kinds = {task.settings, task.verification.options, task.products.options, Training}
    kinds |= {*settings_file.networks(task.settings).values(), task.data.fetch_options} - {None}
    for kind in kinds:
        bare = {field for field, text in flags.field_docs(kind).items() if not text}
        assert bare <= {"network", "training"}, kind


def test_flags_are_grouped_and_those_of_another_network_left_out(capsys):
    page = helped(capsys, "help", "train", "clouds")
    if not tyro.__version__.startswith("0."):  # before 1.0 it has one group of flags
        for title in ("data options", "network options", "training options"):
            assert f" {title} " in page
    for flag in ("--settings", "--from-manifest", "--network {unet,texture}", "--decoder-filters"):
        assert flag in page
    assert "--penalty" not in page
    other = helped(capsys, "train", "clouds", "--network", "texture", "--help")
    assert "--penalty" in other
    assert "--decoder-filters" not in other
    assert "(required)" in helped(capsys, "predict", "icechart", "--help")
    assert "the released model" in " ".join(helped(capsys, "predict", "clouds", "--help").split())


def test_an_invalid_value_names_its_flag(fails):
    words = ["--run", "x"]
    fails("train", "forecast", *words, "--epochs", "0", message="--epochs: expected at least 1")
    fails("train", "forecast", *words, "--width", "0", message="--width: expected")
    fails("predict", "icechart", "--out", "x", "--tile", "0", message="--tile, --halo: expected")
    fails("predict", "geopose", "--out", "x", message="geopose has no released model: train one")


def test_completion_knows_verbs_tasks_and_flags():
    script = completion.script("bash")
    assert "doctor fetch prepare" in script
    (line,) = (each for each in script.splitlines() if '"predict icechart")' in each)
    assert "--halo" in line
    assert "--members" not in line
    shell = (
        f"{script}\nCOMP_WORDS=(seaice-tf train fo); COMP_CWORD=2; _seaice_tf; "
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "forecast"
    assert "-l halo" in completion.script("fish")


def test_the_board_of_a_fresh_clone_says_what_to_train(tmp_path):
    with pytest.raises(InputError, match="expected runs with learning curves, got none; train one"):
        verbs.tensorboard_command(tmp_path, 6006)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "events.out.tfevents.1").touch()
    assert str(tmp_path) in verbs.tensorboard_command(tmp_path, 6006)


NO_TENSORFLOW = """
import sys
from seaice_tf.cli.main import main
for words in sys.argv[1].split(";"):
    try:
        main(words.split())
    except SystemExit:
        pass
assert "tensorflow" not in sys.modules
"""


def test_help_errors_and_checks_of_data_load_no_tensorflow(ice_archive):
    each = [f"{verb} {name} --help" for verb in cli.VERBS for name in NAMES]
    each += ["predict forecast", "trian forecast", "report --help", "board --help", "-V"]
    each += [f"doctor forecast --data {ice_archive}", "evaluate icechart"]
    command = [sys.executable, "-c", NO_TENSORFLOW, ";".join(each)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_complete_run_is_not_overwritten(fails, run):
    before = (run / folder.WEIGHTS).read_bytes()
    fails("train", "forecast", "--run", str(run), message="got a complete run; choose")
    assert (run / folder.WEIGHTS).read_bytes() == before


def test_a_partial_run_with_other_settings_is_left_alone(fails, home, settings_path):
    other = folder.partial(home / "other")
    other.mkdir()
    shutil.copy(settings_path, other / folder.BEGUN)
    before = (other / folder.BEGUN).read_bytes()
    words = ["--run", str(home / "other"), "--settings", str(settings_path), "--history-years", "3"]
    fails("train", "forecast", *words, message="got another history_years; use the same")
    assert (other / folder.BEGUN).read_bytes() == before


def test_a_run_that_is_being_trained_is_left_alone(fails, home):
    words = ["train", "forecast", "--run", str(home / "busy")]
    with lock.held(folder.partial(home / "busy")):
        fails(*words, message=f"got process {os.getpid()} of ")
        fails(*words, message="let it finish, or choose another folder")


def test_no_run_no_prediction(fails, home):
    words = ["--run", str(home / "nothing"), "--out", str(home / "out")]
    fails("predict", "forecast", *words, message="expected a complete run, but there is no")
    assert not (home / "out").exists()


def test_a_run_of_another_task(fails, run, home):
    shutil.copytree(run, home / "clouds")
    manifest = folder.read_json(home / "clouds" / folder.MANIFEST)
    folder.write_json(home / "clouds" / folder.MANIFEST, manifest | {"task": "clouds"})
    words = ["--run", str(home / "clouds")]
    fails("evaluate", "forecast", *words, message="a run of forecast, got one of clouds")


def test_a_run_without_its_saved_model(fails, run, home):
    shutil.copytree(run, home / "bare", ignore=shutil.ignore_patterns("saved_model"))
    words = ["--run", str(home / "bare")]
    fails("evaluate", "forecast", *words, message="expected a SavedModel")


def test_evaluate_writes_its_json(run, home, capsys, ice_archive):
    words = ["--run", str(run), "--data", str(ice_archive), "--json", str(home / "e.json")]
    period = ["--first", "2011-01", "--last", "2011-06"]
    assert cli.main(["evaluate", "forecast", *words, *period]) == 0
    result = json.loads((home / "e.json").read_text())
    keys = "task run data n primary lower_is_better scores baselines absent_baselines"
    assert list(result) == [*keys.split(), "best_baseline", "skill"]
    assert "month_06/iiee" in result["scores"]
    assert "month_07/iiee" not in result["scores"]
    assert "climatology_10_years" in capsys.readouterr().out


def test_an_ensemble_is_evaluated_and_predicts(run, home, capsys, undrawn):
    shutil.copytree(run, home / "twin")
    runs = ["--run", str(run), str(home / "twin")]
    words = [
        "--first",
        "2011-05",
        "--last",
        "2011-06",
        "--init-frequency",
        "monthly",
        "--by",
        "lead",
    ]
    assert cli.main(["evaluate", "forecast", *runs, *words, "--json", str(home / "t.json")]) == 0
    page = capsys.readouterr().out
    assert "run + twin" in page
    assert "by lead" in page
    assert "lead_02/brier" in json.loads((home / "t.json").read_text())["scores"]
    assert cli.main(["predict", "forecast", *runs, "--out", str(home / "ensemble")]) == 0
    with netCDF4.Dataset(home / "ensemble" / "forecast.nc") as product:
        spread = product["sea_ice_area_fraction_standard_deviation"][:]
        assert product["probability_of_sea_ice"][:].max() == 1
    assert spread.max() == 0  # of twins


@pytest.mark.parametrize(
    ("period", "message"),
    [
        (("2011-1", "2011-06"), "--first: expected YYYY-MM"),
        (("2011-06", "2011-01"), "--first, --last: expected the first month before the last"),
        (("2012-01", "2012-12"), "expected data for 2012-01"),
        (("2007-01", "2007-12"), "expected 24 months before 2007-01, got 12"),
    ],
)
def test_periods_without_data(fails, run, period, message):
    words = ["--run", str(run), "--first", period[0], "--last", period[1]]
    fails("evaluate", "forecast", *words, message=message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--last-init", "2011-05"], "--last-init: expected --first-init beside it, 2011-05 for"),
        (["--first-init", "2011-5"], "--first-init: expected YYYY-MM"),
        (
            ["--first-init", "2011-05", "--last-init", "2011-04"],
            "--first-init, --last-init: expected the first month before the last, got 2011-05 to",
        ),
    ],
)
def test_inits_that_make_no_period(fails, run, home, words, message):
    out = ["--out", str(home / "no period")]
    fails("predict", "forecast", "--run", str(run), *out, *words, message=message)
    assert not (home / "no period").exists()


def test_too_short_an_archive_to_train_on(fails, home, settings_path):
    words = ["--run", str(home / "new"), "--settings", str(settings_path), "--history-years", "9"]
    fails("train", "forecast", *words, message="expected 9 years of history")


def test_years_that_were_trained_on_cannot_choose_the_epoch(fails, home, settings_path):
    words = ["--run", str(home / "new"), "--settings", str(settings_path)]
    words += ["--train-end", "2010-12"]
    fails("train", "forecast", *words, message="expected train_end before validation_start")


def test_predict_writes_the_year_after_the_data(run, home, undrawn):
    assert cli.main(["predict", "forecast", "--run", str(run), "--out", str(home / "p")]) == 0
    rows = (home / "p" / "contest.csv").read_text().splitlines()
    assert [row[:7] for row in rows[1:]] == [f"2012-{month:02}" for month in range(1, 13)]


def test_debug_shows_the_traceback(home):
    with pytest.raises(InputError):
        cli.main(["--debug", "doctor", "forecast", "--data", str(home / "absent")])


def test_the_doctor_exits_with_one_if_there_are_problems(home, capsys, ice_archive):
    copy = home / "gap"
    shutil.copytree(ice_archive, copy)
    assert cli.main(["doctor", "forecast", "--data", str(copy), "--plots", str(home / "pl")]) == 0
    assert {path.name for path in (home / "pl").iterdir()} == {
        "pole_hole.png",
        "mean_concentration.png",
    }
    next(copy.glob("nt_200806*")).unlink()
    assert cli.main(["doctor", "forecast", "--data", str(copy)]) == 1
    out = capsys.readouterr().out
    assert "got none for 2008-06; add" in out
    assert out.endswith("\n1 problem\n")


def test_days_that_a_month_must_have_are_a_flag(home, capsys):
    days = np.full((43, 448, 304), 125, np.uint8)
    write_synthetic(home / "daily", np.datetime64("2011-01-01"), days)
    words = ["doctor", "forecast", "--data", str(home / "daily")]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert "2011-01 to 2011-01, 1 months read" in out
    assert "a forecast takes 120 months or more" in out
    assert cli.main([*words, "--minimum-days", "12"]) == 0
    assert "2011-01 to 2011-02, 2 months read" in capsys.readouterr().out
