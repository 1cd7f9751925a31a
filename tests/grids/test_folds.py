import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.grids import folds


def clouds(n, seed=0):
    noise = np.random.default_rng(seed).standard_normal((n, *folds.THUMBNAIL))
    return 90 + 200 * ndimage.gaussian_filter(noise, (0, 1, 1))


def test_the_same_clouds_behind_another_gap_are_found():
    grey = clouds(6).clip(20, 255)
    grey[5] = 0.7 * grey[2] + 20
    grey[2, :, 3:6], grey[5, :, 15:18] = 0, 0
    np.testing.assert_array_equal(folds.near_duplicates(grey), [[2, 5]])


def test_neither_a_shared_gap_nor_shared_glint_makes_a_pair():
    grey = 0.6 * clouds(6).clip(20, 255)
    grey += 60 * np.exp(-(((np.arange(24) - 9) / 8) ** 2))
    grey[:, :, 18:21] = 0
    assert folds.near_duplicates(grey).shape == (0, 2)


def test_pictures_without_clouds_are_no_pair():
    assert folds.near_duplicates(np.full((3, *folds.THUMBNAIL), 50.0)).size == 0


def test_blocks_change_nothing(monkeypatch):
    grey = np.concatenate([clouds(5), clouds(5)])
    whole = folds.near_duplicates(grey)
    monkeypatch.setattr(folds, "BLOCK", 3)
    np.testing.assert_array_equal(folds.near_duplicates(grey), whole)
    np.testing.assert_array_equal(whole, [[i, i + 5] for i in range(5)])


def test_pairs_join_to_groups():
    joined = folds.groups(6, np.array([[0, 4], [4, 5], [1, 2]]))
    assert joined[0] == joined[4] == joined[5]
    assert joined[1] == joined[2]
    assert np.unique(joined).size == 3


@given(st.integers(0, 99), st.integers(2, 5))
def test_combinations_are_spread_evenly(seed, number):
    present = np.random.default_rng(seed).random((60, 4)) < 0.5
    fold = folds.stratified(present, number, seed)
    sizes = np.bincount(fold, minlength=number)
    assert sizes.max() - sizes.min() <= 1
    for kind in np.unique(present, axis=0):
        counts = np.bincount(fold[(present == kind).all(axis=1)], minlength=number)
        assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(fold, folds.stratified(present, number, seed))


def test_a_group_stays_together():
    rng = np.random.default_rng(0)
    present, group_of = rng.random((60, 4)) < 0.5, rng.integers(0, 25, 60)
    _, group_of = np.unique(group_of, return_inverse=True)
    fold = folds.stratified(present, 4, 0, group_of)
    assert all(np.unique(fold[group_of == group]).size == 1 for group in range(group_of.max()))
    assert np.ptp(np.bincount(fold)) <= 3


def test_the_real_pairs(real_data):
    photos = cloud_photos.read_labelled(real_data / "clouds")
    found = folds.near_duplicates(photos.thumbnails(folds.THUMBNAIL))
    names = {tuple(photos.names[i].removesuffix(".jpg") for i in pair) for pair in found}
    assert names == {("612b886", "b2d1e73"), ("c555ed0", "eae8f5d"), ("d3e7f2e", "e15b995")}


def test_without_pairs_every_image_is_a_group():
    assert np.unique(folds.groups(4, np.empty((0, 2), int))).size == 4
