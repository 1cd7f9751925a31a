import netCDF4
import numpy as np

from seaice_tf.icechart.cases import EvaluateOptions
from seaice_tf.icechart.data import decision
from seaice_tf.icechart.task import TASK
from tests.icechart.pointwise import pointwise


def test_charts_as_netcdf(chart_settings, tmp_path):
    cases = TASK.data.cases(chart_settings, EvaluateOptions(scenes="all", tile=8))
    case = max(cases, key=lambda case: (case.truth["SIC"] == 255).sum())  # much of it is land
    fields = case.pieces(pointwise)
    TASK.products.write([(case, fields)], tmp_path, "a model")
    with netCDF4.Dataset(tmp_path / "charts" / f"{case.name}.nc") as data:
        sic, probability = data["SIC"][:], data["SIC_probability"][:]
        known = ~np.ma.getmaskarray(sic)
        np.testing.assert_array_equal(sic[known], fields["SIC"][known])
        expected = decision.unpacked(fields["SIC_probabilities"])
        np.testing.assert_allclose(
            np.moveaxis(probability, 0, -1)[known], expected[known], atol=1e-6
        )
        tied = case.context.scene.latitude
        assert tied.min() - 0.1 < data["latitude"][:].min() < data["latitude"][:].max()
        assert data["SOD"].flag_meanings.split()[0] == "open_water"
        assert 0.1 < known.mean() < 0.95
