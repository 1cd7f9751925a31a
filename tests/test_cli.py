"""The command line: every mistake of a user is one line on stderr, an exit code, nothing lost."""

import json
import os
import resource
import shutil
import subprocess
import sys

import netCDF4
import numpy as np
import pytest

from seaice_tf import __version__, cli
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.runs import folder
from seaice_tf.writers import animation, lock, maps
from seaice_tf.writers.nsidc0051 import write_synthetic

WRITABLE_BY_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture
def run(home, unet_settings):
    """A complete run made by the command."""
    path = home / "run"
    if not path.exists():
        (home / "s.json").write_text(settings_file.to_json(unet_settings))
        words = ["--run", str(path), "--settings", str(home / "s.json"), "--epochs", "1"]
        assert cli.main(["train", "forecast", *words]) == 0
    return path


def fails(capsys, *words, message):
    assert cli.main(list(words)) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error


def test_flags_override_the_settings_file(run):
    written = json.loads((run / folder.SETTINGS).read_text())
    assert written["training"]["epochs"] == 1
    assert written["filters"] == [2, 3]


def test_help_and_version(capsys):
    assert cli.main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out
    assert cli.main([]) == 0
    usage = capsys.readouterr().out
    assert all(verb in usage for verb in cli.VERBS)


def test_unknown_verbs_and_tasks(capsys):
    fails(capsys, "trian", "forecast", message="expected one of doctor")
    known = "expected one of forecast, clouds, icechart, nowcast, geopose, got 'clods'"
    fails(capsys, "train", "clods", message=known)
    fails(capsys, "train", message="expected one of forecast")


def test_a_complete_run_is_not_overwritten(capsys, run):
    before = (run / folder.WEIGHTS).read_bytes()
    fails(capsys, "train", "forecast", "--run", str(run), message="got a complete run; choose")
    assert (run / folder.WEIGHTS).read_bytes() == before


def test_a_partial_run_with_other_settings_is_left_alone(capsys, run, home):
    other = folder.partial(home / "other")
    other.mkdir()
    shutil.copy(run / folder.SETTINGS, other / folder.BEGUN)
    before = (other / folder.BEGUN).read_bytes()
    words = ["--run", str(home / "other"), "--settings", str(home / "s.json"), "--years", "3"]
    fails(capsys, "train", "forecast", *words, message="got another years, training; use the same")
    assert (other / folder.BEGUN).read_bytes() == before


def test_a_run_that_is_at_work_is_left_alone(capsys, home):
    words = ["train", "forecast", "--run", str(home / "busy")]
    with lock.held(folder.partial(home / "busy")):
        fails(capsys, *words, message=f"got process {os.getpid()} of ")
        fails(capsys, *words, message="let it end, or choose another folder")


def test_no_run_no_prediction(capsys, home):
    words = ["--run", str(home / "nothing"), "--out", str(home / "out")]
    fails(capsys, "predict", "forecast", *words, message="expected a complete run, but there is no")
    assert not (home / "out").exists()


def test_a_run_of_another_task(capsys, run, home):
    shutil.copytree(run, home / "clouds")
    manifest = folder.read_json(home / "clouds" / folder.MANIFEST)
    folder.write_json(home / "clouds" / folder.MANIFEST, manifest | {"task": "clouds"})
    words = ["--run", str(home / "clouds")]
    fails(capsys, "evaluate", "forecast", *words, message="a run of forecast, got one of clouds")


def test_a_run_without_its_saved_model(capsys, run, home):
    shutil.copytree(run, home / "bare", ignore=shutil.ignore_patterns("saved_model"))
    words = ["--run", str(home / "bare")]
    fails(capsys, "evaluate", "forecast", *words, message="expected a SavedModel")


def test_evaluate_writes_its_json(run, home, capsys, ice_archive):
    words = ["--run", str(run), "--data", str(ice_archive), "--json", str(home / "e.json")]
    period = ["--first", "2011-01", "--last", "2011-06"]
    assert cli.main(["evaluate", "forecast", *words, *period]) == 0
    result = json.loads((home / "e.json").read_text())
    keys = "task run data n primary lower_is_better scores baselines best_baseline skill"
    assert list(result) == keys.split()
    assert "month_06/iiee" in result["scores"]
    assert "month_07/iiee" not in result["scores"]
    assert "mean_10_years" in capsys.readouterr().out


