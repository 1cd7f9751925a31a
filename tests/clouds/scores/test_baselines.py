import numpy as np

from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.scores import baselines, dice


def test_the_mean_mask_of_a_class_that_never_moves():
    truths = np.zeros((8, 3, 5, 4), bool)
    truths[:, 1:, 2:4, 0] = True
    truths[::4, 0, 0, 1] = True  # too rare to be predicted for every image
    got = baselines.mean_masks(truths)
    np.testing.assert_array_equal(got[..., 0], truths[0, ..., 0])
    assert not got[..., 1:].any()
    known = baselines.mean_masks(truths, given_class=True)
    np.testing.assert_array_equal(known, truths[0])


def test_no_other_threshold_scores_better():
    rng = np.random.default_rng(0)
    truths = rng.random((9, 6, 7, 4)) < rng.random((6, 7, 1)) ** 0.3
    got = dice.dice(truths, np.broadcast_to(baselines.mean_masks(truths), truths.shape))
    mean = truths.mean(axis=0)
    for level in np.unique(mean):
        other = dice.dice(truths, np.broadcast_to(mean >= level, truths.shape))
        assert (other.mean(axis=0) <= got.mean(axis=0) + 1e-9).all()


def test_empty_masks_score_the_fraction_of_empty_truths(real_data):
    photos = cloud_photos.read_labelled(real_data / "clouds").take(range(0, 450, 15))
    truths = photos.truths((70, 105))
    empty = np.broadcast_to(baselines.empty((70, 105)), truths.shape)
    assert dice.dice(truths, empty).mean() == 1 - photos.present().mean()
    np.testing.assert_array_equal(baselines.mean_masks(truths), empty[0])
