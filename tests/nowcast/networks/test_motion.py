import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage
from skimage.registration import optical_flow_ilk

from seaice_tf import compat
from seaice_tf.nowcast.data import advection
from seaice_tf.nowcast.networks.motion import (
    ConstantVelocityAdvection,
    GaussianBlur,
    LucasKanade,
    SemiLagrangianAdvection,
    Warp,
    normalised,
    warp,
)

H, W = 9, 11
SIDE = 64


def texture(rng, shape, smooth=2.0):
    return ndimage.gaussian_filter(rng.normal(size=shape), smooth).astype("float32")


def everywhere(down, across, batch=1, shape=(H, W)):
    return tf.tile(tf.constant([down, across], tf.float32)[None, None, None], [batch, *shape, 1])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_flow_points_in_the_direction_of_motion():
    image = np.zeros((1, H, W, 1), np.float32)
    image[0, 4, 5] = 1
    moved = warp(tf.constant(image), everywhere(2, -3)).numpy()
    assert np.argwhere(moved[0, ..., 0]).tolist() == [[6, 2]]


def test_a_warp_equals_that_in_numpy(rng):
    image = rng.normal(size=(2, H, W, 3)).astype("float32")
    flow = rng.normal(scale=4, size=(2, H, W, 2)).astype("float32")
    moved = Warp()(tf.constant(image), tf.constant(flow)).numpy()
    for b, c in np.ndindex(2, 3):
        slow = advection.warp(image[b, ..., c], flow[b])
        np.testing.assert_allclose(moved[b, ..., c], slow, atol=1e-5)


def test_a_flow_of_nan_affects_its_pixel_only():
    flow = everywhere(1, 1).numpy()
    flow[0, 3, 3] = np.nan
    moved = warp(tf.ones((1, H, W, 1)), tf.constant(flow)).numpy()
    assert np.argwhere(np.isnan(moved[0, ..., 0])).tolist() == [[3, 3]]


@pytest.mark.skipif(not compat.has_addons(), reason="needs tensorflow-addons")
def test_a_warp_equals_that_of_tensorflow_addons(rng):
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


def test_semi_lagrangian_advection_equals_that_in_numpy(rng):
    frames, flow = texture(rng, (2, 3, H, W)), texture(rng, (2, H, W, 2), (0, 2, 2, 0)) * 8
    leads = SemiLagrangianAdvection(4)(tf.constant(frames), tf.constant(flow)).numpy()
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
    leads = SemiLagrangianAdvection(steps, margin=8)(
        tf.constant(frame), tf.constant(flow[None], tf.float32)
    )
    centre = frame[0, 0, 8:-8, 8:-8]
    np.testing.assert_allclose(leads[0, ..., -1], centre, atol=0.02 * np.ptp(centre))
    assert np.abs(leads[0, ..., 11] - centre).max() > 0.3 * np.ptp(centre)


def test_earlier_frames_are_advected_to_the_same_place():
    """A dot that moves by (1, -2) per frame, from each frame; the last channel is the distance
    outside of the image."""
    frames = np.zeros((1, 3, 15, 15), "float32")
    for i in range(3):
        frames[0, i, 4 + i, 9 - 2 * i] = 1
    flow = tf.broadcast_to(tf.constant([1.0, -2.0]), (1, 15, 15, 2))
    inputs = [tf.constant(frames), flow]
    advected = ConstantVelocityAdvection(3, (1, 2))(inputs).numpy()
    assert advected.shape == (1, 3, 15, 15, 4)
    for lead in (1, 2):
        for age in range(3):
            place = np.argwhere(advected[0, lead - 1, ..., age])
            assert place.tolist() == [[6 + lead, 5 - 2 * lead]]
    assert advected[0, 2, 0, 14, 3] == 6  # 6 columns, and 3 rows, past the corner
    centre = ConstantVelocityAdvection(3, (1, 2), margin=2)(inputs)
    np.testing.assert_array_equal(centre, advected[:, :, 2:-2, 2:-2])


