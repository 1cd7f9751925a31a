import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.geopose.data import circular, dihedral, pose
from seaice_tf.geopose.data.dihedral import TURNS
from seaice_tf.geopose.data.pose import Pose

ANGLES = st.floats(-1e6, 1e6) | st.floats(-1e-15, 1e-15)
WHOLE = 2 * np.pi


@settings(max_examples=100, deadline=None)
@given(ANGLES, ANGLES, st.sampled_from(TURNS))
def test_angles_stay_in_their_ranges_however_small_they_are(a, b, turn):
    assert 0 <= circular.wrapped(a) < WHOLE
    assert -np.pi <= circular.difference(a, b) < np.pi
    assert 0 <= dihedral.apply_angle(a, turn) < WHOLE
    assert 0 <= dihedral.undo_angle(a, turn) < WHOLE
    assert 0 <= pose.decode_pose(1.0, a).angle < WHOLE
    assert 0 <= pose.encode_pose(Pose(1.0, a))["angle"] < WHOLE


@settings(max_examples=50, deadline=None)
@given(st.floats(-10, 10), st.floats(-10, 10), st.sampled_from(TURNS))
def test_angles_come_back(a, b, turn):
    back = dihedral.undo_angle(dihedral.apply_angle(a, turn), turn)
    assert np.cos(back - a) == pytest.approx(1)
    assert np.cos(b + circular.difference(a, b) - a) == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 6.28), min_size=1, max_size=6), st.floats(0, 6.28), st.randoms())
def test_a_mean_turns_with_its_angles_and_forgets_their_order(angles, turned, rng):
    angles = np.array(angles)
    agree = circular.concentration(angles)
    assert 0 <= agree <= 1 + 1e-12
    if agree < 1e-3:
        return
    mean = circular.mean(angles)
    assert 0 <= mean < WHOLE
    assert circular.difference(circular.mean(angles + turned), mean + turned) == pytest.approx(
        0, abs=1e-9
    )
    assert circular.mean(rng.sample(angles.tolist(), len(angles))) == pytest.approx(mean, abs=1e-9)
    weights = np.ones(len(angles))
    weights[0] = 2
    twice = circular.mean(np.append(angles, angles[0]))
    if circular.concentration(np.append(angles, angles[0])) > 1e-3:
        assert circular.difference(circular.mean(angles, weights), twice) == pytest.approx(
            0, abs=1e-9
        )
