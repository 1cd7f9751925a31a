import json

import pytest

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.nowcast.settings import (
    CnnCnn,
    ConvLSTM,
    FlowUNet,
    Perceiver,
    PerLeadUNet,
    Settings,
)
from seaice_tf.nowcast.training import NETWORKS
from seaice_tf.runs import folder
from seaice_tf.settings import Training, from_dict, networks, to_json
from seaice_tf.tasks import TASKS

# As version 0.1 wrote them, without `training`.
OLD = {
    "data": "",
    "shards": "",
    "train_share": 0.5,
    "validation_share": 0.3,
    "least": 20,
    "windows": 192,
    "stride": 12,
    "flips": True,
    "turns": False,
    "gain": 0.1,
    "network": "lead_unet",
    "difference": "flow",
    "blur": "forecast",
    "lead_filters": [8, 16],
    "trained_leads": 6,
    "filters": [32, 48],
    "recent": 3,
    "margin": 8,
    "flow": "lucas_kanade",
    "encoder": "small",
    "weights": "",
    "decoder_filters": [48, 64],
    "last_kernel": 3,
    "error_share": 0.2,
    "batch_statistics": False,
    "flow_share": 0.3,
    "views": "mirrored",
}
SHARED = {
    "train_fraction": 0.5,
    "validation_fraction": 0.3,
    "min_frames": 20,
    "rot90": False,
    "brightness_jitter": 0.1,
    "mae_weight": 0.2,
    "advection_weight": 0.3,
    "tta": "flips",
}


@pytest.mark.parametrize(
    ("changes", "network"),
    [
        ({}, PerLeadUNet((8, 16), 6, 8)),
        (
            {"network": "flow_unet", "difference": "last", "flow": "perceiver"},
            FlowUNet((32, 48), 3, 8, "perceiver", "persistence"),
        ),
        (
            {"network": "cnn_cnn", "difference": "none", "blur": "output", "last_kernel": 1},
            CnnCnn("small", "", (48, 64), 1, "none", "output"),
        ),
        (
            {"network": "conv_lstm", "batch_statistics": True},
            ConvLSTM((32, 48), "advection", "forecast", True),
        ),
        ({"network": "perceiver"}, Perceiver()),
    ],
)
def test_settings_of_version_0_1_load(changes, network):
    found = from_dict({**OLD, **changes}, Settings, "old")
    assert found == Settings(network=network, **SHARED)
    assert from_dict(json.loads(to_json(found)), Settings, "new") == found


def test_the_settings_of_the_released_run_load():
    run = folder.released(TASKS["nowcast"])
    settings = folder.open_run(run, TASKS["nowcast"])
    assert settings.network == PerLeadUNet()
    assert (settings.tta, settings.train_fraction) == ("flips", 0.85)
    assert settings_file.read(run / folder.SETTINGS, Settings) == settings


def test_a_file_has_the_settings_of_its_network_only():
    content = json.loads(to_json(Settings()))
    assert content["network"] == {
        "name": "per_lead_unet",
        "filters": [12, 24, 32],
        "trained_leads": 12,
        "margin": 16,
        "detail_damping": 0.3,
    }
    assert not {"encoder", "blur", "recent"} & set(content)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (Settings, {"train_fraction": 0.9, "validation_fraction": 0.2}, "a sum of at most 1"),
        (Settings, {"train_fraction": 1.0}, "train_fraction: expected more than 0"),
        (Settings, {"min_frames": 12}, "min_frames: expected 13 to 36"),
        (Settings, {"stride": 0}, "stride: expected at least 1"),
        (Settings, {"advection_weight": 1.5}, "advection_weight: expected 0 to 1"),
        (
            Settings,
            {"training": Training(precision="mixed_bfloat16")},
            "precision: expected float32, got mixed_bfloat16, in which counts of 10 bits",
        ),
        (FlowUNet, {"residual_to": "none"}, "add --blur output"),
        (FlowUNet, {"recent": 13}, "recent: expected 1 to 12"),
        (PerLeadUNet, {"margin": 40}, "margin: expected 0 to 32"),
        (PerLeadUNet, {"detail_damping": 1.5}, "detail_damping: expected 0 to 1, got 1.5"),
        (PerLeadUNet, {"trained_leads": 25}, "trained_leads: expected 1 to 24"),
        (PerLeadUNet, {"filters": ()}, "filters: expected 1 to 5 widths"),
        (ConvLSTM, {"filters": (2,) * 5}, "filters: expected 1 to 4 widths"),
        (CnnCnn, {"decoder_filters": (0,)}, "decoder_filters: expected 1 to 5 widths"),
    ],
)
def test_invalid_settings(kind, changes, message):
    with pytest.raises(InputError, match=message):
        kind(**changes)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"name": "per_lead_unet", "residual_to": "none"}, "got 'residual_to'"),
        ({"name": "conv_lstm", "last_kernel": 1}, "got 'last_kernel'"),
        ({"name": "flow", "blur": "none"}, "got 'blur'"),
        ({"name": "cnn_cnn", "blur": "outputs"}, "expected 'none' or 'forecast' or 'output'"),
        ({"name": "unet"}, "expected one of per_lead_unet, flow_unet"),
    ],
)
def test_settings_of_other_networks_and_unknown_values_are_refused(network, message):
    with pytest.raises(InputError, match=message):
        from_dict({"network": network}, Settings, "a file")


def test_every_network_of_the_settings_is_there():
    assert set(networks(Settings)) == set(NETWORKS)
