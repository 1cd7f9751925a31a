import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from seaice_tf import compat
from seaice_tf.nowcast.data import advection
from seaice_tf.nowcast.networks.warp import Carry, Extrapolate, GaussianBlur, Warp, warp

H, W = 9, 11


def texture(rng, shape, smooth=2.0):
    return ndimage.gaussian_filter(rng.normal(size=shape), smooth).astype("float32")


def everywhere(down, across, batch=1, shape=(H, W)):
    return tf.tile(tf.constant([down, across], tf.float32)[None, None, None], [batch, *shape, 1])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_flow_points_where_things_go():
    image = np.zeros((1, H, W, 1), np.float32)
    image[0, 4, 5] = 1
    moved = warp(tf.constant(image), everywhere(2, -3)).numpy()
    assert np.argwhere(moved[0, ..., 0]).tolist() == [[6, 2]]


def test_a_warp_is_that_outside_the_graph(rng):
    image = rng.normal(size=(2, H, W, 3)).astype("float32")
    flow = rng.normal(scale=4, size=(2, H, W, 2)).astype("float32")
    moved = Warp()(tf.constant(image), tf.constant(flow)).numpy()
    for b, c in np.ndindex(2, 3):
        slow = advection.warp(image[b, ..., c], flow[b])
        np.testing.assert_allclose(moved[b, ..., c], slow, atol=1e-5)


def test_a_flow_that_is_no_number_spoils_its_pixel_only():
    flow = everywhere(1, 1).numpy()
    flow[0, 3, 3] = np.nan
    moved = warp(tf.ones((1, H, W, 1)), tf.constant(flow)).numpy()
    assert np.argwhere(np.isnan(moved[0, ..., 0])).tolist() == [[3, 3]]


@pytest.mark.skipif(not compat.has_addons(), reason="needs tensorflow-addons")
def test_a_warp_is_that_of_tensorflow_addons(rng):
    import tensorflow_addons

    image = tf.constant(rng.normal(size=(2, H, W, 3)), tf.float32)
    flow = tf.constant(rng.normal(scale=4, size=(2, H, W, 2)), tf.float32)
    theirs = tensorflow_addons.image.dense_image_warp(image, flow)
    np.testing.assert_allclose(warp(image, flow), theirs, atol=1e-5)


