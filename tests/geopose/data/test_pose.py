import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.geopose.data import pose
from seaice_tf.geopose.data.pose import SYMMETRIES, Pose

ANGLES = st.floats(-1e6, 1e6) | st.floats(-1e-15, 1e-15)
TWO_PI = 2 * np.pi


def test_flow_of_a_hand_made_building():
    """10 m at half a pixel a metre: 5 pixels to its foot, right for a quarter, up for a half."""
    agl = np.array([[10.0]])
    for quarters, expected in enumerate([(0, 5), (5, 0), (0, -5), (-5, 0)]):
        vector = pose.flow(agl, Pose(0.5, quarters * np.pi / 2))[0, 0]
        np.testing.assert_allclose(vector, expected, atol=1e-12)


def test_angle_of_is_the_inverse_of_direction():
    angles = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    np.testing.assert_allclose(pose.angle_of(3 * pose.direction(angles)), angles, atol=1e-12)
    assert pose.angle_of(np.array([-1e-20, 1.0])) < 2 * np.pi


def test_heights_round_trip_through_centimetres():
    metres = np.array([0, 1.23, 655.34, np.nan], np.float32)
    np.testing.assert_allclose(pose.decode_agl(pose.encode_agl(metres)), metres, atol=0.005)
    assert pose.encode_agl(np.float32([-3, 700])).tolist() == [0, pose.HIGHEST]


def test_pose_round_trip_and_size():
    given_pose = Pose(1.2, 4.0)
    assert pose.decode_pose(**pose.encode_pose(given_pose)) == pytest.approx(given_pose)
    agl = np.full((1, 1), 7.0)
    small = pose.flow(agl, pose.downsampled(given_pose, 4))
    np.testing.assert_allclose(4 * small, pose.flow(agl, given_pose))


def test_circular_mean_crosses_north():
    assert np.degrees(pose.circular_mean(np.radians([350, 30]))) == pytest.approx(10)
    weighted = pose.circular_mean(np.radians([0, 90]), np.array([1, np.sqrt(3)]))
    assert np.degrees(weighted) == pytest.approx(60)
    assert np.isnan(pose.circular_mean(np.array([0, np.pi])))
    assert pose.resultant_length(np.array([0, np.pi])) == pytest.approx(0)
    assert pose.resultant_length(np.array([1.0, 1, 1])) == pytest.approx(1)
    assert np.degrees(pose.angle_difference(np.radians(5), np.radians(355))) == pytest.approx(10)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_symmetries_transform_angles_as_images(symmetry):
    """An arrow drawn in the image, from its tail at the middle, points along its angle."""
    image = np.zeros((9, 9))
    image[4 + 3, 4 + 1] = 1  # x = 1, y = 3
    angle = pose.angle_of(np.array([1.0, 3.0]))
    moved = np.argwhere(pose.transform(image, symmetry))[0] - 4
    expected = pose.angle_of(moved[::-1].astype(float))
    assert pose.transform_angle(angle, symmetry) == pytest.approx(expected)
    assert pose.inverse_transform_angle(expected, symmetry) == pytest.approx(angle)
    field = np.random.default_rng(0).random((2, 3, 4, 1))
    there = pose.transform(field, symmetry, axes=(1, 2))
    np.testing.assert_array_equal(pose.inverse_transform(there, symmetry, axes=(1, 2)), field)


@settings(max_examples=100, deadline=None)
@given(ANGLES, ANGLES, st.sampled_from(SYMMETRIES))
def test_wrapped_angles_are_within_their_range(a, b, symmetry):
    assert 0 <= pose.wrapped(a) < TWO_PI
    assert -np.pi <= pose.angle_difference(a, b) < np.pi
    assert 0 <= pose.transform_angle(a, symmetry) < TWO_PI
    assert 0 <= pose.inverse_transform_angle(a, symmetry) < TWO_PI
    assert 0 <= pose.decode_pose(1.0, a).angle < TWO_PI
    assert 0 <= pose.encode_pose(Pose(1.0, a))["angle"] < TWO_PI


@settings(max_examples=50, deadline=None)
@given(st.floats(-10, 10), st.floats(-10, 10), st.sampled_from(SYMMETRIES))
def test_transforms_and_differences_of_angles_have_inverses(a, b, symmetry):
    back = pose.inverse_transform_angle(pose.transform_angle(a, symmetry), symmetry)
    assert np.cos(back - a) == pytest.approx(1)
    assert np.cos(b + pose.angle_difference(a, b) - a) == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 6.28), min_size=1, max_size=6), st.floats(0, 6.28), st.randoms())
def test_a_circular_mean_rotates_with_its_angles_and_ignores_their_order(angles, rotation, rng):
    angles = np.array(angles)
    length = pose.resultant_length(angles)
    assert 0 <= length <= 1 + 1e-12
    if length < 1e-3:
        return
    mean = pose.circular_mean(angles)
    assert 0 <= mean < TWO_PI
    assert pose.angle_difference(
        pose.circular_mean(angles + rotation), mean + rotation
    ) == pytest.approx(0, abs=1e-9)
    assert pose.circular_mean(rng.sample(angles.tolist(), len(angles))) == pytest.approx(
        mean, abs=1e-9
    )
    weights = np.ones(len(angles))
    weights[0] = 2
    twice = pose.circular_mean(np.append(angles, angles[0]))
    if pose.resultant_length(np.append(angles, angles[0])) > 1e-3:
        assert pose.angle_difference(pose.circular_mean(angles, weights), twice) == pytest.approx(
            0, abs=1e-9
        )


def test_uncertain_flow_is_shortened():
    assert pose.expected_flow_pose(2.0, 1.5, 0.25) == Pose(0.5, 1.5)
