"""A folder of synthetic photos in the contest's layout, which says of itself what it is."""

from pathlib import Path

from PIL import Image

from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data import synthetic as synthetic_clouds
from seaice_tf.clouds.data.classes import CLASSES, SYNTHETIC
from seaice_tf.clouds.products import submission
from seaice_tf.files import atomic

QUALITY = 90  # of the JPEG files


def write(
    folder: Path,
    images: int,
    seed: int = 0,
    shape: tuple[int, int] = (426, 640),
    labelled: bool = True,
) -> None:
    """Write train.csv and train_images/, or test_images/ alone; the same seed, the same bytes."""
    with atomic.folder(folder) as temporary:
        (temporary / SYNTHETIC).write_text("These images were made up, not observed.\n")
        place = temporary / ("train_images" if labelled else "test_images")
        place.mkdir()
        codes = {}
        for index in range(images):
            picture, masks = synthetic_clouds.photo(seed, index, shape)
            name = f"{seed:02x}{index:05x}.jpg"
            Image.fromarray(picture).save(place / name, quality=QUALITY)
            codes[name] = [rle.encode(masks[..., i]) for i in range(len(CLASSES))]
        if labelled:
            submission.write(temporary / "train.csv", codes)