def test_gradients_of_a_warp_are_those_of_differences(rng):
    image = tf.constant(rng.normal(size=(1, H, W, 1)), tf.float32)
    flow = tf.constant(rng.uniform(0.2, 0.8, size=(1, H, W, 2)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([image, flow])
        total = tf.reduce_sum(warp(image, flow) ** 2)
    by_image, by_flow = tape.gradient(total, [image, flow])
    step = np.zeros((1, H, W, 2), np.float32)
    step[0, 4, 4, 1] = 1e-2
    ahead, behind = (tf.reduce_sum(warp(image, flow + s) ** 2) for s in (step, -step))
    np.testing.assert_allclose(by_flow[0, 4, 4, 1], (ahead - behind) / 2e-2, rtol=1e-2)
    assert np.isfinite(by_image).all()


def test_leads_are_those_outside_the_graph(rng):
    frames, flow = texture(rng, (2, 3, H, W)), texture(rng, (2, H, W, 2), (0, 2, 2, 0)) * 8
    leads = Extrapolate(4)(tf.constant(frames), tf.constant(flow)).numpy()
    for b in range(2):
        slow = advection.extrapolate(frames[b, -1], flow[b], 4)
        np.testing.assert_allclose(leads[b], np.moveaxis(slow, 0, -1), atol=1e-5)
    assert np.abs(leads[..., 0] - frames[:, -1]).max() > 0.01  # the first has moved already


def test_a_steady_rotation_comes_back_after_a_full_turn(rng):
    side, steps = 33, 72
    down, across = np.mgrid[:side, :side] - side // 2
    angle = 2 * np.pi / steps
    flow = np.stack([across, -down], axis=-1) * angle
    frame = texture(rng, (1, 1, side, side), (0, 0, 3, 3))
    leads = Extrapolate(steps, margin=8)(tf.constant(frame), tf.constant(flow[None], tf.float32))
    centre = frame[0, 0, 8:-8, 8:-8]
    np.testing.assert_allclose(leads[0, ..., -1], centre, atol=0.02 * np.ptp(centre))
    assert np.abs(leads[0, ..., 11] - centre).max() > 0.3 * np.ptp(centre)


def test_frames_of_all_ages_are_carried_to_the_same_place():
    """A dot that moved by (1, -2) a frame is carried on by as much, from each frame; what was
    outside is counted."""
    frames = np.zeros((1, 3, 15, 15), "float32")
    for i in range(3):
        frames[0, i, 4 + i, 9 - 2 * i] = 1
    flow = tf.broadcast_to(tf.constant([1.0, -2.0]), (1, 15, 15, 2))
    carried = Carry(3, ages=(0, 1, 2))(tf.constant(frames), flow).numpy()
    assert carried.shape == (1, 3, 15, 15, 4)
    for lead in (1, 2):
        for age in range(3):
            place = np.argwhere(carried[0, lead - 1, ..., age])
            assert place.tolist() == [[6 + lead, 5 - 2 * lead]]
    assert carried[0, 2, 0, 14, 3] == 6  # 6 columns, and 3 rows, past the corner
    centre = Carry(3, ages=(0, 1, 2), margin=2)(tf.constant(frames), flow)
    np.testing.assert_array_equal(centre, carried[:, :, 2:-2, 2:-2])


def test_what_is_carried_keeps_its_own_speed(rng):
    """Frames that hold their own coordinates tell where a pixel came from; from there, three times
    the flow of that place leads to it."""
    flow = np.repeat(texture(rng, (1, 24, 24, 2), (0, 6, 6, 0)) * 6, 2, axis=0)
    places = np.indices((24, 24), np.float32)[:, None]
    came_from = Carry(3, margin=8)(tf.constant(places), tf.constant(flow, tf.float32))
    rows, columns = came_from.numpy()[:, 2, ..., 0]
    speed = advection.at(np.moveaxis(flow[0], -1, 0), np.stack([rows, columns]))
    assert np.abs(speed).max() > 0.5
    found = np.stack([rows, columns]) + 3 * speed
    np.testing.assert_allclose(found, places[:, 0, 8:-8, 8:-8], atol=0.1)


def test_in_two_hours_the_fixed_point_is_off_by_less_than_half_a_pixel():
    places = np.indices((128, 128)).astype("float32")
    turning = 0.02 * np.stack([places[1] - 64, 64 - places[0]])  # a degree a frame
    flow = np.clip(turning, -3, 3)
    came_from = Carry(24, margin=32)(
        places[:, None], np.repeat(np.moveaxis(flow, 0, -1)[None], 2, 0)
    )
    for lead in (1, 12, 24):
        origin = came_from.numpy()[:, lead - 1, ..., 0]
        found = origin + lead * advection.at(flow, origin)
        np.testing.assert_allclose(found, places[:, 32:96, 32:96], atol=0.5)
    assert np.abs(origin - places[:, 32:96, 32:96]).max() > 15


def test_a_margin_gives_the_centre(rng):
    frames = tf.constant(texture(rng, (2, 1, H, W)))
    flow = tf.constant(rng.normal(size=(2, H, W, 2)), tf.float32)
    whole, centre = (Extrapolate(2, margin)(frames, flow).numpy() for margin in (0, 2))
    np.testing.assert_allclose(whole[:, 2:-2, 2:-2], centre, atol=1e-6)


def test_blur_by_a_sigma_of_each_channel(rng):
    side = 41
    image = rng.normal(size=(1, side, side, 3)).astype("float32")
    blur = GaussianBlur((0.0, 1.0, 2.5))
    found = blur(image).numpy()
    assert not blur.trainable_weights
    np.testing.assert_allclose(found[..., 0], image[..., 0], atol=1e-6)
    for c, sigma in ((1, 1.0), (2, 2.5)):
        slow = ndimage.gaussian_filter(image[0, ..., c], sigma, truncate=6)
        inside = (slice(15, -15), slice(15, -15))
        np.testing.assert_allclose(found[0, ..., c][inside], slow[inside], atol=1e-4)
    np.testing.assert_allclose(blur(np.ones((1, 5, 7, 3), np.float32)), 1, atol=1e-6)


def test_a_learnt_blur_has_gradients():
    blur = GaussianBlur((0.0, 2.0), learnt=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(blur(tf.eye(8)[None, ..., None] * tf.ones(2)) ** 2)
    (gradient,) = tape.gradient(loss, blur.trainable_weights)
    assert np.isfinite(gradient).all()
    assert gradient[1] < 0
