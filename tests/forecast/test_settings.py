"""Settings files of older versions, and values that are refused."""

import json
from pathlib import Path

import pytest

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.forecast.settings import (
    Autoencoder,
    Crops,
    Distribution,
    Sequence,
    Settings,
    UNet,
)

RELEASED = Path(__file__).parents[2] / "saved_models" / "forecast" / "arctic" / "settings.json"
FLAT = {  # of version 0.1: the settings of all networks side by side
    "minimum_days": 20,
    "train_last": "2006-12",
    "last_years": 15,
    "validation_first": "2007-01",
    "validation_last": "2009-12",
    "test_first": "2010-01",
    "test_last": "2012-12",
    "variant": "",
    "hole": "median",
    "members": 2,
    "width": 32,
    "cells": 0.5,
    "years": 9,
    "base_years": 4,
    "origins": "every_month",
    "filters": [8, 16],
    "loss": "contest_error",
    "crop": 32,
    "flip": True,
    "code": 64,
    "autoencoder": "AE",
    "freeze": False,
    "sequence_years": 3,
    "crop_share": 0.2,
    "training": {"epochs": 3},
}
NETWORKS = {
    "distribution": Distribution(members=2, width=32, cell_fraction=0.5),
    "unet": UNet(9, 4, "all", (8, 16), "dacon_error", 32, flip=True),
    "autoencoder": Autoencoder("two_conv", 64),
    "sequence": Sequence("attention_8_skips", "AE", freeze=False, history_years=3),
    "crops": Crops("crops_conv_lstm", history_years=3, crop_fraction=0.2),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_flat_settings_of_older_versions_load(name):
    found = settings_file.from_dict(FLAT | {"network": name}, Settings, "settings.json")
    assert found.network == NETWORKS[name]
    assert found.pole_hole_fill == "image_median"
    assert found.train_years == 15
    assert (found.train_end, found.test_start, found.test_end) == ("2006-12", "2010-01", "2012-12")
    assert found.training.epochs == 3
    stored = json.loads(settings_file.to_json(found))
    assert settings_file.from_dict(stored, Settings, "again") == found


def test_a_variant_of_an_older_version_is_kept():
    flat = FLAT | {"network": "sequence", "variant": "lstm_3"}
    assert settings_file.from_dict(flat, Settings, "s.json").network.variant == "lstm_3"
    flat = FLAT | {"network": "unet", "origins": "december", "hole": "surroundings"}
    found = settings_file.from_dict(flat, Settings, "s.json")
    assert (found.network.init_months, found.pole_hole_fill) == ("december", "neighbours")


def test_the_released_settings_load():
    found = settings_file.read(RELEASED, Settings)
    assert found.network.name == "distribution"
    assert (found.train_end, found.training.keep) == ("2012-12", "last")
    assert found.pole_hole_fill == "neighbours"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UNet(base_years=11), "base_years: expected 1 to history_years .10., got 11"),
        (lambda: UNet(filters=()), "filters: expected"),
        (lambda: UNet(crop=-1), "crop: expected at least 0, got -1"),
        (lambda: Distribution(members=0), "members: expected at least 1, got 0"),
        (lambda: Distribution(cell_fraction=0.0), "cell_fraction: expected a fraction in"),
        (lambda: Distribution(extent_weights=((1.0, 0.0, 0.5),) * 9), "expected none or 12 rows"),
        (
            lambda: Distribution(extent_weights=((1.0, float("nan"), 0.5),) * 12),
            "extent_weights: expected finite weights",
        ),
        (
            lambda: Distribution(extent_weights=((1.0, 0.0, 5.0),) * 12),
            "extent_weights: expected 0 to 1 as last of each row, got 5.0",
        ),
        (lambda: Crops(crop_fraction=1.5), "crop_fraction: expected a fraction in"),
        (lambda: Autoencoder(code=0), "code: expected at least 1"),
        (lambda: Sequence(history_years=0), "history_years: expected at least 1"),
        (lambda: Settings(train_years=-1), "train_years: expected at least 0, got -1"),
        (lambda: Settings(minimum_days=0), "minimum_days: expected at least 1, got 0"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_the_history_is_that_of_the_network():
    months = {name: Settings(network=network).history for name, network in NETWORKS.items()}
    expected = {"distribution": 120, "unet": 108, "autoencoder": 12, "sequence": 36, "crops": 36}
    assert months == expected