def test_pixels_keep_their_own_velocity(rng):
    """Frames of their own coordinates give the departure points; three times the flow there leads
    to the pixel."""
    flow = np.repeat(texture(rng, (1, 24, 24, 2), (0, 6, 6, 0)) * 6, 2, axis=0)
    places = np.indices((24, 24), np.float32)[:, None]
    inputs = [tf.constant(places), tf.constant(flow, tf.float32)]
    departure = ConstantVelocityAdvection(3, margin=8)(inputs)
    rows, columns = departure.numpy()[:, 2, ..., 0]
    speed = advection.at(np.moveaxis(flow[0], -1, 0), np.stack([rows, columns]))
    assert np.abs(speed).max() > 0.5
    found = np.stack([rows, columns]) + 3 * speed
    np.testing.assert_allclose(found, places[:, 0, 8:-8, 8:-8], atol=0.1)


def test_the_error_of_the_fixed_point_after_two_hours_is_less_than_half_a_pixel():
    places = np.indices((128, 128)).astype("float32")
    rotation = 0.02 * np.stack([places[1] - 64, 64 - places[0]])  # a degree per frame
    flow = np.clip(rotation, -3, 3)
    inputs = [places[:, None], np.repeat(np.moveaxis(flow, 0, -1)[None], 2, 0)]
    departure = ConstantVelocityAdvection(24, margin=32)(inputs)
    for lead in (1, 12, 24):
        origin = departure.numpy()[:, lead - 1, ..., 0]
        found = origin + lead * advection.at(flow, origin)
        np.testing.assert_allclose(found, places[:, 32:96, 32:96], atol=0.5)
    assert np.abs(origin - places[:, 32:96, 32:96]).max() > 15


def test_a_margin_gives_the_centre(rng):
    frames = tf.constant(texture(rng, (2, 1, H, W)))
    flow = tf.constant(rng.normal(size=(2, H, W, 2)), tf.float32)
    whole, centre = (SemiLagrangianAdvection(2, margin)(frames, flow).numpy() for margin in (0, 2))
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


