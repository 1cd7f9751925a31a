import dataclasses
import json
import typing
from typing import ClassVar

import pytest

from seaice_tf import settings
from seaice_tf.cli import flags
from seaice_tf.errors import InputError
from seaice_tf.networks import optimizers
from seaice_tf.runs import fit, tune
from seaice_tf.tasks import TASKS


def test_settings_round_trip(tiny_settings, tmp_path):
    path = tmp_path / "s.json"
    for name, wanted in tiny_settings.items():
        path.write_text(settings.to_json(wanted))
        assert settings.read(path, TASKS[name.split("-")[0]].settings) == wanted


def test_settings_that_are_no_file_are_refused(tmp_path):
    for path, got in ((tmp_path / "none", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"^{path}: expected a settings file, got {got}; "):
            settings.read(path, TASKS["forecast"].settings)


def broken(change):
    kind = TASKS["forecast"].settings
    unet = settings.networks(kind)["unet"]()
    content = json.loads(settings.to_json(kind(network=unet)))
    change(content)
    return content


CHANGES = {
    "an unknown key": (lambda c: c.update(train_ned=""), "got 'train_ned'; did you mean train_end"),
    "an unknown key of the network": (
        lambda c: c["network"].update(filter=[8]),
        "network: .*got 'filter'; did you mean filters",
    ),
    "an unknown nested key": (lambda c: c["training"].update(foo=1), "training: .*got 'foo'"),
    "text for a number": (
        lambda c: c["network"].update(crop="ten"),
        "crop: expected int, got 'ten'",
    ),
    "a bool for a number": (
        lambda c: c["network"].update(crop=True),
        "crop: expected int, got True",
    ),
    "a choice that is none": (
        lambda c: c.update(pole_hole_fill="x"),
        "expected 'neighbours' or 'image_median'",
    ),
    "a number in a list": (
        lambda c: c["network"].update(filters=[8, "a"]),
        "filters: expected int",
    ),
    "an object for a list": (lambda c: c["network"].update(filters={}), "filters: expected"),
    "a bad range": (lambda c: c["training"].update(epochs=0), "epochs: expected at least 1"),
    "no decay": (lambda c: c["training"].update(average=1.0), "average: expected at least 0 and"),
    "no plateau": (lambda c: c["training"].update(plateau_epochs=0), "plateau_epochs: expected at"),
    "periods out of order": (lambda c: c.update(train_end="2020-01"), "train_end before"),
    "a period backwards": (lambda c: c.update(test_end="2001-01"), "expected test_start before"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_bad_settings_are_one_clear_line(name):
    change, message = CHANGES[name]
    with pytest.raises(InputError, match=message):
        settings.from_dict(broken(change), TASKS["forecast"].settings, "s.json")


def test_a_whole_number_will_do_for_a_fraction_and_what_is_left_out_has_its_default():
    kind = TASKS["forecast"].settings
    got = settings.from_dict({"training": {"learning_rate": 1}}, kind, "s.json")
    assert got.training.learning_rate == 1.0
    assert got == dataclasses.replace(kind(), training=got.training)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON"),
        ("[]", "expected an obj"),
        ("[" * 100_000, "expected JSON, got brackets that are nested too deeply"),
        (f'{{"training": {{"learning_rate": {10**400}}}}}', "expected float, got 1000"),
    ],
)
def test_files_that_are_no_settings(tmp_path, text, message):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        settings.read(path, TASKS["forecast"].settings)
    with pytest.raises(InputError, match="got no such file"):
        settings.read(tmp_path / "absent.json", TASKS["forecast"].settings)


@dataclasses.dataclass(frozen=True)
class Wide:
    name: ClassVar[str] = "wide"
    width: int = 8
    """Filters."""


@dataclasses.dataclass(frozen=True)
class Deep:
    name: ClassVar[str] = "deep"
    levels: int = 3
    """Levels."""
    widths: tuple[int, ...] = (2, 3)
    """Filters per level."""


@dataclasses.dataclass(frozen=True)
class Nested:
    """Settings with a record for each network."""

    ALIASES: ClassVar[dict] = {
        "depth": ("levels", {}),
        "network": ("network", {"old": "deep"}),
        "fill": ("gap_fill", {"none": "zero"}),
        "tile": None,
    }
    data: str = ""
    """Folder."""
    gap_fill: typing.Literal["zero", "mean"] = "mean"
    """Fill of gaps."""
    network: Wide | Deep = dataclasses.field(default_factory=Wide)
    training: settings.Training = dataclasses.field(default_factory=settings.Training)


class Task:
    name = "nested"
    settings = Nested


def test_a_network_is_a_record_of_its_name_and_its_own_settings():
    wanted = Nested(network=Deep(levels=5))
    content = json.loads(settings.to_json(wanted))
    assert content["network"] == {"name": "deep", "levels": 5, "widths": [2, 3]}
    assert settings.from_dict(content, Nested, "s.json") == wanted
    assert list(settings.networks(Nested)) == ["wide", "deep"]
    assert settings.networks(settings.Training) == {}
    with pytest.raises(InputError, match=r"network: expected one of wide, deep, got 'dep'"):
        settings.from_dict({"network": {"name": "dep"}}, Nested, "s.json")
    with pytest.raises(InputError, match=r"network: expected a known setting, got 'width'"):
        settings.from_dict({"network": {"name": "deep", "width": 4}}, Nested, "s.json")


def test_values_are_set_in_the_record_that_has_them():
    got = settings.with_values(Nested(), {"data": "x", "width": 4, "epochs": 2})
    assert (got.data, got.network, got.training.epochs) == ("x", Wide(4), 2)
    got = settings.with_values(Nested(), {"network": Deep()})
    assert settings.with_values(got, {"levels": 1}).network == Deep(levels=1)
    with pytest.raises(InputError, match="expected known names, got levels"):
        settings.with_values(Nested(), {"levels": 1})


def test_changes_are_named_as_flags_are():
    one = settings.to_dict(Nested())
    for other, expected in (
        (Nested(data="x", network=Wide(4)), ["data", "width"]),
        (Nested(network=Deep()), ["network"]),
        (settings.with_values(Nested(), {"seed": 9}), ["seed"]),
    ):
        assert settings.changes(one, settings.to_dict(other)) == expected


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"network": "old", "depth": 5, "width": 4, "tile": 9}, Nested(network=Deep(levels=5))),
        ({"network": "wide", "depth": 5, "width": 4}, Nested(network=Wide(4))),
        ({"fill": "none", "width": 2}, Nested(gap_fill="zero", network=Wide(2))),
        ({"fill": "mean", "network": {"name": "deep", "levels": 2}}, Nested(network=Deep(2))),
    ],
)
def test_flat_settings_of_older_versions_are_upgraded(content, wanted):
    assert settings.from_dict(content, Nested, "s.json") == wanted


