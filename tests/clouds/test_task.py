"""The clouds task beyond what tests/test_every_task.py requires of every task."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from seaice_tf import pipeline
from seaice_tf.clouds import examples as data
from seaice_tf.clouds.cases import EvaluateOptions
from seaice_tf.clouds.data import postprocessing
from seaice_tf.clouds.data.labels import SCORE_SHAPE
from seaice_tf.clouds.data.postprocessing import Decisions, to_array
from seaice_tf.clouds.networks.serving import decode
from seaice_tf.clouds.products import submission
from seaice_tf.clouds.settings import Texture, UNet
from seaice_tf.clouds.task import TASK
from seaice_tf.clouds.verification import combine, final_masks
from seaice_tf.errors import InputError
from seaice_tf.networks import weights
from seaice_tf.networks.encoders import encoder
from seaice_tf.pipeline import training_stream

EXPECTED = Decisions(rule="expected_dice")


def test_training_validation_and_test_photos_are_disjoint(cloud_settings):
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
    examples = data.photo_examples(photos, cloud_settings, shape)
    for i in (0, len(photos) - 1):
        image, targets, _ = examples.fetch(tf.constant(i, tf.int64))
        assert image.shape == (32, 48, 3)
        np.testing.assert_allclose(targets["masks"], photos.coverage(i, shape), atol=1 / 500)
        np.testing.assert_array_equal(targets["class_probabilities"], photos.present()[i])


def test_each_photo_is_read_once_until_the_memory_is_full():
    reads = tf.Variable(tf.zeros(4, tf.int64))

    def read(index):
        reads.scatter_nd_add([[index]], tf.ones(1, tf.int64))
        return tf.fill((2, 3), tf.cast(index + 7, tf.uint8))

    kept = data.keep(read, (2, 3), 3)
    dataset = tf.data.Dataset.range(4).repeat(3).map(kept, num_parallel_calls=1)
    found = [values.numpy() for values in dataset]
    np.testing.assert_array_equal(found, np.repeat([7, 8, 9, 10] * 3, 6).reshape(12, 2, 3))
    assert reads.numpy().tolist() == [1, 1, 1, 3]
    together = tf.data.Dataset.range(4).repeat(25).map(kept, num_parallel_calls=8)
    assert [int(values[0, 0]) for values in together] == [7, 8, 9, 10] * 25


def test_photos_are_kept_as_they_were_read(cloud_settings, tmp_path):
    photos = data.labelled(cloud_settings).take([0, 1])
    copies = [Path(shutil.copy(path, tmp_path)) for path in photos.paths]
    photos = dataclasses.replace(photos, paths=tuple(copies))
    examples = data.photo_examples(photos, cloud_settings, (8, 12))
    index = tf.constant(1, tf.int64)
    read = examples.fetch(index)[0].numpy()
    exact = decode(copies[1].read_bytes(), *read.shape[:2]).numpy()
    np.testing.assert_allclose(read, exact, atol=0.5)
    np.testing.assert_array_equal(examples.kept(index)[0], read)
    copies[1].unlink()
    np.testing.assert_array_equal(examples.kept(index)[0], read)
    (images, _, _), *_ = pipeline.in_order(examples, 2)
    assert images.dtype == tf.float32
    np.testing.assert_array_equal(images[1], read)


@pytest.mark.parametrize("seed", range(4))
def test_flips_and_windows_are_those_of_the_flipped_photo(seed):
    network = UNet(zoom=0.3, brightness_jitter=0.0)
    image = np.random.default_rng(seed).integers(0, 256, (9, 14, 3), np.uint8)
    masks = (image[..., [0, 1, 2, 0]] > 127).astype(np.float32)
    example = tf.constant(image), {"masks": tf.constant(masks)}, {}
    moved, targets, _ = data.augment(network, example, tf.constant([3, seed]))
    draws = tf.random.stateless_uniform([7], tf.constant([3, seed])).numpy()
    axes = [axis for axis in (0, 1) if draws[axis] < 0.5]
    side = 1 - 0.3 * draws[2]
    top, left = (1 - side) * draws[3:5]
    box = [[top, left, top + side, left + side]]
    for found, plain in ((moved, image), (targets["masks"], masks)):
        flipped = np.flip(plain, axes)[None].astype(np.float32)
        expected = tf.image.crop_and_resize(flipped, box, [0], plain.shape[:2])[0]
        np.testing.assert_allclose(found, expected, atol=2e-2 if plain is image else 1e-4)


def test_augmentation_moves_the_masks_with_the_photo():
    """A photo that is its own mask remains so."""
    network = UNet(zoom=0.4, brightness_jitter=0.0)
    mask = np.zeros((32, 48, 4), np.float32)
    mask[4:20, 6:30, 1] = 1
    image = 255 * np.repeat(mask[..., 1:2], 3, axis=-1)
    example = tf.constant(image), {"masks": tf.constant(mask)}, {}
    for seed in range(6):
        moved, targets, _ = data.augment(network, example, tf.constant([0, seed]))
        differs = (moved.numpy()[..., 0] > 127) != (targets["masks"].numpy()[..., 1] > 0.5)
        assert differs.mean() < 0.01
        assert targets["class_probabilities"].numpy().tolist() == [0, 1, 0, 0]


def test_decisions_are_either_given_or_chosen(cloud_settings):
    with pytest.raises(InputError, match="--choose none"):
        TASK.data.splits(dataclasses.replace(cloud_settings, decisions=EXPECTED))


def test_too_few_photos_to_train_on(cloud_settings):
    with pytest.raises(InputError, match="expected photos to train on"):
        TASK.data.splits(dataclasses.replace(cloud_settings, folds=12))


def test_the_texture_network_trains_and_serves_photos(cloud_settings, tmp_path):
    weights.save(tmp_path / "encoder.npz", encoder("small", (None, None, 3)))
    settings = dataclasses.replace(
        cloud_settings,
        network=Texture("small", str(tmp_path / "encoder.npz"), scales=(1,)),
        tta="horizontal_flip",
        choose="none",
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
    expected = postprocessing.binarise(
        fields["probabilities"], fields["class_probabilities"], EXPECTED
    )
    assert (expected != fields["masks"]).mean() < 1e-3


def test_an_ensemble_averages_probabilities_and_thresholds(cloud_settings):
    rng = np.random.default_rng(0)
    members = [
        {
            "masks": rng.random((5, 7, 4)) > 0.5,
            "probabilities": rng.random((5, 7, 4)),
            "class_probabilities": rng.random(4),
            "decisions": to_array(Decisions(thresholds=(t,) * 4, shapes=("box",) * 4)),
        }
        for t in (0.4, 0.8)
    ]
    names = ("probabilities", "class_probabilities")
    mean = {k: (members[0][k] + members[1][k]) / 2 for k in names}
    expected = postprocessing.masks(
        mean["probabilities"],
        mean["class_probabilities"],
        Decisions(thresholds=(0.6,) * 4, shapes=("box",) * 4),
    )
    np.testing.assert_array_equal(final_masks(combine(members)), expected)


def test_photos_without_labels_make_a_valid_submission(cloud_folder, cloud_settings, tmp_path):
    folder = tmp_path / "new"
    shutil.copytree(cloud_folder / "train_images", folder / "test_images")
    settings = dataclasses.replace(cloud_settings, data=str(folder))
    box = np.zeros((*SCORE_SHAPE, 4), bool)
    box[100:200, 50:300, 2] = True
    fields = {"masks": box, "probabilities": 0.9 * box, "class_probabilities": box.max((0, 1))}
    pairs = [(case, fields) for case in TASK.data.future(settings)]
    written = TASK.products.write(pairs, tmp_path / "out", "a test")
    assert tmp_path / "out" / "submission.csv" in written
    names = [case.name for case, _ in pairs]
    path = tmp_path / "out" / "submission.csv"
    assert submission.validate(path, names) == []
    assert TASK.products.check(path, folder) == []
    path.write_text(path.read_text().replace("_Gravel,", "_Gravel,0 "))
    assert len(TASK.products.check(path, folder)) == len(names)


def test_the_error_for_a_damaged_photo_names_it(cloud_folder, cloud_settings, tmp_path):
    folder = tmp_path / "new"
    shutil.copytree(cloud_folder / "train_images", folder)
    damaged = sorted(folder.iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:300])
    settings = dataclasses.replace(cloud_settings, data=str(folder))
    with pytest.raises(InputError, match=damaged.name):
        next(iter(TASK.data.future(settings)))


def test_photos_of_another_shape_than_the_network_sees_are_warned_of(
    cloud_settings, tmp_path, caplog
):
    settings = dataclasses.replace(cloud_settings, data=str(tmp_path))  # 48 x 32
    for width, height in ((48, 32), (40, 30), (400, 200)):
        Image.new("RGB", (width, height)).save(tmp_path / f"usual {width}.png")
    TASK.data.future(settings)
    assert not caplog.text
    for width, height in ((32, 48), (4, 3), (400, 20), (500, 20)):
        Image.new("RGB", (width, height)).save(tmp_path / f"odd {width}.png")
    (tmp_path / "damaged.png").write_bytes(b"")
    TASK.data.future(settings)
    assert "48 x 32 pixels, which the network sees, got odd 32.png (32 x 48)" in caplog.text
    assert "odd 4.png (4 x 3), odd 400.png (400 x 20) and 1 more" in caplog.text
    assert "usual" not in caplog.text
