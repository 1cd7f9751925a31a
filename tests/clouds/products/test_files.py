import numpy as np
from PIL import Image

from seaice_tf.clouds.data import doctor as cloud_doctor
from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data.classes import SCORE_SHAPE
from seaice_tf.clouds.products import files as cloud_products
from seaice_tf.clouds.products import plots as cloud_plots
from seaice_tf.clouds.products import submission_check
from seaice_tf.clouds.products.maps import COLOURS, Panel
from seaice_tf.clouds.products.submission import encode
from seaice_tf.clouds.scores import dice


def panel(photos, i):
    true = photos.truth(i, (20, 30))
    return Panel(photos.names[i], photos.image(i), np.roll(true, 3, axis=0), true)


def test_the_products_of_a_folder(tmp_path, cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder).take([0, 1])
    codes = {name: encode(photos.truth(i, (20, 30))) for i, name in enumerate(photos.names)}
    submission, picture = cloud_products.write(tmp_path, codes, [panel(photos, 1)], "caption")
    assert submission_check.validate_submission(submission, photos.names) == []
    assert picture.name == "0100001.png"
    with Image.open(picture) as image:
        assert min(image.size) > 300


def test_a_submission_scores_what_its_masks_do(cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    large, small = photos.truth(2, (700, 1050)), photos.truth(2, SCORE_SHAPE)
    for code, layer in zip(encode(large), np.moveaxis(small, -1, 0)):
        redone = rle.decode(code, SCORE_SHAPE)
        assert dice.dice(layer[..., None], redone[..., None])[0] > 0.99


def test_a_mask_is_drawn_where_it_is():
    pred = np.zeros((4, 6, 4), bool)
    pred[:2, :3, 0] = True  # Fish, the upper left quarter
    image = np.full((40, 60, 3), 20, np.uint8)
    pixels = cloud_products.comparison(Panel("", image, pred), "").astype(int)
    colour = np.array([int(COLOURS["Fish"][i : i + 2], 16) for i in (1, 3, 5)])
    filled = np.abs(pixels - (0.3 * colour + 0.7 * 20)).max(axis=-1) <= 3
    bare = np.abs(pixels - 20).max(axis=-1) <= 3
    assert filled.sum() > 0.2 * (filled.sum() + bare.sum())
    assert np.argwhere(filled).mean(axis=0)[0] < np.argwhere(bare).mean(axis=0)[0]
    assert np.argwhere(filled).mean(axis=0)[1] < np.argwhere(bare).mean(axis=0)[1]


def test_the_worst_come_first(tmp_path, cloud_folder):
    photos = cloud_photos.read_labelled(cloud_folder)
    values = np.linspace(1, 0, 12)[:, None] * np.ones(4)
    asked = []

    def one(i):
        asked.append(i)
        return panel(photos, i)

    path = cloud_products.worst_sheet(tmp_path / "worst.png", values, one, "caption", number=2)
    assert asked == [11, 10]
    assert path.stat().st_size > 1000


def test_the_plots_of_a_folder(tmp_path, cloud_folder):
    found = cloud_doctor.examine(cloud_folder)
    plots = cloud_plots.write(
        tmp_path,
        found.areas,
        found.inside,
        found.shared,
        found.where,
        found.combinations,
        found.source,
    )
    assert len(plots) == 5
    assert all(path.stat().st_size > 1000 for path in plots)