def test_trainable_sigmas_have_gradients():
    blur = GaussianBlur((0.0, 2.0), trainable_sigmas=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(blur(tf.eye(8)[None, ..., None] * tf.ones(2)) ** 2)
    (gradient,) = tape.gradient(loss, blur.trainable_weights)
    assert np.isfinite(gradient).all()
    assert gradient[1] < 0


@pytest.fixture(scope="module")
def scene():
    """A texture larger than the frames cut from it."""
    noise = np.random.default_rng(3).normal(size=(160, 160))
    smooth = ndimage.gaussian_filter(noise, 2) + 3 * ndimage.gaussian_filter(noise, 6)
    return 300 + 100 * smooth / smooth.std()


def moving(scene, motion, number):
    """Frames of a scene that moves by `motion` pixels per frame: (number, SIDE, SIDE) float32."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 48.0
    frames = [
        ndimage.map_coordinates(scene, (rows - k * motion[0], columns - k * motion[1]), order=3)
        for k in range(number)
    ]
    return np.array(frames, np.float32)


@pytest.mark.parametrize("motion", [(0.0, 0.0), (0.4, -0.7), (3.3, 2.1), (-5.0, 1.5)])
def test_the_flow_of_a_moved_texture(scene, motion):
    frames = moving(scene, motion, 3)
    flow = LucasKanade()(frames[None]).numpy()[0]
    # Near the edges the local contrast does not move with the texture.
    error = np.hypot(*np.moveaxis(flow - motion, -1, 0))[24:-24, 24:-24]
    theirs = -np.moveaxis(optical_flow_ilk(frames[-1], frames[-2]), 0, -1)
    their_error = np.hypot(*np.moveaxis(theirs - motion, -1, 0))[24:-24, 24:-24]
    assert error.mean() < 0.05
    assert error.mean() < their_error.mean() + 0.02


def test_a_flow_may_differ_from_place_to_place(scene):
    rows, columns = np.mgrid[:SIDE, :SIDE] + 48.0
    rotation = np.stack([columns - 80, 80 - rows], axis=-1) * 0.05  # up to 1.6 pixels
    first = ndimage.map_coordinates(scene, (rows, columns), order=3)
    second = ndimage.map_coordinates(
        scene, (rows - rotation[..., 0], columns - rotation[..., 1]), order=3
    )
    flow = LucasKanade(window=4.0, iterations=4)(np.stack([first, second])[None].astype("float32"))
    error = np.abs(flow.numpy()[0] - rotation)[8:-8, 8:-8]
    assert error.mean() < 0.15


def test_several_windows_give_the_flows_of_each(scene):
    frames = moving(scene, (0.4, -0.7), 3)[None]
    several = LucasKanade(pairs=2, window=(10.0, 5.0))(np.repeat(frames, 2, axis=0))
    for flow, window in zip(several, (10.0, 5.0), strict=True):
        alone = LucasKanade(pairs=2, window=window)(frames)
        assert flow.shape == (2, SIDE, SIDE, 2)
        np.testing.assert_allclose(flow[1], alone[0], atol=1e-4)


def test_several_flows_advect_the_last_frame_as_each_alone(rng):
    frames = tf.constant(texture(rng, (2, 3, H, W)))
    flows = [tf.constant(rng.normal(size=(2, H, W, 2)), tf.float32) for _ in range(2)]
    found = ConstantVelocityAdvection(2, (1,))([frames, *flows]).numpy()
    first = ConstantVelocityAdvection(2, (1,))([frames, flows[0]]).numpy()
    second = ConstantVelocityAdvection(2)([frames, flows[1]]).numpy()
    np.testing.assert_allclose(found[..., [0, 2, 3]], first, atol=1e-5)
    np.testing.assert_allclose(found[..., 1], second[..., 0], atol=1e-5)


def test_without_texture_there_is_no_flow():
    flow = LucasKanade()(np.full((1, 3, 32, 32), 500, np.float32))
    np.testing.assert_array_equal(flow, 0)


def test_more_pairs_are_less_noisy(scene):
    frames = moving(scene, (1.0, -2.0), 7)
    frames += np.random.default_rng(0).normal(scale=40, size=frames.shape)
    errors = [
        np.abs(LucasKanade(pairs=pairs)(frames[None].astype("float32")) - (1.0, -2.0)).mean()
        for pairs in (1, 6)
    ]
    assert errors[1] < errors[0]


def test_thin_cloud_keeps_its_flow_beside_bright_edges(scene):
    """Beside a texture of ten times its contrast, 10 pixels from it, in windows of 10 pixels."""
    thin = 300 + 0.1 * (moving(scene, (0.0, 1.0), 3) - 300)
    bright = moving(scene.T, (0.0, -1.0), 3)
    frames = np.concatenate([thin[..., : SIDE // 2], bright[..., SIDE // 2 :]], axis=-1)
    flow = LucasKanade()(frames[None]).numpy()[0, :, :, 1]
    assert np.median(flow[:, SIDE // 2 - 10]) > 0.1
    assert np.median(flow[:, SIDE // 2 + 10]) < -0.1


def test_frames_are_normalised_as_in_scipy(scene):
    frames = moving(scene, (1.0, 0.5), 2)
    found = normalised(tf.constant(np.moveaxis(frames, 0, -1)[None])).numpy()[0]
    for frame, channel in zip(frames, np.moveaxis(found, -1, 0)):
        detail = frame - ndimage.gaussian_filter(frame, 8)
        slow = detail / np.sqrt(ndimage.gaussian_filter(detail**2, 8) + 100)
        inside = (slice(28, -28), slice(28, -28))
        np.testing.assert_allclose(channel[inside], slow[inside], atol=0.05)
    brighter = normalised(tf.constant(3 * np.moveaxis(frames, 0, -1)[None] + 50))[0]
    np.testing.assert_allclose(brighter, found, atol=0.05)


def test_what_appears_has_little_weight(scene):
    frames = moving(scene, (1.0, -2.0), 3)
    frames[-1, 28:36, 28:36] += 400
    flow = LucasKanade(pairs=2)(frames[None]).numpy()[0]
    error = np.hypot(*np.moveaxis(flow - (1.0, -2.0), -1, 0))
    assert error[24:-24, 24:-24].mean() < 0.25
