import numpy as np

from seaice_tf.files.field_values import problems


def test_missing_values_and_those_out_of_range_are_counted():
    values = np.array([[0.5, np.nan, -0.2], [1.3, np.inf, 1.00005]])
    missing, beyond = problems(values, "a.nc", (0, 1), "cell", rounding=1e-4)
    assert missing.startswith("a.nc: expected a value in every cell, got none in 2, ")
    assert beyond == "a.nc: expected values from 0 to 1, got -0.2 to 1.3 in 2 cells; clip them"
    assert list(problems(values[:1, :1], "a.nc", (0, 1), "cell")) == []
    assert list(problems(np.array([-1e9, 1e9]), "a.nc", (-np.inf, np.inf), "pixel")) == []
