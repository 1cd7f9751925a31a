import dataclasses
import typing

import pytest

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.geopose.data.pose import CITIES
from seaice_tf.geopose.inference import Options
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.task import TASK


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop": 16}, "a crop of at least 32"),
        ({"crop": 64}, "use a smaller --crop"),
        ({"test_fold": 3}, "test_fold: expected 0 to 2"),
        ({"decoder_filters": ()}, "expected one to five widths"),
        ({"folds": 20, "test_fold": 19}, "expected tiles to train on"),
        ({"angle_weight": -1.0}, "no negative weight"),
    ],
)
def test_invalid_settings(geopose_settings, changes, message):
    with pytest.raises(InputError, match=message):
        TASK.data.splits(dataclasses.replace(geopose_settings, **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tile": 16}, "tile: expected at least 32"),
        ({"overlap": 1024}, "overlap: expected 0 to 1023"),
        ({"tta": "flips"}, "tta: expected 'none' or 'd4', got 'flips'"),
    ],
)
def test_invalid_options(changes, message):
    with pytest.raises(InputError, match=message):
        Options(**changes)


def test_cities_of_the_settings_are_those_of_the_data_set():
    (city, _) = typing.get_args(typing.get_type_hints(Settings)["cities"])
    assert typing.get_args(city) == Settings().cities == CITIES


def test_settings_of_earlier_versions_are_read():
    old = {"augment": "turns", "tile": 512, "overlap": 64, "views": "all", "crop": 64}
    settings = settings_file.from_dict(old, Settings, "settings.json")
    assert settings == Settings(crop=64, augment="dihedral")
