import numpy as np
import pytest

from seaice_tf.clouds.data import synthetic
from seaice_tf.clouds.data.labels import CLASSES, LABEL_SHAPE


def test_a_photo_is_a_function_of_its_seed():
    first, mask = synthetic.photo(1, 2, (30, 45))
    again, mask_again = synthetic.photo(1, 2, (30, 45))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(mask, mask_again)
    assert (first != synthetic.photo(1, 3, (30, 45))[0]).any()
    assert (first.shape, first.dtype, mask.shape) == ((30, 45, 3), np.uint8, (*LABEL_SHAPE, 4))


def test_labels_do_not_depend_on_the_size_of_the_photo():
    small, large = (synthetic.photo(1, 2, shape)[1] for shape in ((20, 30), (42, 63)))
    np.testing.assert_array_equal(small, large)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        synthetic.write(tmp_path / name, 2, seed=5, shape=(20, 30))
    files = [p.relative_to(tmp_path / "a") for p in sorted((tmp_path / "a").rglob("*.*"))]
    assert len(files) == 4
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_unlabelled_photos_have_no_table(tmp_path):
    synthetic.write(tmp_path / "a", 1, shape=(20, 30), labelled=False)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["SYNTHETIC.txt", "test_images"]


@pytest.mark.parametrize("kind", CLASSES)
def test_textures_are_clouds_with_gaps(kind):
    cover = synthetic.TEXTURES[kind](np.random.default_rng(0), (200, 300), 1.0)
    assert cover.shape == (200, 300)
    assert 0 <= cover.min() < 0.05
    assert 0.4 < cover.max() <= 1
    assert 0.05 < cover.mean() < 0.5


def test_textures_have_the_sizes_of_their_classes():
    """Sugar is finest and flowers are coarsest; fish are wider than high."""

    def lag(cover, axis):
        return np.abs(np.diff(cover, axis=axis)).mean() / cover.std()

    covers = {
        kind: texture(np.random.default_rng(0), (200, 300), 1.0)
        for kind, texture in synthetic.TEXTURES.items()
    }
    rough = {kind: lag(cover, 0) for kind, cover in covers.items()}
    assert rough["Sugar"] > rough["Gravel"] > rough["Flower"]
    assert lag(covers["Fish"], 1) < 0.8 * rough["Fish"]
