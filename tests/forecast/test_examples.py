"""The forecast of the south, of daily data and of the synthetic archive."""

import dataclasses

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import maps, synthetic_cache
from seaice_tf.forecast import examples
from seaice_tf.forecast.cases import PredictOptions
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.forecast.settings import Distribution, Settings, UNet
from seaice_tf.forecast.task import TASK, EvaluateOptions
from seaice_tf.grids.polar import SOUTH
from seaice_tf.pipeline import training_stream
from seaice_tf.runs import artifact, train


@pytest.fixture(scope="module")
def south(tmp_path_factory):
    """Settings on twelve years of a made-up south: land at the pole, seasonal ice around it."""
    latitude, _ = SOUTH.latitude_longitude()
    season = -63 - 4 * np.cos(2 * np.pi * (np.arange(144) - 2) / 12)  # least ice in March
    edge = np.broadcast_to(season[:, None, None], (144, *SOUTH.shape))
    ice = np.clip((edge - latitude) / 4, 0, 1) * counts.FULL_ICE
    ice[:, latitude < -75] = counts.LAND
    folder = tmp_path_factory.mktemp("south") / "data"
    write_synthetic(folder, np.datetime64("2000-01"), ice.astype(np.uint8))
    return Settings(
        data=str(folder),
        train_end="2010-12",
        validation_start="2011-01",
        validation_end="2011-12",
        test_start="2011-01",
        test_end="2011-12",
        hemisphere="south",
        network=UNet(history_years=2, base_years=2, filters=(2, 3)),
    )


@pytest.mark.slow
def test_a_unet_trains_on_windows_and_whole_grids_of_the_south(south):
    model = TASK.training.build(south)
    for crop, side in ((48, (48, 48)), (0, SOUTH.shape)):
        network = dataclasses.replace(south.network, crop=crop)
        splits = TASK.data.splits(dataclasses.replace(south, network=network))
        batch = next(iter(training_stream(splits.train, 1, seed=0)))
        assert batch[0].shape[1:] == (24, *side)
        assert np.isfinite(model.train_on_batch(*batch))


@pytest.mark.slow
def test_the_distribution_of_the_south_trains_and_serves(south):
    network = Distribution(members=2, width=4, cell_fraction=0.1, init_step=7)
    settings = dataclasses.replace(south, network=network)
    model = TASK.training.build(settings)
    batch = next(iter(training_stream(TASK.data.splits(settings).train, 1, seed=0)))
    assert np.isfinite(np.ravel(model.train_on_batch(*batch))).all()
    case = next(iter(TASK.data.future(settings)))
    maps = TASK.training.serving_model(settings, model)(artifact.batch(case))
    assert maps["concentration"].shape == (1, 12, *SOUTH.shape)
    ice = maps["probability"].numpy()[0] > 0
    assert ice.any()
    assert not ice[:, counts.land(case.inputs[0][-1])].any()


def test_the_south_is_scored_with_its_own_areas(south):
    cases = TASK.data.cases(south, EvaluateOptions("2011-01", "2011-12"))
    case = next(iter(cases))
    perfect = np.where(counts.flagged(case.truth), 0, case.truth / counts.FULL_ICE)
    assert TASK.verification.score([(case, {"concentration": perfect})])["iiee"] == 0
    nothing = TASK.verification.score([(case, {"concentration": np.zeros_like(perfect)})])
    extent = (perfect >= counts.EDGE) * SOUTH.cell_area()
    assert nothing["iiee"] == pytest.approx(extent.sum(axis=(1, 2)).mean() / 1e6, rel=1e-6)


def test_products_of_the_south_lie_on_its_grid(south, tmp_path, monkeypatch):
    monkeypatch.setattr(maps, "pixels", lambda sheet: np.zeros((4, 4, 3), np.uint8))
    case = next(iter(TASK.data.future(south)))
    fields = TASK.verification.baselines["seasonal_persistence"](case)
    written = TASK.products.write([(case, fields)], tmp_path, "a test")
    assert tmp_path / "contest.csv" not in written  # the Dacon contest is of the north
    assert not (tmp_path / "contest.csv").exists()
    with netCDF4.Dataset(tmp_path / "forecast.nc") as product:
        assert "Antarctic" in product.title
        assert product["sea_ice_area_fraction"].shape == (12, *SOUTH.shape)
        assert product["crs"].standard_parallel == -70
        assert float(product["y"][0]) == 4337500
        assert (product["lat"][:] < 0).all()
    assert (tmp_path / "forecast.png").stat().st_size > 0


def test_the_days_that_a_month_needs_are_a_setting(tmp_path):
    days = np.full((31 + 12, *SOUTH.shape), 125, np.uint8)
    write_synthetic(tmp_path, np.datetime64("2008-01-01"), days)
    settings = Settings(data=str(tmp_path), hemisphere="south")
    assert examples.archive(settings).days.tolist() == [31]
    archive = examples.archive(dataclasses.replace(settings, minimum_days=12))
    assert archive.days.tolist() == [31, 12]
    with pytest.raises(InputError, match="minimum_days: expected at least 1, got 0"):
        Settings(minimum_days=0)


def test_data_of_the_other_hemisphere_are_refused(south):
    with pytest.raises(InputError, match="expected data of the north, got the south"):
        examples.archive(dataclasses.replace(south, hemisphere="north"))


def test_a_hindcast_uses_nothing_after_its_init(distribution_settings, long_archive, tmp_path):
    """The same inputs, bit for bit, as from a record that ends with the init."""
    options = PredictOptions(first_init="2010-05", last_init="2010-07")
    cases = list(TASK.data.future(distribution_settings, options))
    assert [str(case.context.months[0]) for case in cases] == ["2010-06", "2010-07", "2010-08"]
    cut = tmp_path / "cut"
    cut.mkdir()
    for path in sorted(long_archive.glob("*.bin")):
        if path.name[3:9] <= "201005":
            (cut / path.name).write_bytes(path.read_bytes())
    settings = dataclasses.replace(distribution_settings, data=str(cut))
    (alone,) = TASK.data.future(settings)
    for found, expected in zip(cases[0].inputs, alone.inputs):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(cases[0].context.past, alone.context.past)


def test_more_members_than_past_years_are_refused_before_the_work(distribution_settings):
    options = PredictOptions(first_init="2010-05", members=1000)
    with pytest.raises(InputError, match=r"members: expected at most .* the record to 2010-05"):
        TASK.data.future(distribution_settings, options)


def test_the_synthetic_archive_is_cached_by_its_period(tmp_path, monkeypatch):
    monkeypatch.delenv("SEAICE_TF_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for last in ("2011-02", "2011-02", "2011-03"):
        monkeypatch.setattr(examples, "SYNTHETIC_PERIOD", ("2011-01", last))
        assert str(examples.archive(Settings()).last) == last
    assert len(list(synthetic_cache.cache_folder().iterdir())) == 2


@pytest.mark.slow
def test_mixed_precision_trains_and_draws_and_serves_float32(unet_settings, one_baseline, tmp_path):
    training = dataclasses.replace(unet_settings.training, precision="mixed_bfloat16", epochs=1)
    settings = dataclasses.replace(unet_settings, training=training, train_years=1)
    train.train(one_baseline, settings, tmp_path / "run", ignore_memory=True)
    case = next(iter(TASK.data.cases(settings)))
    fields = artifact.predictor(tmp_path / "run")(case)
    assert {field.dtype.name for field in fields.values()} == {"float32"}
