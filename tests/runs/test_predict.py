"""Cases that cannot be predicted, among others that can."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from seaice_tf.errors import DiskError, InputError, RunError
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


def run(*names, predictor=upper, strict=False):
    return predict.predict(TASK, cases(*names), predictor, "tiny", Path("out"), None, strict)


def test_the_others_are_delivered_and_the_one_is_named(caplog):
    written = run("no1", "a", "half", "b", "no2")
    assert list(map(str, written.files)) == ["a A", "b B"]
    assert [text.split(":")[0] for text in written.left_out] == ["no1.jpg", "half", "no2.jpg"]
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["left out"] * 3
    assert run("a").left_out == []


def test_strict_stops_at_the_first():
    with pytest.raises(InputError, match="no1"):
        run("a", "no1", "b", strict=True)


def test_nothing_that_can_be_predicted_is_an_error_of_the_first():
    with pytest.raises(InputError, match=r"no1\.jpg: .* \(and 2 more\)"):
        run("no1", "no2", "half")


@pytest.mark.parametrize("kind", [DiskError, RunError])
def test_what_concerns_all_cases_stops_at_once(kind):
    def predictor(case):
        raise kind("disk or run")

    with pytest.raises(kind, match="disk or run"):
        run("a", "b", predictor=predictor)
