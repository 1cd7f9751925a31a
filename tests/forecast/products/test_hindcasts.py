"""The file of hindcasts, as xarray and climpred read it."""

import numpy as np
import pytest

from seaice_tf.forecast.products import hindcasts
from seaice_tf.grids.polar import SOUTH

INITS = np.array(["2010-11", "2010-12", "2011-01"], "datetime64[M]")
LAND = np.zeros(SOUTH.shape, bool)
LAND[:3] = True


def fields(seed, members=0):
    rng = np.random.default_rng(seed)
    some = rng.random((12, 1, 1)).astype(np.float32)
    result = {
        "concentration": np.broadcast_to(some, (12, *SOUTH.shape)),
        "probability": np.broadcast_to(some / 2, (12, *SOUTH.shape)),
    }
    if members:
        result["members"] = np.stack([result["concentration"]] * members, axis=1)
    return result


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("hindcasts") / "hindcasts.nc"
    with hindcasts.writer(path, SOUTH, LAND, "a model", members=2) as write:
        for i, init in enumerate(INITS):
            write(init, fields(i, members=2))
    return path


def test_xarray_reads_it_as_it_was_written(written):
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(written) as data:
        assert data["concentration"].dims == ("init", "lead", "y", "x")
        assert data["concentration_members"].dims == ("init", "member", "lead", "y", "x")
        np.testing.assert_array_equal(data["init"].values.astype("datetime64[M]"), INITS)
        np.testing.assert_array_equal(data["lead"], np.arange(1, 13))
        assert str(data["valid_time"].values[1, 8])[:7] == "2011-09"
        assert np.isnan(data["concentration"].values[:, :, LAND]).all()
        expected = fields(2)["concentration"][4, 100, 100]
        assert float(data["concentration"][2, 4, 100, 100]) == pytest.approx(expected, abs=1e-4)
        assert data["lead"].attrs["units"] == "months"


def fail_half_way(path):
    with hindcasts.writer(path, SOUTH, LAND, "a model") as write:
        write(INITS[0], fields(0))
        raise RuntimeError("half way")


def test_nothing_is_left_of_a_file_that_fails(tmp_path):
    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way(tmp_path / "a.nc")
    assert not list(tmp_path.iterdir())


def test_climpred_verifies_it(written, monkeypatch):
    climpred = pytest.importorskip("climpred")
    import cf_xarray
    import xarray

    # It would fetch the table of standard names from the network.
    accessor = cf_xarray.accessor.CFDatasetAccessor
    monkeypatch.setattr(accessor, "add_canonical_attributes", lambda self, **_: self._obj)

    with xarray.open_dataset(written) as data:
        some = data[["concentration"]].isel(y=slice(100, 103), x=slice(100, 103)).load()
    time = xarray.date_range("2010-12-01", "2012-02-01", freq="MS")
    truth = xarray.Dataset(
        {"concentration": (("time", "y", "x"), np.full((len(time), 3, 3), 0.5))},
        {"time": time, "y": some["y"], "x": some["x"]},
    )
    ensemble = climpred.HindcastEnsemble(some).add_observations(truth)
    found = ensemble.verify(metric="rmse", comparison="e2o", dim="init", alignment="same_inits")
    expected = np.sqrt(((some["concentration"] - 0.5) ** 2).mean("init"))
    dims = found["concentration"].dims
    np.testing.assert_allclose(found["concentration"], expected.transpose(*dims))
