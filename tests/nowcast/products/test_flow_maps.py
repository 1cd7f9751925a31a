import numpy as np
from PIL import Image

from seaice_tf.nowcast.products import flow_maps


def test_the_wheel_has_the_colours_of_the_benchmark():
    ring = flow_maps.wheel()
    assert ring.shape == (55, 3)
    assert ring[[0, 15, 21, 25, 36, 49]].tolist() == [list(c) for c in flow_maps.CORNERS]
    assert np.abs(np.diff(ring, axis=0, append=ring[:1])).max() <= 64


def test_colours_tell_direction_and_speed():
    down, right = np.array([[0, 0, -3, 3, 0, 0]]), np.array([[3, -3, 0, 0, 0.0, 9]])
    picture = flow_maps.colours(np.stack([down, right], axis=-1), fastest=3)
    east, west, north, south, still, faster = picture[0].astype(int)
    assert east.tolist() == [255, 0, 0]
    assert west.argmin() == 0  # blue and green
    assert north.argmax() == 2
    assert north[1] < north[0]  # violet
    assert south[2] == 0
    assert min(south[:2]) > 150  # yellow
    assert still.tolist() == [255] * 3
    assert faster.tolist() == east.tolist()
    half = flow_maps.colours(np.stack([down, right], axis=-1), fastest=6)[0, 0]
    np.testing.assert_allclose(half, (255 + east) / 2, atol=1)


def test_nothing_moves_in_white():
    assert (flow_maps.colours(np.zeros((4, 5, 2))) == 255).all()


def test_arrows_point_where_the_flow_goes(tmp_path):
    flow = np.broadcast_to([2.0, -1.0], (64, 64, 2))
    sheet = flow_maps.figure("a test", np.zeros((64, 64)), flow)
    quiver = sheet.axes[0].collections[0]
    assert (quiver.U == -1).all()
    assert (quiver.V == 2).all()
    assert sheet.axes[0].get_ylim() == (63.5, -0.5)  # so that down the rows is down
    path = flow_maps.write(tmp_path / "a.png", "a test", np.zeros((64, 64)), flow)
    with Image.open(path) as picture:
        assert picture.width > 2 * picture.height
