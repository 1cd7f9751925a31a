import numpy as np
import pytest

from seaice_tf.geopose.data import circular, dihedral
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data.pose import Pose


def test_flow_of_a_hand_made_building():
    """10 m at half a pixel a metre: 5 pixels to its foot, right for a quarter, up for a half."""
    agl = np.array([[10.0]])
    for quarters, expected in enumerate([(0, 5), (5, 0), (0, -5), (-5, 0)]):
        vector = geopose.flow(agl, Pose(0.5, quarters * np.pi / 2))[0, 0]
        np.testing.assert_allclose(vector, expected, atol=1e-12)


def test_angle_of_is_the_inverse_of_direction():
    angles = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    np.testing.assert_allclose(geopose.angle_of(3 * geopose.direction(angles)), angles, atol=1e-12)
    assert geopose.angle_of(np.array([-1e-20, 1.0])) < 2 * np.pi


def test_heights_round_trip_through_centimetres():
    metres = np.array([0, 1.23, 655.34, np.nan], np.float32)
    np.testing.assert_allclose(geopose.decode_agl(geopose.encode_agl(metres)), metres, atol=0.005)
    assert geopose.encode_agl(np.float32([-3, 700])).tolist() == [0, geopose.HIGHEST]


def test_pose_round_trip_and_size():
    pose = Pose(1.2, 4.0)
    assert geopose.decode_pose(**geopose.encode_pose(pose)) == pytest.approx(pose)
    agl = np.full((1, 1), 7.0)
    small = geopose.flow(agl, geopose.downsampled(pose, 4))
    np.testing.assert_allclose(4 * small, geopose.flow(agl, pose))


def test_circular_mean_crosses_north():
    assert np.degrees(circular.mean(np.radians([350, 30]))) == pytest.approx(10)
    weighted = circular.mean(np.radians([0, 90]), np.array([1, np.sqrt(3)]))
    assert np.degrees(weighted) == pytest.approx(60)
    assert np.isnan(circular.mean(np.array([0, np.pi])))
    assert circular.concentration(np.array([0, np.pi])) == pytest.approx(0)
    assert circular.concentration(np.array([1.0, 1, 1])) == pytest.approx(1)
    assert np.degrees(circular.difference(np.radians(5), np.radians(355))) == pytest.approx(10)


@pytest.mark.parametrize("turn", dihedral.TURNS)
def test_eightfold_turns_angles_as_it_turns_images(turn):
    """An arrow drawn in the image, from its tail at the middle, points along its angle."""
    image = np.zeros((9, 9))
    image[4 + 3, 4 + 1] = 1  # x = 1, y = 3
    angle = geopose.angle_of(np.array([1.0, 3.0]))
    moved = np.argwhere(dihedral.apply(image, turn))[0] - 4
    expected = geopose.angle_of(moved[::-1].astype(float))
    assert dihedral.apply_angle(angle, turn) == pytest.approx(expected)
    assert dihedral.undo_angle(expected, turn) == pytest.approx(angle)
    field = np.random.default_rng(0).random((2, 3, 4, 1))
    there = dihedral.apply(field, turn, axes=(1, 2))
    np.testing.assert_array_equal(dihedral.undo(there, turn, axes=(1, 2)), field)
