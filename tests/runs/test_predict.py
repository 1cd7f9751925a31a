"""Cases that cannot be predicted, among others that can."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from seaice_tf.errors import DiskError, InputError, RunError
from seaice_tf.files import atomic
from seaice_tf.runs import predict
from seaice_tf.task import Case, Cases, PredictOptions, failing


def write(pairs, out, model, options):
    return [Path(f"{case.name} {maps['value']}") for case, maps in pairs]


TASK = SimpleNamespace(name="any", products=SimpleNamespace(options=PredictOptions, write=write))


def cases(*names):
    """Cases of these names; those that begin with "no" cannot be made."""
    makers = [
        failing(f"{name}.jpg: expected a photo, got none")
        if name.startswith("no")
        else lambda name=name: Case(name, name, None)
        for name in names
    ]
    return Cases("source", makers)


def upper(case):
    if case.name == "half":  # read piece by piece
        raise InputError("half: expected whole chunks, got some")
    return {"value": case.inputs.upper()}


def run(*names, predictor=upper, strict=False, task=TASK, out=Path("out")):
    return predict.predict(task, cases(*names), predictor, "tiny", out, None, strict)


def test_the_others_are_delivered_and_the_one_is_named(caplog):
    written = run("no1", "a", "half", "b", "no2")
    assert list(map(str, written.files)) == ["a A", "b B"]
    assert [text.split(":")[0] for text in written.left_out] == ["no1.jpg", "half", "no2.jpg"]
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["left out"] * 3
    assert run("a").left_out == []


@pytest.mark.parametrize("name", ["no", "half"])
def test_the_only_case_is_an_error_that_is_not_said_twice(name, caplog):
    with pytest.raises(InputError, match=rf"^{name}.*: expected .* got \w+$"):
        run(name)
    assert caplog.records == []


def write_each(pairs, out, model, options):
    """A file for each case, as of scenes and tiles, and one of all."""
    files = [out / "maps" / f"{case.name}.txt" for case, _ in pairs if _write(out, case.name)]
    return [*files, atomic.write_text(out / "all.txt", "all")]


def _write(out, name):
    if name == "full":
        raise DiskError("disk full")
    return atomic.write_text(out / "maps" / f"{name}.txt", name)


PRODUCTS = SimpleNamespace(options=PredictOptions, write=write_each)
EACH = SimpleNamespace(name="any", products=PRODUCTS)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_strict_stops_at_the_first_and_writes_nothing(tmp_path, caplog):
    run("b", task=EACH, out=tmp_path)
    with pytest.raises(InputError, match="no1"):
        run("a", "no1", "c", strict=True, task=EACH, out=tmp_path)
    assert files(tmp_path) == ["all.txt", "b.txt"]  # of the command before
    assert "nothing was written, as --strict asks" in caplog.text


def test_strict_writes_all_that_can_be_predicted(tmp_path):
    written = run("a", "b", strict=True, task=EACH, out=tmp_path).files
    assert written == [tmp_path / name for name in ("maps/a.txt", "maps/b.txt", "all.txt")]
    assert files(tmp_path) == ["a.txt", "all.txt", "b.txt"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_delivery_that_ends_on_the_way_is_called_incomplete(tmp_path, caplog):
    with pytest.raises(DiskError):
        run("a", "b", "full", task=EACH, out=tmp_path)
    assert f"{tmp_path}: incomplete, 2 files of some cases were written" in caplog.text


def test_nothing_that_can_be_predicted_is_an_error_of_the_first():
    with pytest.raises(InputError, match=r"no1\.jpg: .* \(and 2 more\)"):
        run("no1", "no2", "half")


@pytest.mark.parametrize("kind", [DiskError, RunError])
def test_what_concerns_all_cases_stops_at_once(kind):
    def predictor(case):
        raise kind("disk or run")

    with pytest.raises(kind, match="disk or run"):
        run("a", "b", predictor=predictor)
