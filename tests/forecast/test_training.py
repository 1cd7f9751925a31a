"""Training and serving of the networks of single months, with codes of 8 values and few crops."""

import dataclasses
import functools
import typing

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.forecast import training
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.forecast.examples import archive, drawn_crops, earliest_start, filled_images
from seaice_tf.forecast.networks.history import SameMonths
from seaice_tf.forecast.settings import Autoencoder, Crops, Sequence, Settings, UNet
from seaice_tf.forecast.task import TASK
from seaice_tf.forecast.training import NETWORKS, VARIANTS
from seaice_tf.grids.polar import NORTH, SOUTH
from seaice_tf.networks import weights
from seaice_tf.pipeline import in_order, training_stream
from seaice_tf.runs import artifact, folder, manifest, train
from seaice_tf.settings import Training
from tests.conftest import PERIODS


@pytest.fixture(scope="module")
def base(ice_archive):
    return Settings(
        data=str(ice_archive),
        **PERIODS,
        network=Autoencoder("two_conv_small", code=8),
        train_years=1,
        pole_hole_fill="image_median",
        training=Training(epochs=1, batch_size=6, optimizer="sgd", momentum=0.5),
    )


@pytest.fixture(scope="module")
def autoencoder_run(base, one_baseline, tmp_path_factory):
    path = tmp_path_factory.mktemp("autoencoder") / "run"
    return train.train(one_baseline, base, path, ignore_memory=True)


@pytest.fixture(scope="module")
def sequence(base, autoencoder_run):
    network = Sequence("lstm_1_smaller", str(autoencoder_run), history_years=2)
    return dataclasses.replace(base, network=network)


def with_network(settings, **changes):
    network = dataclasses.replace(settings.network, **changes)
    return dataclasses.replace(settings, network=network)


@pytest.fixture(scope="module")
def crops(base):
    network = Crops("crops_lstm_2_norm", history_years=2, crop_fraction=0.01)
    return dataclasses.replace(base, network=network)


@pytest.fixture
def few_crops(monkeypatch):
    """Forecasts of whole grids from crops that hardly overlap, a sixth of them."""
    on_grid = functools.partial(training.crops.on_grid, stride=60)
    monkeypatch.setattr(training.crops, "on_grid", on_grid)


def test_an_autoencoder_trains_on_the_months_of_its_last_years(base):
    splits = TASK.data.splits(base)
    assert (splits.train.size, splits.validation.size) == (12, 12)
    image, target, weight = splits.train.fetch(tf.constant(0, tf.int64))
    data = archive(base)
    january = data.counts[data.index(np.datetime64("2009-01"))]
    sea = january <= 250
    np.testing.assert_allclose(image.numpy()[sea], january[sea] / 250, atol=1e-6)
    np.testing.assert_array_equal(image, target["image"])
    assert (weight["image"].numpy() == 1).all()


def test_an_autoencoder_forecasts_last_year_through_its_code(base, autoencoder_run):
    case = next(iter(TASK.data.cases(base)))
    assert len(case.inputs) == 12
    model = TASK.training.build(base)
    weights.load(autoencoder_run / folder.WEIGHTS, model)
    images = filled_images(archive(base), base)[-24:-12] / np.float32(250)
    sea = case.inputs[0] <= 251
    served = artifact.predictor(autoencoder_run)(case)["concentration"]
    np.testing.assert_allclose(served[:, sea], model(images)["image"].numpy()[:, sea], atol=1e-5)
    assert (served[:, ~sea] == 0).all()


