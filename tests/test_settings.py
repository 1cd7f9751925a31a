import dataclasses
import json

import pytest

from seaice_tf import settings
from seaice_tf.errors import InputError
from seaice_tf.tasks import TASKS


def test_settings_round_trip(tiny_settings, tmp_path):
    path = tmp_path / "s.json"
    for name, wanted in tiny_settings.items():
        path.write_text(settings.to_json(wanted))
        assert settings.read(path, TASKS[name.split("-")[0]].settings) == wanted


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
    with pytest.raises(InputError, match="got none"):
        settings.read(tmp_path / "absent.json", TASKS["forecast"].settings)
