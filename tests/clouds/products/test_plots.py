import numpy as np
from PIL import Image

from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.products import plots
from seaice_tf.clouds.products.plots import COLOURS, Panel


def panel(photos, i):
    true = photos.truth(i, (20, 30))
    return Panel(photos.names[i], photos.image(i), np.roll(true, 3, axis=0), true)


def test_overlays_are_named_by_their_image(tmp_path, cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    (picture,) = plots.write_overlays(tmp_path, [panel(photos, 1)], "caption")
    assert picture.name == "0100001.png"
    with Image.open(picture) as image:
        assert min(image.size) > 300
    first = panel(photos, 1)
    titles = ("a.b.jpg", "a.b.png", "a.c.png")
    panels = [first._replace(title=title) for title in titles]
    written = plots.write_overlays(tmp_path, panels, "caption")
    assert [path.name for path in written] == ["a.b.png", "a.b.png.png", "a.c.png"]


def test_a_mask_is_plotted_in_its_place():
    pred = np.zeros((4, 6, 4), bool)
    pred[:2, :3, 0] = True  # Fish, the upper left quarter
    image = np.full((40, 60, 3), 20, np.uint8)
    pixels = plots.pixels(Panel("", image, pred), "").astype(int)
    colour = np.array([int(COLOURS["Fish"][i : i + 2], 16) for i in (1, 3, 5)])
    filled = np.abs(pixels - (0.3 * colour + 0.7 * 20)).max(axis=-1) <= 3
    bare = np.abs(pixels - 20).max(axis=-1) <= 3
    assert filled.sum() > 0.2 * (filled.sum() + bare.sum())
    assert np.argwhere(filled).mean(axis=0)[0] < np.argwhere(bare).mean(axis=0)[0]
    assert np.argwhere(filled).mean(axis=0)[1] < np.argwhere(bare).mean(axis=0)[1]


def test_the_lowest_dice_comes_first(tmp_path, cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    values = np.linspace(1, 0, 12)[:, None] * np.ones(4)
    requested = []

    def one(i):
        requested.append(i)
        return panel(photos, i)

    path = plots.write_worst(tmp_path / "worst.png", values, one, "caption", number=2)
    assert requested == [11, 10]
    assert path.stat().st_size > 1000


def test_the_statistics_of_a_folder_are_plotted(tmp_path, cloud_folder):
    written = plots.write_statistics(tmp_path, cloud_doctor.examine(cloud_folder))
    assert len(written) == 5
    assert all(path.stat().st_size > 1000 for path in written)