def test_a_sequence_trains_on_codes_or_on_images_to_the_same_loss(sequence):
    losses = []
    for freeze in (True, False):
        settings = with_network(sequence, freeze=freeze)
        keras.utils.set_random_seed(1)
        model = TASK.training.build(settings)
        inputs, target, weight = next(iter(in_order(TASK.data.splits(settings).validation, 2)))
        assert inputs.shape[1:] == ((2, 8) if freeze else (2, 448, 304))
        losses.append(np.ravel(model.test_on_batch(inputs, target, weight))[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.fixture(scope="module")
def sequence_run(sequence, one_baseline, tmp_path_factory):
    path = tmp_path_factory.mktemp("sequence") / "run"
    return train.train(one_baseline, sequence, path, ignore_memory=True)


@pytest.mark.slow
def test_a_frozen_autoencoder_stays_as_it_was(sequence, autoencoder_run, sequence_run):
    run = sequence_run
    with (
        np.load(autoencoder_run / folder.WEIGHTS) as before,
        np.load(run / folder.WEIGHTS) as after,
    ):
        shared = set(before.files) & set(after.files)
        assert any(name.startswith("decoder") for name in shared)
        for name in shared:
            np.testing.assert_array_equal(before[name], after[name])
    case = next(iter(TASK.data.cases(sequence)))
    served = artifact.predictor(run)(case)["concentration"]
    train.export(TASK, run)
    again = artifact.predictor(run)(case)["concentration"]
    np.testing.assert_allclose(served, again, atol=1e-6)


@pytest.fixture
def other_weights(autoencoder_run):
    """The autoencoder's run with slightly different weights, until the test has ended."""
    path = autoencoder_run / folder.WEIGHTS
    content = path.read_bytes()
    with np.load(path) as stored:
        arrays = {name: array + np.float32(1e-3) for name, array in stored.items()}
    np.savez(path, **arrays)
    yield autoencoder_run
    path.write_bytes(content)


def test_an_autoencoder_with_other_weights_is_refused(sequence_run, other_weights):
    assert folder.read_json(sequence_run / folder.MANIFEST)["data"][-1]["name"] == folder.WEIGHTS
    before = manifest.tree_sha256(sequence_run / folder.SAVED_MODEL)
    with pytest.raises(InputError, match=r"run: expected the autoencoder that this run was"):
        train.export(TASK, sequence_run)
    assert manifest.tree_sha256(sequence_run / folder.SAVED_MODEL) == before


def test_a_missing_month_has_the_value_of_the_year_before(sequence, tmp_path):
    """In training and in the serving model."""
    rng = np.random.default_rng(0)
    written = rng.integers(0, 251, (36, *NORTH.shape)).astype(np.uint8)
    written[:, :9] = counts.LAND
    written[11:13], written[15, 100, 100] = counts.unobserved(written[11]), counts.MISSING
    write_synthetic(tmp_path / "d", np.datetime64("1987-01"), written)
    data = archive(dataclasses.replace(sequence, data=str(tmp_path / "d")))
    images = filled_images(data, sequence)
    for month, other in ((12, 0), (11, 23)):  # the first year has none before
        np.testing.assert_array_equal(images[month, 9:], written[other, 9:])
    assert images[15, 100, 100] == written[3, 100, 100]
    assert (images[:, :9] == 0).all()
    served, _ = SameMonths(3, "image_median")(data.counts[None])
    np.testing.assert_allclose(
        np.moveaxis(served[0], 1, 0).reshape(36, *NORTH.shape), images / np.float32(250), atol=1e-6
    )


@pytest.mark.parametrize(
    "network",
    [
        Autoencoder("two_conv_small", code=8),
        Crops("crops_lstm_2_norm", history_years=2, crop_fraction=0.01),
    ],
    ids=["autoencoder", "crops"],
)
def test_networks_of_single_months_train_and_serve_the_south(base, network, few_crops, tmp_path):
    rng = np.random.default_rng(0)
    written = rng.integers(0, 251, (60, *SOUTH.shape)).astype(np.uint8)
    write_synthetic(tmp_path / "d", np.datetime64("2007-01"), written)
    settings = dataclasses.replace(
        base, data=str(tmp_path / "d"), hemisphere="south", network=network
    )
    model = TASK.training.build(settings)
    batch = next(iter(training_stream(TASK.data.splits(settings).train, 2, seed=0)))
    assert np.isfinite(np.ravel(model.train_on_batch(*batch))).all()
    case = next(iter(TASK.data.cases(settings)))
    served = TASK.training.serving_model(settings, model)(case.inputs[None])[
        "concentration"
    ].numpy()[0]
    assert served.shape == (12, *SOUTH.shape)
    assert np.isfinite(served).all()


def test_crops_train_and_serve_a_year(crops, few_crops):
    splits = TASK.data.splits(crops)
    assert splits.train.size == 12 * 2  # two of 187 crops a month
    model = TASK.training.build(crops)
    batch = next(iter(training_stream(splits.train, 4, seed=0)))
    assert batch[0].shape == (4, 2, 64, 64)
    assert np.isfinite(np.ravel(model.train_on_batch(*batch))).all()
    case = next(iter(TASK.data.future(crops)))
    served = TASK.training.serving_model(crops, model)(case.inputs[None])["concentration"].numpy()[
        0
    ]
    assert served.shape == (12, 448, 304)
    assert ((served >= 0) & (served <= 1)).all()


def test_drawn_crops_depend_on_the_seed_and_the_month_alone():
    few, more = (drawn_crops(np.array(months), (448, 304), 0.02, 3) for months in ([7], [5, 7]))
    np.testing.assert_array_equal(few, more[more[:, 0] == 7])
    assert (drawn_crops(np.array([7]), (448, 304), 0.02, 4) != few).any()
    assert len(np.unique(drawn_crops(np.array([7]), (448, 304), 1.0, 0), axis=0)) == 187
    assert (few[:, 1:].max(axis=0) <= (448 - 64, 304 - 64)).all()


def test_the_last_years_alone_train(base):
    data = archive(base)
    end = data.index(np.datetime64("2009-12")) + 1
    for years, first in ((0, 0), (2, data.index(np.datetime64("2008-01"))), (99, 0)):
        assert earliest_start(dataclasses.replace(base, train_years=years), end, 0) == first


def test_a_sequence_without_an_autoencoder_says_what_to_do(sequence, tmp_path):
    for run in ("", str(tmp_path)):
        with pytest.raises(InputError, match="--network autoencoder"):
            TASK.training.build(with_network(sequence, autoencoder=run))


def test_a_run_of_another_network_is_no_autoencoder(sequence, autoencoder_run, tmp_path):
    (tmp_path / folder.WEIGHTS).touch()
    other = settings_file.to_json(dataclasses.replace(sequence, network=UNet()))
    (tmp_path / folder.SETTINGS).write_text(other)
    with pytest.raises(InputError, match="expected an autoencoder, got a run of unet"):
        TASK.training.build(with_network(sequence, autoencoder=str(tmp_path)))


@pytest.mark.parametrize("changes", [{"train_end": "2008-12"}, {"pole_hole_fill": "neighbours"}])
def test_an_autoencoder_of_later_data_or_another_fill_is_refused(sequence, changes):
    with pytest.raises(InputError, match="expected an autoencoder trained to"):
        TASK.training.build(dataclasses.replace(sequence, **changes))


def test_networks_and_variants_are_the_choices_of_the_settings():
    kinds = settings_file.networks(Settings)
    assert set(kinds) == set(NETWORKS)
    assert Settings().network.name == next(iter(kinds)) == "distribution"
    for name, variants in VARIANTS.items():
        assert list(typing.get_args(typing.get_type_hints(kinds[name])["variant"])) == [*variants]
        with pytest.raises(InputError, match="variant: expected '"):
            settings_file.from_dict({"network": {"name": name, "variant": "x"}}, Settings, "s.json")