def test_an_ensemble_is_evaluated_and_predicts(run, home, capsys, monkeypatch):
    shutil.copytree(run, home / "twin")
    runs = ["--run", str(run), str(home / "twin")]
    words = ["--first", "2011-05", "--last", "2011-06", "--origins", "every_month", "--by", "lead"]
    assert cli.main(["evaluate", "forecast", *runs, *words, "--json", str(home / "t.json")]) == 0
    page = capsys.readouterr().out
    assert "run + twin" in page
    assert "by lead" in page
    assert "lead_02/brier" in json.loads((home / "t.json").read_text())["scores"]
    for drawn in (maps, animation):  # what takes time and is the same for one run
        monkeypatch.setattr(drawn, "write", lambda path, *rest: path)
    monkeypatch.setattr(maps, "figure", lambda *rest: None)
    assert cli.main(["predict", "forecast", *runs, "--out", str(home / "together")]) == 0
    with netCDF4.Dataset(home / "together" / "forecast.nc") as product:
        spread = product["sea_ice_area_fraction_standard_deviation"][:]
        assert product["probability_of_sea_ice"][:].max() == 1
    assert spread.max() == 0  # of twins


@pytest.mark.parametrize(
    ("period", "message"),
    [
        (("2011-1", "2011-06"), "expected YYYY-MM"),
        (("2011-06", "2011-01"), "expected the first month before the last"),
        (("2012-01", "2012-12"), "expected data for 2012-01"),
        (("2007-01", "2007-12"), "expected 24 months before 2007-01, got 12"),
    ],
)
def test_periods_without_data(capsys, run, period, message):
    words = ["--run", str(run), "--first", period[0], "--last", period[1]]
    fails(capsys, "evaluate", "forecast", *words, message=message)


def test_a_run_is_trained_again_from_its_manifest(run, home, capsys):
    facts = folder.read_json(run / folder.MANIFEST)
    older = facts | {"packages": facts["packages"] | {"numpy": "1.0"}}
    folder.write_json(home / "older.json", older)
    words = ["--run", str(home / "again"), "--from-manifest", str(home / "older.json")]
    assert cli.main(["train", "forecast", *words]) == 0
    shown = capsys.readouterr().out
    assert f"note: numpy: 1.0 then, {np.__version__} now" in shown
    assert "weights: the same, bit for bit" in shown
    with np.load(run / folder.WEIGHTS) as first, np.load(home / "again" / folder.WEIGHTS) as second:
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])
    assert (home / "again" / folder.SETTINGS).read_bytes() == (run / folder.SETTINGS).read_bytes()


def test_other_data_than_the_manifest_tells_of(run, home, capsys, ice_archive):
    words = ["train", "forecast", "--from-manifest", str(run / folder.MANIFEST)]
    words += ["--run", str(home / "elsewhere"), "--data", str(home / "touched")]
    shutil.copytree(ice_archive, home / "touched")
    touched = sorted((home / "touched").glob("nt_*"))[3]
    touched.write_bytes(touched.read_bytes()[:-1] + b"!")
    fails(capsys, *words, message=f"72 files of the manifest, got 1 changed ({touched.name})")
    assert not any(folder.partial(home / "elsewhere").iterdir())
    fails(capsys, *words, "--years", "3", message="expected no other settings, got another years")
    fails(capsys, *words, "--settings", "s.json", message="expected none beside --from-manifest")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clouds"}, "a run of forecast, got one of clouds"),
        ({"settings": {"years": "ten"}}, "years: expected int, got 'ten'"),
        ({"data": None}, "the manifest.json of a run, got another file"),
        ({"data": [{"name": ["a"]}]}, "the manifest.json of a run, got another file"),
        ({"format": 99}, "expected format 1, got 99"),
        ({"settings": None}, "got one made before they were kept there; use --settings"),
    ],
)
def test_manifests_that_no_run_can_be_made_from(capsys, run, home, changes, message):
    facts = folder.read_json(run / folder.MANIFEST) | changes
    kept = {name: value for name, value in facts.items() if value is not None}
    folder.write_json(home / "changed.json", kept)
    words = ["--run", str(home / "new"), "--from-manifest", str(home / "changed.json")]
    fails(capsys, "train", "forecast", *words, message=message)


