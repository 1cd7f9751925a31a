import numpy as np
from PIL import Image

from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.products import maps as frame_maps

FRAMES = np.linspace(100, 900, 36)[:, None, None] * np.ones((64, 64))
PAST, TRUE = FRAMES[:12], FRAMES[12:]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def test_a_sheet_has_a_row_for_each_kind():
    alone = panels(frame_maps.sheet("a test", PAST, TRUE))
    assert [axes.get_title() for axes in alone[:2]] == ["given\n-30 min", "given\n-25 min"]
    assert alone[6].get_title() == "given\n0 min"
    assert len(alone) == 14
    known = np.arange(nowcast.FRAMES_OUT) < 12
    beside = panels(frame_maps.sheet("a test", PAST, TRUE + 10, TRUE, known))
    assert len(beside) == 28
    error = beside[21].images[0].get_array()
    assert beside[21].get_title() == "forecast minus truth\n+5 min"
    np.testing.assert_allclose(error, 10)
    assert [bool(axes.images) for axes in beside[14:21]] == [True] * 5 + [False] * 2


def test_a_sheet_is_written(tmp_path):
    path = frame_maps.write(tmp_path / "a.png", "a test", PAST, TRUE)
    with Image.open(path) as picture:
        assert picture.width > 2 * picture.height > 600


def test_truth_beside_forecast_as_a_gif(tmp_path):
    path = frame_maps.animate(
        tmp_path / "a.gif", PAST[-2:], {"truth": TRUE[:2], "forecast": TRUE[:3]}, "a test", 0.2
    )
    with Image.open(path) as picture:
        assert picture.n_frames == 5
        assert picture.width > picture.height
        assert picture.info["duration"] == 200
