import pytest

from seaice_tf import settings as settings_file
from seaice_tf.clouds.data.postprocessing import Decisions
from seaice_tf.clouds.settings import Settings, Texture, UNet
from seaice_tf.clouds.task import TASK
from seaice_tf.errors import InputError
from seaice_tf.runs import folder


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (Settings, {"folds": 1}, "folds: expected at least 2"),
        (Settings, {"test_fold": 5}, "test_fold: expected 0 to 4"),
        (Settings, {"rows": 16}, "at least 32 rows"),
        (Settings, {"class_loss_weight": -1.0}, "class_loss_weight: expected at least 0"),
        (UNet, {"decoder_filters": ()}, "decoder_filters"),
        (UNet, {"zoom": 1.0}, "zoom: expected at least 0 and below 1"),
        (UNet, {"brightness_jitter": -0.1}, "brightness_jitter: expected at least 0"),
        (Texture, {"weights": ""}, "--weights imagenet"),
        (Texture, {"scales": ()}, "scales"),
        (Texture, {"penalty": -1.0}, "penalty: expected at least 0"),
    ],
)
def test_invalid_settings(kind, changes, message):
    with pytest.raises(InputError, match=message):
        kind(**changes)


def test_the_settings_of_the_released_model_are_read():
    settings = folder.open_run(folder.released(TASK), TASK)
    assert settings.network == Texture(scales=(3, 5))
    assert (settings.tta, settings.class_loss_weight) == ("horizontal_flip", 1.0)
    assert settings.choose == "none"
    assert settings.decisions == Decisions("expected_dice")


def test_settings_of_earlier_versions_are_read():
    old = {
        "network": "unet",
        "frozen": True,
        "brightness": 0.3,
        "chance_weight": 0.5,
        "mirrored": 4,
        "choose": "nothing",
        "scales": [2],
        "penalty": 1.0,
    }
    settings = settings_file.from_dict(old, Settings, "settings.json")
    assert settings.network == UNet(frozen=True, brightness_jitter=0.3)
    assert (settings.tta, settings.class_loss_weight) == ("flips", 0.5)
    assert settings.choose == "none"
