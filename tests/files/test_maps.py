import numpy as np
from PIL import Image

from seaice_tf.files import maps
from seaice_tf.grids.polar import NORTH

PERIOD = np.arange("2013-01", "2014-01", dtype="datetime64[M]")


def test_a_year_is_twelve_frames_of_one_size(tmp_path):
    concentration = np.zeros((12, NORTH.rows, NORTH.columns))
    for month, field in enumerate(concentration):
        field[: 100 + 20 * month] = 1
    land = np.zeros((NORTH.rows, NORTH.columns), bool)
    panels = [maps.Panel(str(month), field) for month, field in zip(PERIOD, concentration)]
    frames = (maps.pixels(maps.figure([panel], land, "a test")) for panel in panels)
    path = maps.write_gif(tmp_path / "year.gif", frames, 0.5)
    light = []
    with Image.open(path) as picture:
        assert picture.n_frames == 12
        assert picture.info["loop"] == 0
        for frame in range(12):
            picture.seek(frame)
            assert picture.info["duration"] == 500
            pixels = np.asarray(picture.convert("RGB"))
            assert min(pixels.shape[:2]) > 200
            light.append(pixels.mean())
    assert (np.diff(light) > 0).all()  # there is more ice in every frame
    assert [p.name for p in tmp_path.iterdir()] == ["year.gif"]


def test_a_contour_is_the_line_of_its_level_and_ends_at_masked_cells():
    x, y = NORTH.axes()
    field = np.broadcast_to(np.linspace(0, 1, NORTH.rows)[:, None], NORTH.shape)
    (line,) = maps.contours(NORTH, field, 0.25)
    expected = np.interp(0.25 * (NORTH.rows - 1), range(NORTH.rows), y)
    np.testing.assert_allclose(line[:, 1], expected)
    assert (line[:, 0].min(), line[:, 0].max()) == (x[0], x[-1])
    masked = np.ma.array(field, mask=np.broadcast_to(np.arange(NORTH.columns) > 99, NORTH.shape))
    (line,) = maps.contours(NORTH, masked, 0.25)
    assert line[:, 0].max() == x[99]
    assert maps.contours(NORTH, field, 2.0) == []


def test_a_long_caption_stays_within_its_figure():
    caption = "seaice_tf forecast a_run from synthetic, not observed, 1978-11 to 2012-12"
    land = np.zeros((NORTH.rows, NORTH.columns), bool)
    sheet = maps.figure([maps.Panel("2013-01", land)], land, caption)
    maps.pixels(sheet)
    (title,) = sheet.texts
    assert title.get_text().replace("\n", " ") == caption
    extent = title.get_window_extent()
    assert 0 <= extent.x0 < extent.x1 <= sheet.bbox.width
