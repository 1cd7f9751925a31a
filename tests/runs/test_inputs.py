"""Runs whose inputs differ in what they mean: named when weights are taken over, or averaged."""

import dataclasses
import logging

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import settings as settings_file
from seaice_tf.clouds.task import TASK as CLOUDS
from seaice_tf.errors import InputError
from seaice_tf.forecast.settings import Settings
from seaice_tf.forecast.task import TASK as FORECAST
from seaice_tf.networks import weights
from seaice_tf.nowcast.settings import Settings as FrameSettings
from seaice_tf.nowcast.task import TASK as NOWCAST
from seaice_tf.pipeline import Examples
from seaice_tf.runs import fit, folder, inputs, predict, train
from seaice_tf.task import Cases


@pytest.fixture
def run(unet_settings, tmp_path):
    """A function of the algorithm that a run was trained on, which gives a folder of the run."""

    def make(trained_on: str, **units):
        path = tmp_path / "run"
        path.mkdir()
        weights.save(path / folder.WEIGHTS, FORECAST.training.build(unet_settings))
        calibrated = dataclasses.replace(unet_settings, trained_on=trained_on)
        (path / folder.SETTINGS).write_text(settings_file.to_json(calibrated))
        facts = {"task": "forecast", "settings": settings_file.to_dict(unet_settings)}
        folder.write_json(path / folder.MANIFEST, facts | units)
        return path

    return make


def transferred(settings: Settings, run, path, caplog) -> list[str]:
    """The warnings of a transfer to the settings."""
    training = dataclasses.replace(settings.training, transfer=str(run))
    fit.network(FORECAST, dataclasses.replace(settings, training=training), path)
    return [each.message for each in caplog.records if each.levelno >= logging.WARNING]


def test_weights_of_another_algorithm_are_warned_of(run, unet_settings, tmp_path, caplog):
    other = run("NOAA/NSIDC CDR")
    (message,) = transferred(unet_settings, other, tmp_path, caplog)
    assert message.endswith("inputs with trained_on NOAA/NSIDC CDR, here NASA Team")


def test_weights_of_the_same_algorithm_are_not(run, unet_settings, tmp_path, caplog):
    assert transferred(unet_settings, run("NASA Team"), tmp_path, caplog) == []


def test_weights_of_another_history_and_hemisphere(run, unet_settings, tmp_path, caplog):
    network = dataclasses.replace(unet_settings.network, history_years=3)
    settings = dataclasses.replace(unet_settings, network=network, pole_hole_fill="image_median")
    (message,) = transferred(settings, run("NASA Team"), tmp_path, caplog)
    assert message.endswith("other settings: pole_hole_fill, history_years")


def test_the_settings_of_the_other_run_are_read_once(
    run, unet_settings, tmp_path, caplog, monkeypatch
):
    read, real = [], settings_file.read
    monkeypatch.setattr(settings_file, "read", lambda *given: read.append(given) or real(*given))
    path = run("NASA Team")
    assert transferred(unet_settings, path, tmp_path, caplog) == []
    assert [each for each, _ in read] == [path / folder.SETTINGS]


def test_a_run_to_transfer_from_that_is_not_there_is_found_before_the_data(unet_settings, tmp_path):
    training = dataclasses.replace(unet_settings.training, transfer=str(tmp_path / "none"))
    settings = dataclasses.replace(unet_settings, data=str(tmp_path / "no_data"), training=training)
    with pytest.raises(InputError, match=r"none/weights\.npz: expected the weights of a run"):
        train.train(FORECAST, settings, tmp_path / "new")
    assert not (folder.partial(tmp_path / "new") / folder.BEGUN).exists()


@pytest.mark.parametrize("kept", [folder.CHECKPOINT, folder.WEIGHTS])
def test_a_run_that_failed_before_its_first_epoch_starts_with_other_settings(
    cloud_settings, tmp_path, monkeypatch, kept
):
    errors = iter([InputError("damaged"), KeyboardInterrupt, InputError("diverged")])

    def fail(task, settings, path, *rest):
        folder.write_json(path / folder.DATA, {"rate": settings.training.learning_rate})
        (path / folder.LOGS).mkdir()
        error = next(errors)
        if "diverged" in str(error):
            (path / kept).touch()
        raise error

    monkeypatch.setattr(train, "_train", fail)

    def begin(rate):
        training = dataclasses.replace(cloud_settings.training, learning_rate=rate)
        settings = dataclasses.replace(cloud_settings, training=training)
        train.train(CLOUDS, settings, tmp_path / "run")

    for rate, error, stays in (
        (0.1, InputError, False),
        (0.01, KeyboardInterrupt, False),
        (0.001, InputError, True),
    ):
        with pytest.raises(error):
            begin(rate)
        assert folder.partial(tmp_path / "run").exists() == stays
    with pytest.raises(InputError, match=r"another .*learning_rate"):
        begin(0.1)


def test_an_algorithm_other_than_the_training_s_is_refused(run):
    path = run("NASA Team", inputs={"units": {"trained_on": "NOAA/NSIDC CDR"}})
    with pytest.raises(InputError, match="expected the trained_on of the training, NOAA"):
        folder.open_run(path, FORECAST)


def test_an_ensemble_of_other_ranges_is_warned_of(caplog):
    one = FrameSettings(channel="ir", value_range=(200.0, 300.0))
    settings = [one, dataclasses.replace(one, value_range=(0.0, 1.0))]
    predict.ensemble_cases(NOWCAST, settings, lambda each: Cases("frames", []))
    assert "ensemble: inputs with value_range 200 to 300, here 0 to 1;" in caplog.text
    assert inputs.other_units(NOWCAST, one, FrameSettings()) == []  # one of them says nothing


def test_statistics_are_those_of_the_examples():
    values = np.random.default_rng(0).normal((2, 500), (1, 30), (5, 6, 7, 2)).astype(np.float32)
    values[0, 0, 0, 0] = np.nan
    examples = Examples(5, lambda i: (tf.gather(values, i), {}, {}))
    settings = dataclasses.make_dataclass("Settings", ["channels"])(("a", "b"))
    found = inputs.statistics(settings, examples)
    assert found["a"] == pytest.approx(
        [np.nanmean(values[..., 0]), np.nanstd(values[..., 0])], 1e-4
    )
    assert found["b"] == pytest.approx([values[..., 1].mean(), values[..., 1].std()], 1e-4)
    assert list(inputs.statistics(Settings(), examples)) == ["input 1"]
    photos = Examples(5, lambda i: (tf.strings.as_string(i), {}, {}))
    assert inputs.statistics(settings, photos) == {}


@pytest.mark.parametrize(
    ("then", "now", "named"),
    [
        ([0.5, 0.2], [512, 200], True),  # 0 to 1, and counts
        ([512, 200], [480, 260], False),
        ([-0.3, 1.0], [268, 9], True),  # standardised, and kelvins
        ([1, 0], [9, 0], False),  # a constant, such as the month
        ([0, 1], [0, 12], True),
    ],
)
def test_values_of_another_size(then, now, named):
    assert bool(inputs.other_statistics({"x": then}, {"x": now})) == named
