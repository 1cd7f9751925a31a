"""What the clouds do beyond what every task must."""

import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.clouds import examples as data
from seaice_tf.clouds.data.classes import SCORE_SHAPE
from seaice_tf.clouds.data.decisions import Decisions, decide, propose, table
from seaice_tf.clouds.products.submission_check import validate_submission
from seaice_tf.clouds.task import TASK, EvaluateOptions, Settings
from seaice_tf.clouds.verification import combine, final_masks
from seaice_tf.errors import InputError
from seaice_tf.networks import weights
from seaice_tf.networks.encoders import encoder
from seaice_tf.pipeline import training_stream

EXPECTED = Decisions(rule="expected_dice")


def test_no_photo_is_trained_on_and_scored(cloud_settings):
    photos = data.labelled(cloud_settings)
    train = set(data.training_photos(photos, cloud_settings).names)
    named = {
        which: {case.name for case in TASK.data.cases(cloud_settings, EvaluateOptions(which))}
        for which in ("test", "validation", "all")
    }
    assert train | named["test"] | named["validation"] == named["all"] == set(photos.names)
    assert not train & (named["test"] | named["validation"])
    assert not named["test"] & named["validation"]
    assert "IN SAMPLE" in TASK.data.cases(cloud_settings, EvaluateOptions("validation")).source


def test_examples_are_the_photos_with_their_masks(cloud_settings):
    photos = data.labelled(cloud_settings)
    shape = (8, 12)
    examples = data.examples(photos, cloud_settings, shape, training=False)
    for i in (0, len(photos) - 1):
        image, targets, _ = examples.fetch(tf.constant(i, tf.int64))
        assert image.shape == (32, 48, 3)
        np.testing.assert_allclose(targets["masks"], photos.coverage(i, shape), atol=1 / 500)
        np.testing.assert_array_equal(targets["chances"], photos.present()[i])


def test_augmentation_moves_the_masks_with_the_photo():
    """A photo that shows its own mask still does so afterwards."""
    settings = Settings(zoom=0.4, brightness=0.0)
    mask = np.zeros((32, 48, 4), np.float32)
    mask[4:20, 6:30, 1] = 1
    image = 255 * np.repeat(mask[..., 1:2], 3, axis=-1)
    example = tf.constant(image), {"masks": tf.constant(mask)}, {}
    for seed in range(6):
        moved, targets, _ = data.augment(settings, example, tf.constant([0, seed]))
        differs = (moved.numpy()[..., 0] > 127) != (targets["masks"].numpy()[..., 1] > 0.5)
        assert differs.mean() < 0.01
        assert targets["chances"].numpy().tolist() == [0, 1, 0, 0]


def test_texture_is_seen_by_weights_that_are_named(cloud_settings):
    with pytest.raises(InputError, match="--weights imagenet"):
        TASK.data.splits(dataclasses.replace(cloud_settings, network="texture"))


def test_decisions_are_given_or_chosen_but_not_both(cloud_settings):
    with pytest.raises(InputError, match="--choose nothing"):
        TASK.data.splits(dataclasses.replace(cloud_settings, decisions=EXPECTED))


def test_too_few_photos_to_train_on(cloud_settings):
    with pytest.raises(InputError, match="expected photos to train on"):
        TASK.data.splits(dataclasses.replace(cloud_settings, folds=12))


def test_a_ridge_on_texture_trains_and_serves_photos(cloud_settings, tmp_path):
    weights.save(tmp_path / "encoder.npz", encoder("small", (None, None, 3)))
    settings = dataclasses.replace(
        cloud_settings,
        network="texture",
        weights=str(tmp_path / "encoder.npz"),
        scales=(1,),
        mirrored=2,
        choose="nothing",
        decisions=EXPECTED,
    )
    splits = TASK.data.splits(settings)
    model = TASK.training.build(settings)
    batch = next(iter(training_stream(splits.train, 4, seed=0)))
    assert batch[0].shape[:3] == (4, 8, 12)
    assert np.isfinite(np.ravel(model.train_on_batch(*batch))).all()
    case = next(iter(TASK.data.cases(settings)))
    fields = TASK.training.serving_model(settings, model)(tf.constant([case.inputs]))
    fields = {name: value.numpy()[0] for name, value in fields.items()}
    assert fields["masks"].shape == (*SCORE_SHAPE, 4)
    proposed = propose(fields["probabilities"], fields["chances"], EXPECTED)
    assert (proposed != fields["masks"]).mean() < 1e-3


def test_an_ensemble_is_decided_by_the_mean(cloud_settings):
    rng = np.random.default_rng(0)
    members = [
        {
            "masks": rng.random((5, 7, 4)) > 0.5,
            "probabilities": rng.random((5, 7, 4)),
            "chances": rng.random(4),
            "decisions": table(Decisions(thresholds=(t,) * 4, shapes=("box",) * 4)),
        }
        for t in (0.4, 0.8)
    ]
    mean = {k: (members[0][k] + members[1][k]) / 2 for k in ("probabilities", "chances")}
    expected = decide(
        mean["probabilities"],
        mean["chances"],
        Decisions(thresholds=(0.6,) * 4, shapes=("box",) * 4),
    )
    np.testing.assert_array_equal(final_masks(combine(members)), expected)


def test_photos_without_labels_make_a_valid_submission(cloud_folder, cloud_settings, tmp_path):
    folder = tmp_path / "new"
    shutil.copytree(cloud_folder / "train_images", folder / "test_images")
    settings = dataclasses.replace(cloud_settings, data=str(folder))
    box = np.zeros((*SCORE_SHAPE, 4), bool)
    box[100:200, 50:300, 2] = True
    pairs = [(case, {"masks": box}) for case in TASK.data.future(settings)]
    written = TASK.products.write(pairs, tmp_path / "out", "a test")
    assert tmp_path / "out" / "submission.csv" in written
    names = [case.name for case, _ in pairs]
    submission = tmp_path / "out" / "submission.csv"
    assert validate_submission(submission, names) == []
    checked = dataclasses.replace(cloud_settings, data=str(submission))
    assert TASK.data.doctor(checked, None) == []
    submission.write_text(submission.read_text().replace("_Gravel,", "_Gravel,0 "))
    assert len(TASK.data.doctor(checked, None)) == len(names)


def test_a_damaged_photo_is_named(cloud_folder, cloud_settings, tmp_path):
    folder = tmp_path / "new"
    shutil.copytree(cloud_folder / "train_images", folder)
    damaged = sorted(folder.iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:300])
    settings = dataclasses.replace(cloud_settings, data=str(folder))
    with pytest.raises(InputError, match=damaged.name):
        next(iter(TASK.data.future(settings)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": 1}, "folds: expected at least 2"),
        ({"test_fold": 5}, "test_fold: expected 0 to 4"),
        ({"rows": 16}, "at least 32 rows"),
        ({"decoder_filters": ()}, "decoder_filters"),
        ({"zoom": 1.0}, "below 1"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(InputError, match=message):
        Settings(**changes)
