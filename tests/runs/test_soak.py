"""Long runs, by `make soak` only: commands killed again and again end as undisturbed ones.

Every verb of every task runs once undisturbed. Then it is killed by SIGKILL, at random changes of
files and after random times, started again until it is done, and compared.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.runs import artifact, folder, stop, tune
from seaice_tf.tasks import TASKS

pytestmark = pytest.mark.soak

KILLER = Path(__file__).parent.parent / "killing.py"
KILLS = {"prepare": 2, "train": 2, "tune": 2, "predict": 2, "export": 1}  # to be tried
LEAST = 6  # of those of a task have to meet a process at work: 30 of the five tasks
VARIANTS = ["forecast-unet", "clouds", "icechart", "nowcast", "geopose"]
KERAS_TUNER = ("oracle.json", "tuner0.json", "trial.json")  # which it does not write atomically
DATED = ("history", "date_created")
OLD = b'"what an earlier command left"'


class Place:
    """A folder with the words of the commands of one task that write into it."""

    def __init__(self, root: Path, task, settings, trained: Path):
        self.root, self.task, self.settings, self.trained = root, task, settings, trained
        root.mkdir()
        (root / "s.json").write_text(settings_file.to_json(settings))

    def out(self, verb: str) -> Path:
        return self.root / verb / "run"

    def words(self, verb: str) -> list[str]:
        command = [verb] if verb == "report" else [verb, self.task.name]
        given = ["--settings", str(self.root / "s.json")]
        out = str(self.out(verb))
        return (
            command
            + {
                "prepare": ["--out", out, "--data", self.settings.data],
                "train": [*given, "--run", out],
                "tune": [*given, "--run", out, "--trials", "2"],
                "predict": ["--run", str(self.trained), "--out", out],
                "export": ["--run", out],
                "report": [str(self.trained), "--out", f"{out}.html"],
            }[verb]
        )

    def start(self, verb: str, at: int = 0) -> subprocess.Popen:
        """The command, killed at a change of files unless `at` is 0."""
        root, log = str(self.root), str(self.root / "changes.txt")
        Path(log).write_text("")
        words = [sys.executable, str(KILLER), root, str(at), log, *self.words(verb)]
        with (self.root / "said.txt").open("w") as said:
            return subprocess.Popen(words, stdout=said, stderr=said, process_group=0)

    def changes(self) -> list[tuple[float, str]]:
        """Seconds since the start, and what was done to which file."""
        lines = (self.root / "changes.txt").read_text().splitlines()
        rows = [line.split(" ", 1) for line in lines]
        return [(float(seconds), what.replace(str(self.root), "")) for seconds, what in rows]

    def files(self, verb: str) -> dict[str, bytes]:
        out = self.out(verb)
        return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.mark.parametrize("variant", VARIANTS)
def test_kills_change_nothing(variant, tiny_settings, tmp_path):
    task, settings = TASKS[variant.split("-")[0]], tiny_settings[variant]
    trained = tmp_path / "alone" / "train" / "run"
    alone = Place(tmp_path / "alone", task, settings, trained)
    killed = Place(tmp_path / "killed", task, settings, trained)
    moments = random.Random(variant)
    kills = 0
    for verb in verbs(task):
        before(verb, alone, killed)
        finish(alone, verb)
        changes = alone.changes()
        if verb == "predict":
            for name in alone.files(verb):
                path = killed.out(verb) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(OLD)
        resumed = 0
        for number in range(KILLS[verb]):
            if verb == "train" and killed.out(verb).exists():
                break
            at = moments.randint(1, max(1, len(changes) - 1 - resumed))
            if number % 2 == 0:
                met = kill_at(killed, verb, at)
            else:
                gap = changes[at][0] - changes[at - 1][0]
                met = kill_after(killed, verb, at, moments.uniform(0, gap))
            kills += met
            done = killed.changes()
            resumed = len(done) * (verb in ("train", "tune", "prepare"))
            how = ("before", "after")[number % 2] if met else "done"
            print(
                f"{task.name:9} {verb:8} {len(done):3} of {len(changes):3}  {how:6} {done[-1][1]}"
            )
            assert_nothing_half_written(verb, alone, killed)
        if verb != "train" or not killed.out(verb).exists():
            finish(killed, verb)
        assert_equal(verb, alone, killed)
    print(f"{task.name}: {kills} kills")
    assert kills >= LEAST


@pytest.mark.parametrize("variant", ["forecast-unet", "icechart"])
def test_two_signals_change_nothing(variant, tiny_settings, tmp_path):
    """To the process or to its group, at random moments of every verb that takes long."""
    task, settings = TASKS[variant.split("-")[0]], tiny_settings[variant]
    trained = tmp_path / "alone" / "train" / "run"
    alone = Place(tmp_path / "alone", task, settings, trained)
    stopped = Place(tmp_path / "stopped", task, settings, trained)
    moments = random.Random(variant)
    for verb in [each for each in verbs(task) if each != "export"] + ["report"]:
        finish(alone, verb)
        number = len(alone.changes())
        for send in (os.kill, os.killpg):
            took = signal_twice(stopped, verb, moments.randint(0, number - 1), send, moments)
            print(f"{task.name:9} {verb:8} {send.__name__:6} ended after {took:.1f} s")
            assert_nothing_half_written(verb, alone, stopped)
        if verb != "train" or not stopped.out(verb).exists():
            finish(stopped, verb)
        assert_equal(verb, alone, stopped)


def signal_twice(place: Place, verb: str, at: int, send, moments: random.Random) -> float:
    """Seconds from the second signal to the end of the command."""
    process = place.start(verb)
    while process.poll() is None and len(place.changes()) < at:
        time.sleep(0.02)
    time.sleep(moments.uniform(0, 1))
    number = moments.choice(stop.SIGNALS)
    for gap in (moments.choice((0, 0.1, 1)), 0):
        if process.poll() is None:
            send(process.pid, number)
        time.sleep(gap)
    began = time.monotonic()
    code = process.wait(timeout=10)
    # Python itself has the signal before and after the command.
    assert code in (0, stop.STOPPED, -number), (place.root / "said.txt").read_text()
    took = time.monotonic() - began
    assert_no_process_is_left(process.pid)
    return took


def verbs(task) -> list[str]:
    """Those of the task and the environment."""
    without = {"prepare"} if task.data.prepare is None else set()
    if "tf_keras" in keras.Model.__module__:
        without.add("tune")
    return [verb for verb in KILLS if verb not in without]


def before(verb: str, *places: Place) -> None:
    if verb == "export":
        for place in places:
            shutil.copytree(place.trained, place.out(verb))


def finish(place: Place, verb: str) -> None:
    assert place.start(verb).wait() == 0, (place.root / "said.txt").read_text()


def kill_at(place: Place, verb: str, at: int) -> bool:
    """Whether the command was killed, and not done before."""
    process = place.start(verb, at)
    code = process.wait()
    assert code in (0, -signal.SIGKILL), (place.root / "said.txt").read_text()
    assert_no_process_is_left(process.pid)
    return code != 0


def kill_after(place: Place, verb: str, at: int, seconds: float) -> bool:
    """The same, so many seconds after a change: between two of them TensorFlow is at work."""
    process = place.start(verb)
    while process.poll() is None and len(place.changes()) < at:
        time.sleep(0.02)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    assert code in (0, -signal.SIGKILL), (place.root / "said.txt").read_text()
    assert_no_process_is_left(process.pid)
    return code != 0


def assert_no_process_is_left(group: int) -> None:
    deadline = time.monotonic() + 60
    while (left := in_group(group)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def in_group(group: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        process = int(path.name)
        try:
            state = (path / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if os.getpgid(process) == group and state != "Z":
                found.append(process)
        except (ProcessLookupError, FileNotFoundError, PermissionError):
            continue
    return found


def assert_nothing_half_written(verb: str, alone: Place, killed: Place) -> None:
    """What stands under a final name is whole."""
    new, found = alone.files(verb), killed.files(verb)
    final = {name: content for name, content in found.items() if not temporary(name)}
    if verb == "predict":
        assert all(text == OLD or same(name, text, new[name]) for name, text in final.items())
    if verb == "prepare":
        assert all(content == new[name] for name, content in final.items())
        assert "manifest.json" not in final or final.keys() == new.keys()
    if verb == "export" and (killed.out(verb) / folder.SAVED_MODEL).exists():
        assert_equal_outputs(alone, killed)
    if verb == "train":
        assert "manifest.json" in final or not killed.out(verb).exists()
    for path in killed.out(verb).parent.rglob("*"):
        if path.suffix == ".json" and path.name not in KERAS_TUNER and not temporary(str(path)):
            json.loads(path.read_text())
        if path.name in (folder.WEIGHTS, folder.CHECKPOINT):
            dict(np.load(path, allow_pickle=False))


def temporary(name: str) -> bool:
    return any(re.search(r"^\..+\.tmp(\.\w+)?$", part) for part in Path(name).parts)


def assert_equal(verb: str, alone: Place, killed: Place) -> None:
    one, other = alone.files(verb), killed.files(verb)
    assert not [name for name in other if temporary(name)]
    if verb in ("prepare", "predict"):
        assert one.keys() == other.keys()
        assert not [name for name in one if not same(name, one[name], other[name])]
    if verb == "export":
        assert_equal_outputs(alone, killed)
    if verb == "train":
        assert named(one) == named(other)
        exact = [folder.SETTINGS, folder.SCORES]
        assert [one[name] for name in exact] == [other[name] for name in exact]
    if verb == "tune":
        assert one[tune.BEST] == other[tune.BEST]
        assert trials(one) == trials(other)
    for name in one:
        if name.endswith(folder.WEIGHTS):
            a, b = (np.load(place.out(verb) / name) for place in (alone, killed))
            assert set(a) == set(b)
            for key in a:
                np.testing.assert_array_equal(a[key], b[key])


def same(name: str, one: bytes, other: bytes) -> bool:
    """Whether two files say the same; a netCDF also says when it was written."""
    return one == other or (name.endswith(".nc") and without_date(one) == without_date(other))


def without_date(content: bytes) -> dict:
    with netCDF4.Dataset("held", memory=content) as data:
        data.set_auto_mask(False)
        found = {name: (v.ncattrs(), v[...].tobytes()) for name, v in data.variables.items()}
        found["title"] = [data.getncattr(n) for n in data.ncattrs() if n not in DATED]
    return found


def named(files) -> set[str]:
    """Names without those that TensorBoard draws by lot."""
    return {name for name in files if not name.startswith(folder.LOGS)}


def trials(files) -> list[tuple]:
    found = [json.loads(text) for name, text in files.items() if name.endswith("trial.json")]
    rows = [(t["status"], t["score"], t["hyperparameters"]["values"]) for t in found]
    return sorted(rows, key=repr)


def assert_equal_outputs(alone: Place, killed: Place) -> None:
    case = next(iter(alone.task.data.future(alone.settings)))
    one, other = (
        artifact.predictor(place.out("export"), trust=True)(case) for place in (alone, killed)
    )
    for head, value in one.items():
        np.testing.assert_array_equal(value, other[head])