def test_too_short_an_archive_to_train_on(capsys, home, run):
    words = ["--run", str(home / "new"), "--settings", str(home / "s.json"), "--years", "9"]
    fails(capsys, "train", "forecast", *words, message="expected 9 years of history")


def test_years_that_were_trained_on_cannot_choose_the_epoch(capsys, home, run):
    words = ["--run", str(home / "new"), "--settings", str(home / "s.json")]
    words += ["--train-last", "2010-12"]
    fails(
        capsys, "train", "forecast", *words, message="expected train_last before validation_first"
    )


def test_predict_writes_the_year_after_the_data(run, home):
    assert cli.main(["predict", "forecast", "--run", str(run), "--out", str(home / "p")]) == 0
    rows = (home / "p" / "contest.csv").read_text().splitlines()
    assert [row[:7] for row in rows[1:]] == [f"2012-{month:02}" for month in range(1, 13)]


def test_debug_shows_the_traceback(home):
    with pytest.raises(InputError):
        cli.main(["--debug", "doctor", "forecast", "--data", str(home / "absent")])


def test_the_doctor_exits_with_one_when_there_is_trouble(home, capsys, ice_archive):
    copy = home / "gap"
    shutil.copytree(ice_archive, copy)
    assert cli.main(["doctor", "forecast", "--data", str(copy), "--plots", str(home / "pl")]) == 0
    assert {path.name for path in (home / "pl").iterdir()} == {
        "pole_hole.png",
        "mean_concentration.png",
    }
    next(copy.glob("nt_200806*")).unlink()
    assert cli.main(["doctor", "forecast", "--data", str(copy)]) == 1
    assert "trouble: 2008-06 is missing" in capsys.readouterr().out


def test_days_that_a_month_must_have_are_a_flag(home, capsys):
    days = np.full((43, 448, 304), 125, np.uint8)
    write_synthetic(home / "daily", np.datetime64("2011-01-01"), days)
    words = ["doctor", "forecast", "--data", str(home / "daily")]
    assert cli.main(words) == 1
    assert "2011-02 has 12 days with data, fewer than 20" in capsys.readouterr().out
    assert cli.main([*words, "--minimum-days", "12"]) == 0


def command(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "seaice_tf", *words], capture_output=True, text=True, **options
    )


def test_a_full_disk_loses_nothing(run, home):
    """A limit on the size of files stands for it: a write fails in its middle, as there."""
    out = home / "full"
    result = command(
        *("predict", "forecast", "--run", str(run), "--out", str(out)),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "File too large" in result.stderr
    assert "Traceback" not in result.stderr
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written(run, home):
    blocked = home / "blocked"
    blocked.write_text("a file where a folder should be")
    result = command("predict", "forecast", "--run", str(run), "--out", str(blocked))
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "blocked" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(WRITABLE_BY_ROOT, reason="root may write everywhere")
def test_a_read_only_folder(run, home, capsys):
    (home / "locked").mkdir(mode=0o500)
    words = ["--run", str(run), "--out", str(home / "locked" / "out")]
    fails(capsys, "predict", "forecast", *words, message="Permission denied")


CLEAN = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'seaice_tf':
            raise ImportError('not here')
sys.meta_path.insert(0, Refuse())
import numpy as np, tensorflow as tf
from pathlib import Path
run, data, out = sys.argv[1:]
files = sorted(Path(data).glob('nt_*_n.bin'))[-24:]
counts = np.stack([np.fromfile(f, np.uint8)[300:].reshape(448, 304) for f in files])
model = tf.saved_model.load(run + '/saved_model')
np.save(out, model.serve(counts[None])['concentration'][0])
"""


def test_the_saved_model_needs_none_of_our_code(run, home, ice_archive, tmp_path):
    from seaice_tf.runs import artifact
    from seaice_tf.tasks import TASKS

    script = tmp_path / "clean.py"
    script.write_text(CLEAN)
    out = tmp_path / "out.npy"
    subprocess.run(
        [sys.executable, str(script), str(run), str(ice_archive), str(out)],
        check=True,
        cwd=tmp_path,
        capture_output=True,
    )
    task = TASKS["forecast"]
    case = next(iter(task.future(folder.open_run(run, task))))
    ours = artifact.predictor(run)(case)["concentration"]
    np.testing.assert_allclose(np.load(out), ours, atol=1e-5)
