import numpy as np
import pytest
from tensorflow import keras

from seaice_tf.forecast.networks import crops
from seaice_tf.forecast.networks.unet import year_from_sequences
from seaice_tf.grids import counts

YEARS, ROWS, COLUMNS = 3, 12, 16


@pytest.fixture
def history():
    """(2, 36, 12, 16): random ice, land, coast, a pole hole and a missing cell."""
    rng = np.random.default_rng(0)
    grids = rng.integers(0, 251, (2, 12 * YEARS, ROWS, COLUMNS)).astype(np.uint8)
    grids[..., :2, :], grids[..., 2, :] = counts.LAND, counts.COAST
    grids[..., 6:8, 6:8] = counts.POLE_HOLE
    grids[0, 5, 9, 3] = counts.MISSING
    return grids


def year_of_the_past(year, **options):
    """A forecast that repeats the same month of one of the past years."""
    inputs = keras.Input((YEARS, ROWS, COLUMNS))
    cut = keras.layers.Cropping1D((year, YEARS - 1 - year))
    flat = keras.layers.Reshape((YEARS, ROWS * COLUMNS))(inputs)
    sequence = keras.Model(inputs, keras.layers.Reshape((ROWS, COLUMNS))(cut(flat)))
    return year_from_sequences(sequence, ROWS, COLUMNS, years=YEARS, **options)


@pytest.mark.parametrize("year", range(YEARS))
@pytest.mark.parametrize("hole", ["median", "surroundings"])
def test_each_lead_sees_its_calendar_month_filled_and_without_land(history, year, hole):
    got = year_of_the_past(year, hole=hole)(history)["concentration"]
    holes = np.stack([[counts.fill_hole(month, hole) for month in past] for past in history])
    years = [counts.carried(past.reshape(YEARS, 12, ROWS, COLUMNS))[year] for past in holes]
    filled = np.stack(years)
    expected = np.where(filled <= counts.FULL_ICE, filled / counts.FULL_ICE, 0)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_land_is_zero_whatever_the_network_says(history):
    inputs = keras.Input((YEARS, ROWS, COLUMNS))
    ones = keras.layers.Dense(COLUMNS, kernel_initializer="zeros", bias_initializer="ones")
    flat = keras.layers.Reshape((ROWS, COLUMNS * YEARS))(inputs)
    model = year_from_sequences(keras.Model(inputs, ones(flat)), ROWS, COLUMNS, years=YEARS)
    got = model(history)["concentration"]
    np.testing.assert_array_equal(got, 1.0 - counts.land(history[:, -12:]))


def test_a_year_from_crops_has_the_whole_grid(history):
    crop_model = crops.conv_lstm(YEARS, 8, filters=(2,))
    on_grid = crops.on_grid(crop_model, ROWS, COLUMNS, stride=4)
    model = year_from_sequences(on_grid, ROWS, COLUMNS, years=YEARS)
    assert model.count_params() == crop_model.count_params()
    got = model(history)["concentration"].numpy()
    assert got.shape == (2, 12, ROWS, COLUMNS)
    assert got.min() >= 0
    assert got.max() <= 1
