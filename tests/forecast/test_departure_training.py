"""The networks of departures are trained, exported and served from any month."""

import dataclasses

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast import anomaly_examples
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.networks.feature_table import INDEX
from seaice_tf.forecast.settings import AnomalyCodes, AnomalyCrops, Settings
from seaice_tf.forecast.task import TASK
from seaice_tf.pipeline import in_order
from seaice_tf.runs import artifact, train
from seaice_tf.settings import Training
from tests.conftest import PERIODS

SMALL = {"members": 2, "width": 4, "months": 2}
NETWORKS = {
    "codes": AnomalyCodes("attention_codes", codes=3, units=4, cell_fraction=0.002, **SMALL),
    "crops": AnomalyCrops(filters=(2,), kernel=3, cell_fraction=0.02, **SMALL),
}


@pytest.fixture(scope="module", params=NETWORKS)
def settings(request, long_archive):
    periods = PERIODS | {"train_end": "2009-02", "validation_end": "2010-01"}
    training = Training(epochs=1, batch_size=4, checkpoint_steps=9, learning_rate=5e-3)
    network = NETWORKS[request.param]
    return Settings(data=str(long_archive), **periods, network=network, training=training)


def test_examples_have_what_the_network_takes(settings):
    splits = TASK.data.splits(settings)
    inputs, labels, weights = next(iter(in_order(splits.train, 2)))
    model = TASK.training.build(settings)
    outputs = model(inputs)
    assert set(labels) == set(weights) == set(outputs)
    for head, output in outputs.items():
        assert output.shape[:2] == labels[head].shape[:2]
        assert np.isfinite(labels[head]).all()
    if "place" in inputs:  # the truth of each cell, from the record itself
        data = archive(settings)
        first = data.index(np.datetime64("2009-01"))
        place, lead = inputs["place"][0], inputs["lead"][0]
        truth = data.counts.reshape(len(data.counts), -1)[first + lead.numpy(), place]
        own = inputs["features"][0, :, INDEX["mean_10"]]
        np.testing.assert_allclose(labels["departure"][0, :, 0], truth / 250 - own, atol=1e-3)


@pytest.mark.soak
def test_a_run_is_trained_exported_and_served(settings, one_baseline, tmp_path):
    run = train.train(one_baseline, settings, tmp_path / "run", ignore_memory=True)
    case = next(iter(TASK.data.cases(settings)))
    fields = artifact.predictor(run)(case)
    for name in ("concentration", "probability", "contest_decision"):
        assert fields[name].shape == case.truth.shape
        assert fields[name].min() >= 0
        assert fields[name].max() <= 1
    assert fields["concentration"][:, case.truth[0] >= 253].max() == 0
    assert TASK.verification.score([(case, fields)])["rmse"] < 50


def test_too_many_codes_are_refused(long_archive):
    network = AnomalyCodes(codes=90, **SMALL)
    settings = Settings(
        data=str(long_archive), **PERIODS | {"train_end": "2009-02"}, network=network
    )
    with pytest.raises(InputError, match="codes: expected at most 74"):
        anomaly_examples.functions(network, settings, archive(settings))


@pytest.mark.parametrize(
    ("network", "values"),
    [
        (AnomalyCodes, {"months": 61}),
        (AnomalyCodes, {"noise": 1.5}),
        (AnomalyCodes, {"variant": "attention_codes", "units": 6}),
        (AnomalyCrops, {"filters": ()}),
        (AnomalyCrops, {"dropout": 1.0}),
        (AnomalyCrops, {"months": 0}),
    ],
)
def test_impossible_settings_are_refused(network, values):
    with pytest.raises(InputError, match=": expected"):
        network(**values)
    assert dataclasses.replace(network())
