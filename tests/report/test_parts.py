import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seaice_tf.report.pictures import FULL, packed, spread


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(0, 50))
def test_a_threshold_of_whole_steps_cuts_bytes_as_it_cuts_values(values, step):
    steps = np.floor(np.array(values) * 50 + 1e-9) / 50
    np.testing.assert_array_equal(
        packed(steps) >= step / 50 * FULL - 1e-6, np.round(steps * 50) >= step
    )


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=25), st.integers(1, 20))
def test_a_spread_runs_from_the_lowest_to_the_highest(values, number):
    chosen = spread(values, number)
    assert len(chosen) == min(number, len(values)) == len(set(chosen))
    values_chosen = [values[i] for i in chosen]
    assert values_chosen == sorted(values_chosen)
    assert values_chosen[0] == min(values)
    assert number == 1 or values_chosen[-1] == max(values)


def test_of_nothing_nothing_is_chosen():
    assert spread([], 3) == []