def test_a_network_has_its_own_flags():
    words = ["--network", "deep", "--levels", "2", "--data", "x"]
    got = flags.parse_settings(Task, words, "train nested", []).settings
    assert got == Nested("x", network=Deep(levels=2))
    with pytest.raises(InputError, match=r"--width: expected a flag of --network deep, got one"):
        flags.parse_settings(Task, ["--network", "deep", "--width", "2"], "train nested", [])
    with pytest.raises(InputError, match="got 'dep'; did you mean deep"):
        flags.parse_settings(Task, ["--network=dep"], "train nested", [])


def test_choices_of_training_are_those_that_are_implemented():
    hints = typing.get_type_hints(settings.Training)
    assert set(typing.get_args(hints["schedule"])) == set(fit.SCHEDULES)
    implemented = {*optimizers.CORE, *optimizers.AVERAGED, *optimizers.ADDONS}
    assert set(typing.get_args(hints["optimizer"])) == implemented
    assert set(typing.get_args(hints["wrapped"])) == set(optimizers.CORE)
    assert set(typing.get_args(tune.Method)) == set(tune.ORACLES)


def records(task):
    """All classes of settings and options of a task."""
    own = [task.settings, *settings.networks(task.settings).values(), settings.Training]
    options = [task.verification.options, task.products.options, task.data.fetch_options]
    return [kind for kind in (*own, *options) if dataclasses.is_dataclass(kind)]


def choices_of(kind):
    """Names of its fields that are a choice, or several."""
    for name, hint in typing.get_type_hints(kind).items():
        inner = typing.get_args(hint)[:1] if typing.get_origin(hint) is tuple else (hint,)
        if inner and typing.get_origin(inner[0]) is typing.Literal:
            yield name, inner[0] is not hint


@pytest.mark.parametrize("name", TASKS)
def test_a_value_that_is_no_choice_is_refused_at_birth(name):
    """Of the library too, where neither a flag nor a file is read."""
    found = 0
    for kind in records(TASKS[name]):
        for field, several in choices_of(kind):
            wrong = ("neither",) if several else "neither"
            with pytest.raises(InputError, match=rf"^{field}: expected .+, got 'neither'"):
                kind(**{field: wrong})
            found += 1
    assert found >= 5
