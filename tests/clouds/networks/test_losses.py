import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.networks.losses import LOSSES, MaskLoss, bce_dice, dice

SHAPE = (2, 4, 5, 3)  # two images of 4 x 5 cells, three classes
rng = np.random.default_rng(0)
TRUE = (rng.random(SHAPE) < 0.4).astype(np.float32)
PRED = rng.uniform(0.1, 0.9, SHAPE).astype(np.float32)


def network():
    """Probabilities of two heads of the shape of the masks."""
    image = keras.Input((4, 5, 3), name="image")
    heads = {
        head: keras.layers.Conv2D(3, 1, activation="sigmoid", name=head)(image)
        for head in ("mask", "other")
    }
    return keras.Model(image, heads)


def slow_dice(true, pred, weight):
    """Reference implementation, cell by cell."""
    losses = np.zeros((2, 3))
    for b in range(2):
        for c in range(3):
            both = either = 0.0
            for y in range(4):
                for x in range(5):
                    w, t, p = weight[b, y, x, c], true[b, y, x, c], pred[b, y, x, c]
                    both, either = both + w * t * p, either + w * (t + p)
            losses[b, c] = 1 - (2 * both + 1) / (either + 1)
    return losses


def test_dice_is_that_of_each_image_and_class():
    weight = rng.random(SHAPE).astype(np.float32)
    expected = slow_dice(TRUE, PRED, weight)
    np.testing.assert_allclose(dice(TRUE, PRED, weight), expected, rtol=1e-5)
    assert float(LOSSES["dice"](TRUE, PRED, weight)) == pytest.approx(expected.mean(), rel=1e-5)
    for part in (weight[..., 0], weight[:, 0, 0, 0]):  # (B, H, W), (B,)
        whole = np.broadcast_to(part.reshape(*part.shape, *[1] * (4 - part.ndim)), SHAPE)
        got = float(LOSSES["dice"](TRUE, PRED, part))
        assert got == pytest.approx(slow_dice(TRUE, PRED, whole).mean(), rel=1e-5)


def test_dice_of_hand_drawn_masks():
    true = np.zeros((1, 4, 4, 2), np.float32)
    true[0, :2, :, 0] = 1  # the upper half; the other class is empty
    half = true.copy()
    half[0, 1] = 0  # one row of the two
    ones = np.ones_like(true)
    np.testing.assert_allclose(dice(true, true, ones), [[0, 0]], atol=1e-6)
    np.testing.assert_allclose(dice(true, half, ones), [[1 - 9 / 13, 0]], rtol=1e-5)


def test_bce_dice_is_three_quarters_cross_entropy():
    parts = [float(np.mean(LOSSES[name](TRUE, PRED))) for name in ("binary_crossentropy", "dice")]
    whole = float(LOSSES["bce_dice"](TRUE, PRED))
    assert whole == pytest.approx(0.75 * parts[0] + 0.25 * parts[1], rel=1e-5)
    expected = keras.losses.BinaryCrossentropy()(TRUE, PRED)
    assert parts[0] == pytest.approx(float(expected), rel=1e-5)


def test_focal_loss_by_hand():
    got = np.asarray(LOSSES["focal"](np.float32([1, 1, 0]), np.float32([0.9, 0.5, 0.5])))
    np.testing.assert_allclose(got, [0.01 * -np.log(0.9), 0.25 * np.log(2), 0.25 * np.log(2)], 1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_labels_of_weight_zero_have_no_influence(name):
    model = network()
    model.compile("sgd", loss={h: LOSSES[name] for h in ("mask", "other")}, jit_compile=False)
    weight = np.ones(SHAPE, np.float32)
    weight[:, :1] = 0
    losses = []
    for hidden in (1, 9, -1e6):
        true = np.where(weight > 0, TRUE, np.float32(hidden))
        both = [{"mask": x, "other": x} for x in (true, weight)]
        losses.append(np.ravel(model.test_on_batch(PRED, *both))[0])
    assert losses[0] == losses[1] == losses[2] > 0


def test_labels_of_weight_zero_change_no_gradient():
    pred, weight = tf.Variable(PRED), np.ones(SHAPE, np.float32)
    weight[:, 1:3] = 0
    gradients = []
    for hidden in (0, 9):
        with tf.GradientTape() as tape:
            loss = LOSSES["bce_dice"](np.where(weight > 0, TRUE, hidden), pred, weight)
        gradients.append(tape.gradient(loss, pred).numpy())
    np.testing.assert_array_equal(*gradients)
    assert not gradients[0][:, 1:3].any()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("true", [0.0, 1.0])
@pytest.mark.parametrize("pred", [0.0, 0.5, 1.0])
def test_gradients_of_empty_and_full_masks_are_finite(name, true, pred):
    values = tf.Variable(np.full(SHAPE, pred, np.float32))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(LOSSES[name](np.full(SHAPE, true, np.float32), values))
    assert np.isfinite(loss)
    assert np.isfinite(tape.gradient(loss, values)).all()


def test_dice_alone_by_its_weight():
    only = MaskLoss(lambda *maps: bce_dice(*maps, dice_weight=1.0), "only_dice")
    assert float(only(TRUE, PRED)) == pytest.approx(float(LOSSES["dice"](TRUE, PRED)))
