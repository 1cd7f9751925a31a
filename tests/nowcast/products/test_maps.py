import numpy as np
from PIL import Image

from seaice_tf.nowcast.data.layout import FRAMES_OUT
from seaice_tf.nowcast.products import maps

FRAMES = np.linspace(100, 900, 36)[:, None, None] * np.ones((64, 64))
PAST, TRUE = FRAMES[:12], FRAMES[12:]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def test_a_sheet_has_a_row_for_each_kind():
    alone = panels(maps.sheet("a test", PAST, TRUE, minutes=5))
    assert [axes.get_title() for axes in alone[:2]] == ["input\n-30 min", "input\n-25 min"]
    assert alone[6].get_title() == "input\n0 min"
    assert len(alone) == 14
    known = np.arange(FRAMES_OUT) < 12
    beside = panels(maps.sheet("a test", PAST, TRUE + 10, TRUE, known, minutes=15))
    assert len(beside) == 28
    error = beside[21].images[0].get_array()
    assert beside[21].get_title() == "forecast minus truth\n+15 min"
    np.testing.assert_allclose(error, 10)
    assert [bool(axes.images) for axes in beside[14:21]] == [True] * 5 + [False] * 2


def test_a_sheet_is_written(tmp_path):
    path = maps.write_sheet(tmp_path / "a.png", "a test", PAST, TRUE, minutes=5)
    with Image.open(path) as picture:
        assert picture.width > 2 * picture.height > 600


def test_truth_beside_forecast_as_a_gif(tmp_path):
    both = {"truth": TRUE[:2], "forecast": TRUE[:3]}
    path = maps.animate(tmp_path / "a.gif", PAST[-2:], both, "a test", 0.2, minutes=5)
    with Image.open(path) as picture:
        assert picture.n_frames == 5
        assert picture.width > picture.height
        assert picture.info["duration"] == 200


def test_the_wheel_has_the_colours_of_the_benchmark():
    ring = maps.wheel()
    assert ring.shape == (55, 3)
    assert ring[[0, 15, 21, 25, 36, 49]].tolist() == [list(c) for c in maps.CORNERS]
    assert np.abs(np.diff(ring, axis=0, append=ring[:1])).max() <= 64


def test_hue_is_direction_and_saturation_speed():
    down, right = np.array([[0, 0, -3, 3, 0, 0]]), np.array([[3, -3, 0, 0, 0.0, 9]])
    picture = maps.flow_colours(np.stack([down, right], axis=-1), full_speed=3)
    east, west, north, south, still, faster = picture[0].astype(int)
    assert east.tolist() == [255, 0, 0]
    assert west.argmin() == 0  # blue and green
    assert north.argmax() == 2
    assert north[1] < north[0]  # violet
    assert south[2] == 0
    assert min(south[:2]) > 150  # yellow
    assert still.tolist() == [255] * 3
    assert faster.tolist() == east.tolist()
    half = maps.flow_colours(np.stack([down, right], axis=-1), full_speed=6)[0, 0]
    np.testing.assert_allclose(half, (255 + east) / 2, atol=1)


def test_no_motion_is_white():
    assert (maps.flow_colours(np.zeros((4, 5, 2))) == 255).all()


def test_arrows_point_in_the_direction_of_motion(tmp_path):
    flow = np.broadcast_to([2.0, -1.0], (64, 64, 2))
    sheet = maps.flow_figure("a test", np.zeros((64, 64)), flow)
    quiver = sheet.axes[0].collections[0]
    assert (quiver.U == -1).all()
    assert (quiver.V == 2).all()
    assert sheet.axes[0].get_ylim() == (63.5, -0.5)  # rows grow downwards
    path = maps.write_flow(tmp_path / "a.png", "a test", np.zeros((64, 64)), flow)
    with Image.open(path) as picture:
        assert picture.width > 2 * picture.height
