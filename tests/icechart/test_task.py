"""Ensembles, transfer and mixed precision."""

import dataclasses
import shutil

import numpy as np
import pytest

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.icechart.task import TASK
from seaice_tf.networks import weights
from seaice_tf.runs import fit, folder, predict, train


def test_runs_of_other_channels_cannot_form_an_ensemble(chart_settings):
    other = dataclasses.replace(chart_settings, channels=chart_settings.channels[::-1])
    with pytest.raises(InputError, match="expected runs with channels"):
        predict.ensemble_cases(TASK, [chart_settings, other], TASK.data.future)
    deeper = dataclasses.replace(chart_settings, filters=(2, 2, 2))
    assert len(predict.ensemble_cases(TASK, [chart_settings, deeper], TASK.data.future)) == 5


def test_a_transfer_follows_the_names_of_the_channels(chart_settings, trained, tmp_path, caplog):
    run, order = trained("icechart"), [2, 0, 3, 1]
    settings = dataclasses.replace(
        chart_settings,
        channels=tuple(chart_settings.channels[i] for i in order),
        training=dataclasses.replace(chart_settings.training, transfer=str(run)),
    )
    examples = TASK.data.splits(settings).validation
    network = fit.network(TASK, settings, tmp_path, examples)
    source = TASK.training.build(chart_settings)
    weights.load(run / folder.WEIGHTS, source)
    image = np.random.default_rng(0).normal(size=(1, 16, 16, 4)).astype(np.float32)
    for head, expected in source(image).items():
        np.testing.assert_allclose(network(image[..., order])[head], expected, atol=1e-5)
    assert folder.read_json(tmp_path / folder.TRANSFER)["by_channel"] == ["down0_conv1/kernel"]
    (warning,) = [each.message for each in caplog.records if "weights of a run" in each.message]
    assert warning == f"{run}: weights of a run with other settings: channels"


def test_a_transfer_between_other_units_is_warned_of(chart_settings, trained, tmp_path, caplog):
    run = shutil.copytree(trained("icechart"), tmp_path / "run")
    facts = folder.read_json(run / folder.MANIFEST)
    mean, std = facts["inputs"]["statistics"]["btemp_18_7v"]
    assert abs(mean) < 5  # standardised
    facts["inputs"]["statistics"]["btemp_18_7v"] = [218.6, 28.1]  # as in a run on kelvins
    folder.write_json(run / folder.MANIFEST, facts)
    training = dataclasses.replace(chart_settings.training, transfer=str(run))
    settings = dataclasses.replace(chart_settings, training=training)
    fit.network(TASK, settings, tmp_path, TASK.data.splits(settings).validation)
    expected = f"weights of a run with btemp_18_7v of 218.6 +- 28.1, here {mean:g} +- {std:g}"
    assert expected in caplog.text
    predict.ensemble_predictor(TASK, (trained("icechart"), run))
    assert "was trained on btemp_18_7v of" in caplog.text


def test_settings_with_other_inputs_than_the_training_s_are_refused(trained, tmp_path):
    run = shutil.copytree(trained("icechart"), tmp_path / "run")
    settings = folder.read_json(run / folder.SETTINGS)
    folder.write_json(run / folder.SETTINGS, settings | {"channels": settings["channels"][::-1]})
    with pytest.raises(InputError, match="expected the channels of the training"):
        train.export(TASK, run)


def test_mixed_precision_trains_and_serves_float32(chart_settings, tmp_path):
    training = dataclasses.replace(
        chart_settings.training, epochs=1, precision="mixed_bfloat16", batch_size=8
    )
    settings = dataclasses.replace(chart_settings, training=training, filters=(4,))
    model = fit.network(TASK, settings, tmp_path)
    assert model.get_layer("down0_conv1").compute_dtype == "bfloat16"
    assert TASK.training.build(settings).get_layer("down0_conv1").compute_dtype == "float32"
    batch = next(iter(pipeline.in_order(TASK.data.splits(settings).validation, 2)))
    losses = [np.ravel(model.train_on_batch(*batch))[0] for _ in range(4)]
    assert losses[-1] < losses[0]
    assert {np.asarray(head).dtype.name for head in model(batch[0]).values()} == {"float32"}


def test_a_model_of_another_shape_than_the_training_s_is_not_exported(trained, tmp_path):
    run = shutil.copytree(trained("icechart"), tmp_path / "run")
    facts = folder.read_json(run / folder.MANIFEST)
    height, width, channels = facts["input_shape"]
    folder.write_json(run / folder.MANIFEST, facts | {"input_shape": [height, width, channels - 1]})
    with pytest.raises(InputError, match=r"expected inputs of .* as in the training, got \[None"):
        train.export(TASK, run)
    folder.write_json(run / folder.MANIFEST, facts)
    train.export(TASK, run)
