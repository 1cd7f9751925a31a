"""Ensembles and mixed precision."""

import dataclasses

import numpy as np
import pytest

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.icechart.task import TASK
from seaice_tf.runs import fit, predict


def test_runs_of_other_channels_cannot_form_an_ensemble(chart_settings):
    other = dataclasses.replace(chart_settings, channels=chart_settings.channels[::-1])
    with pytest.raises(InputError, match="expected runs with channels"):
        predict.ensemble_cases(TASK, [chart_settings, other], TASK.data.future)
    deeper = dataclasses.replace(chart_settings, filters=(2, 2, 2))
    assert len(predict.ensemble_cases(TASK, [chart_settings, deeper], TASK.data.future)) == 5


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
