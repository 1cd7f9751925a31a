import dataclasses
import json

import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.settings import Settings
from seaice_tf.settings import read, to_json


def test_one_wind_component_cannot_be_rotated(chart_settings):
    one = (*chart_settings.channels, "u10m_rotated")
    with pytest.raises(InputError, match="expected both of u10m_rotated, v10m_rotated"):
        dataclasses.replace(chart_settings, channels=one)
    dataclasses.replace(chart_settings, channels=one, rot90=False)


def test_settings_of_an_older_version_can_be_read(tmp_path):
    old = {
        "data": "scenes",
        "validation_share": 0.2,
        "sic": "ordinal",
        "agree": False,
        "uncertainty": "top",
        "temperatures": [1.0, 2.0, 3.0, 4.0],
        "least": 0.5,
        "turns": False,
        "tile": 256,
        "halo": None,
        "views": "all",
    }
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(old))
    found = read(path, Settings)
    assert found == Settings(
        data="scenes",
        validation_fraction=0.2,
        sic_head="ordinal",
        consistent=False,
        uncertainty="least_confidence",
        softmax_temperatures=(1.0, 2.0, 3.0, 4.0),
        min_valid_fraction=0.5,
        rot90=False,
    )
    path.write_text(to_json(found))
    assert read(path, Settings) == found


@pytest.mark.parametrize(
    ("name", "value"), [("sic_head", "typo"), ("uncertainty", "top_"), ("downscale", 3)]
)
def test_unknown_choices_are_errors(tmp_path, name, value):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({name: value}))
    with pytest.raises(InputError, match=f"{name}: expected"):
        read(path, Settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": ("SIC",)}, "channels: expected each once"),
        ({"target_factors": ()}, "target_factors: expected some of"),
        ({"softmax_temperatures": (1.0, 0.0, 1.0, 1.0)}, "expected four above 0"),
        ({"validation_fraction": 1.0}, "validation_fraction: expected"),
        ({"min_valid_fraction": 1.5}, "min_valid_fraction: expected"),
        ({"scale": 3.0}, "scale: expected"),
    ],
)
def test_settings_out_of_range_are_errors(values, message):
    with pytest.raises(InputError, match=message):
        Settings(**values)
