"""Optical flow, advection and blur in the graph, so that an exported model needs nothing else.

A flow is (..., 2) in pixels per frame, rows first, and points in the direction of motion: an image
advected by it has at x the value that the image had at x - flow(x). Images are extended beyond
their edges by their edge values. Signs and axes are those of
`tensorflow_addons.image.dense_image_warp`.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.data.layout import SIDE
from seaice_tf.nowcast.networks.local_means import blocked_mean, gaussian_mean, local_mean

COARSEST = 16  # pixels, the pyramid ends at the last level with sides of at least this length
LEVELS = 4  # at most: motions of up to 30 pixels per frame
LARGEST_CHANGE = 1.0  # pixels per iteration
SMALLEST_SIGMA = 0.1  # pixels, a blur that leaves an image as it is
CONTRAST_SIGMA = 8.0  # pixels, of the windows of the local mean and contrast
CONTRAST_REACH = 36  # pixels
NOISE = 10.0  # counts, standard deviation below which contrast is not enhanced
OUTLIER = 0.4  # local standard deviations, an error from which on its weight falls


def sample(images, rows, columns):
    """Bilinear values of images (B, H, W, C) at points (B, ...): (B, ..., C)."""
    return look_up(neighbours(images), rows, columns)


def neighbours(images):
    """The four pixels around each point beside each other: (B, H, W, C) -> (B, H, W, 4 C).

    A table for `look_up`: whoever samples the same images again and again makes it once.
    """
    below = tf.concat([images[:, 1:], images[:, -1:]], axis=1)
    both = tf.concat([images, below], axis=-1)
    return tf.concat([both, tf.concat([both[:, :, 1:], both[:, :, -1:]], axis=2)], axis=-1)


def look_up(table, rows, columns):
    """Bilinear values at points (B, ...) by the table of `neighbours`: (B, ..., C)."""
    height, width = sides(table)
    rows = tf.clip_by_value(rows, 0.0, tf.cast(height - 1, rows.dtype))
    columns = tf.clip_by_value(columns, 0.0, tf.cast(width - 1, columns.dtype))
    top, left = tf.floor(rows), tf.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    first = tf.range(tf.shape(table)[0]) * height * width
    first = tf.reshape(first, [-1] + [1] * (len(rows.shape) - 1))
    # A coordinate of NaN becomes any valid index; the weights make its value NaN.
    row = tf.clip_by_value(tf.cast(top, tf.int32), 0, height - 1)
    column = tf.clip_by_value(tf.cast(left, tf.int32), 0, width - 1)
    flat = tf.reshape(table, [-1, table.shape[-1] or tf.shape(table)[-1]])
    found = tf.gather(flat, first + row * width + column)
    here, under, beside, across = tf.split(found, 4, axis=-1)
    near, far = here + down * (under - here), beside + down * (across - beside)
    return near + right * (far - near)


def sides(x) -> tuple:
    """Height and width of (B, H, W, ...): integers, or tensors where they are unknown."""
    dynamic = tf.shape(x)
    return tuple(x.shape[axis] or dynamic[axis] for axis in (1, 2))


def pixel_grid(height, width, margin: int = 0):
    """Rows and columns of the pixels at least `margin` inside the edges: (1, h, w) each."""
    rows, columns = (
        tf.range(float(margin), tf.cast(side - margin, tf.float32)) for side in (height, width)
    )
    rows, columns = rows[None, :, None], columns[None, None, :]
    return rows + 0 * columns, columns + 0 * rows


def warp(images, flow):
    """Images (B, H, W, C) advected by a flow (B, H, W, 2) for one frame."""
    rows, columns = pixel_grid(*sides(images))
    return sample(images, rows - flow[..., 0], columns - flow[..., 1])


@keras.utils.register_keras_serializable("seaice_tf")
class Warp(keras.layers.Layer):
    """Layer of `warp`: (B, H, W, C), (B, H, W, 2) -> (B, H, W, C)."""

    def call(self, images, flow):
        return warp(images, flow)

    def compute_output_shape(self, images_shape, flow_shape):
        return images_shape


@keras.utils.register_keras_serializable("seaice_tf")
class LastFrames(keras.layers.Layer):
    """The last `number` frames: (B, T, H, W) -> (B, number, H, W)."""

    def __init__(self, number: int, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, frames):
        return frames[:, -self.number :]

    def compute_output_shape(self, shape):
        return (shape[0], self.number, *shape[2:])

    def get_config(self):
        return super().get_config() | {"number": self.number}


@keras.utils.register_keras_serializable("seaice_tf")
class LastPairs(keras.layers.Layer):
    """The last `number` pairs of successive frames: (B, T, H, W) -> (B, number, 2, H, W)."""

    def __init__(self, number: int, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, frames):
        last = frames[:, -self.number - 1 :]
        return tf.stack([last[:, :-1], last[:, 1:]], axis=2)

    def compute_output_shape(self, shape):
        return (shape[0], self.number, 2, *shape[2:])

    def get_config(self):
        return super().get_config() | {"number": self.number}


@keras.utils.register_keras_serializable("seaice_tf")
class LucasKanade(keras.layers.Layer):
    """Optical flow of the last frames by iterated Lucas-Kanade.

    Lucas and Kanade 1981; coarse to fine with warping as in Bouguet 2001. All pairs of frames share
    one flow: their normal equations are summed, which is less noisy than the flow of the last pair.
    Frames are normalised locally first, so that thin cloud counts as much as bright edges, and
    pixels that change by more than motion count less (Black and Anandan 1996).
    (B, T, H, W) -> (B, H, W, 2), or a list of such flows if `window` is a sequence.

    Args:
        pairs: of successive frames, ending with the last frame.
        window: sigma in pixels of the Gaussian window in which a flow is constant; of a sequence,
            one flow for each, computed together, which keeps the graph small.
        iterations: of warping and solving at each level of the pyramid.
        damping: added to the diagonal of the normal equations as a fraction of the mean squared
            gradient; where there is no texture, the flow of the coarser level remains.
    """

    def __init__(
        self,
        pairs: int = 6,
        window: float | Sequence[float] = 10.0,
        iterations: int = 2,
        damping: float = 0.01,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.pairs, self.window = pairs, window
        self.iterations, self.damping = iterations, damping
        self.several = isinstance(window, Sequence)
        self.windows = tuple(window) if isinstance(window, Sequence) else (window,)

    def call(self, frames):
        frames = tf.transpose(tf.stop_gradient(frames)[:, -self.pairs - 1 :], [0, 2, 3, 1])
        flow = lucas_kanade(frames, self.windows, self.iterations, self.damping)
        return tf.split(flow, len(self.windows)) if self.several else flow

    def compute_output_shape(self, shape):
        of_flow = (shape[0], *shape[2:], 2)
        return [of_flow] * len(self.windows) if self.several else of_flow

    def get_config(self):
        return super().get_config() | {
            "pairs": self.pairs,
            "window": self.window,
            "iterations": self.iterations,
            "damping": self.damping,
        }


def lucas_kanade(frames, windows, iterations: int = 2, damping: float = 0.01):
    """One flow of successive frames for each window, see `LucasKanade`.

    Args:
        frames: (B, H, W, T) counts; of images of unknown size, sides that are multiples of 8 and at
            least 128.
        windows: sigmas in pixels.
        iterations, damping: as in `LucasKanade`.

    Returns:
        (windows B, H, W, 2), the flows by the first window first.
    """
    levels = [tf.tile(normalised(frames), [len(windows), 1, 1, 1])]
    while _has_coarser(levels[-1], len(levels)):
        levels.append(tf.nn.avg_pool2d(levels[-1], 2, 2, "SAME"))
    flow = tf.zeros_like(levels[-1][..., :2])
    for level, frames in reversed(list(enumerate(levels))):
        flow = _iterated(frames, finer(flow, frames), windows, iterations, damping, SIDE >> level)
    return flow


def normalised(frames):
    """Frames less their local mean, in local standard deviations: (B, H, W, T) -> same.

    Where the contrast is low, `NOISE` counts are the least standard deviation.
    """
    detail = frames - _contrast_mean(frames)
    return detail / tf.sqrt(_contrast_mean(tf.square(detail)) + NOISE**2)


def _contrast_mean(x):
    if None in x.shape[1:3]:
        return blocked_mean(x, CONTRAST_SIGMA, CONTRAST_REACH)
    return gaussian_mean(x, (CONTRAST_SIGMA,))


def _has_coarser(frames, levels: int) -> bool:
    if None in frames.shape[1:3]:  # as many as a window has
        return levels < LEVELS
    return min(frames.shape[1:3]) >= 2 * COARSEST and levels < LEVELS


def _iterated(frames, flow, windows, iterations: int, damping: float, around: int):
    """The flow after all iterations; a loop keeps the graph small."""
    warped, later = neighbours(frames[..., :-1]), frames[..., 1:]
    rows, columns = pixel_grid(*sides(frames))

    def step(i, flow):
        moved = look_up(warped, rows - flow[..., 0], columns - flow[..., 1])
        return i + 1, flow + _change(moved, later, windows, damping, around)

    return tf.while_loop(lambda i, flow: i < iterations, step, (0, flow))[1]


def _change(warped, later, windows, damping: float, around: int):
    """Change of the flow in one iteration: twice (N, H, W, T) -> (N, H, W, 2)."""
    down, across = _gradient(warped, axis=1), _gradient(warped, axis=2)
    error = warped - later
    weight = tf.math.rsqrt(1 + tf.square(error / OUTLIER))
    products = (down * down, down * across, across * across, down * error, across * error)
    sums = tf.stack([tf.reduce_sum(weight * p, axis=-1) for p in products], axis=-1)
    aa, ab, bb, ae, be = tf.unstack(gaussian_mean(sums, windows), axis=-1)
    minimum = damping * local_mean((aa + bb)[..., None], around)[..., 0] + 1e-12
    change = solve(aa + minimum, ab, bb + minimum, ae, be)
    return tf.clip_by_value(change, -LARGEST_CHANGE, LARGEST_CHANGE)


def solve(aa, ab, bb, ae, be):
    """Flow (..., 2) that solves the normal equations [[aa, ab], [ab, bb]] flow = (ae, be)."""
    flow = tf.stack([bb * ae - ab * be, aa * be - ab * ae], axis=-1)
    return flow / (aa * bb - ab * ab)[..., None]


def finer(flow, frames):
    """A flow (B, h, w, 2) on the grid of finer frames (B, H, W, T), in pixels of that grid."""
    if None not in flow.shape[1:3] and flow.shape[1:3] == frames.shape[1:3]:
        return flow
    size, coarse = (tf.stack(sides(x)) for x in (frames, flow))
    return tf.image.resize(flow, size) * tf.cast(size / coarse, flow.dtype)


def _gradient(x, axis: int):
    """Central differences, one-sided at the edges: (B, H, W, C) -> the same."""
    if axis == 2:
        first, second, before, last = x[:, :, :1], x[:, :, 1:2], x[:, :, -2:-1], x[:, :, -1:]
        between = (x[:, :, 2:] - x[:, :, :-2]) / 2
    else:
        first, second, before, last = x[:, :1], x[:, 1:2], x[:, -2:-1], x[:, -1:]
        between = (x[:, 2:] - x[:, :-2]) / 2
    return tf.concat([second - first, between, last - before], axis=axis)


@keras.utils.register_keras_serializable("seaice_tf")
class SemiLagrangianAdvection(keras.layers.Layer):
    """The last frame advected 1 to `steps` frames ahead by a flow that is constant in time.

    As `data.advection.extrapolate`: each pixel is traced back one frame at a time, by the flow at
    the midpoint of each step, and the frame is interpolated once, at the departure point.
    (B, T, H, W), (B, H, W, 2) -> (B, H - 2 margin, W - 2 margin, steps).
    """

    def __init__(self, steps: int, margin: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.steps, self.margin = steps, margin

    def call(self, frames, flow):
        table = neighbours(flow)

        def back(point, _):
            rows, columns = tf.unstack(point)
            half = look_up(table, rows, columns) / 2
            step = look_up(table, rows - half[..., 0], columns - half[..., 1])
            return tf.stack([rows - step[..., 0], columns - step[..., 1]])

        rows, columns = _trajectory(back, _arrival_points(flow, self.margin), self.steps)
        return sample(frames[:, -1, :, :, None], rows, columns)[..., 0]

    def compute_output_shape(self, frames_shape, flow_shape):
        rows, columns = (side - 2 * self.margin for side in frames_shape[2:])
        return (frames_shape[0], rows, columns, self.steps)

    def get_config(self):
        return super().get_config() | {"steps": self.steps, "margin": self.margin}


@keras.utils.register_keras_serializable("seaice_tf")
class ConstantVelocityAdvection(keras.layers.Layer):
    """Frames advected 1 to `steps` frames ahead, each pixel at its own constant velocity.

    Over an hour that forecasts clouds better than a flow that is constant in time at each place.
    Takes [frames (B, T, H, W), one or more flows (B, H, W, 2)].

    Args:
        steps: leads in frames.
        earlier: ages in frames of earlier frames that are advected too, by the first flow.
        margin: pixels that are left out along each edge.

    Returns:
        (B, steps, h, w, flows + earlier + 1): the last frame by each flow, each earlier frame, and
        the distance in pixels by which the departure point by the first flow lies outside.
    """

    def __init__(self, steps: int, earlier: Sequence[int] = (), margin: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.steps, self.earlier, self.margin = steps, tuple(earlier), margin

    def call(self, inputs):
        frames, *flows = inputs
        # The flows follow each other along the batch, which keeps the graph small.
        table = neighbours(tf.concat(flows, axis=0))
        arrival = _arrival_points(table, self.margin)
        points = _trajectory(
            lambda p, lead: departure(table, arrival, p, lead), arrival, self.steps
        )
        rows, columns = (tf.stack(tf.split(x, len(flows)), axis=-1) for x in points)
        advected = along(frames, flows[0], self.earlier, rows, columns)
        return tf.transpose(advected, [0, 3, 1, 2, 4])

    def compute_output_shape(self, shapes):
        frames, *flows = shapes
        rows, columns = (side - 2 * self.margin for side in frames[2:])
        return (frames[0], self.steps, rows, columns, len(flows) + len(self.earlier) + 1)

    def get_config(self):
        return super().get_config() | {
            "steps": self.steps,
            "earlier": self.earlier,
            "margin": self.margin,
        }


def departure(table, arrival, point, lead):
    """Present place of what will be at `arrival` in `lead` frames: (2, B, h, w).

    One step of a fixed-point iteration that starts from the result of the lead before.

    Args:
        table: `neighbours` of the flows.
        arrival, point: (2, B, h, w) rows and columns.
    """
    velocity = look_up(table, *tf.unstack(point))
    return arrival - lead * tf.stack(tf.unstack(velocity, axis=-1))


def along(frames, flow, earlier: Sequence[int], rows, columns):
    """The channels of `ConstantVelocityAdvection` at departure points (B, ..., flows).

    Args:
        frames: (B, T, H, W).
        flow: (B, H, W, 2), the first one.
        earlier: ages of earlier frames.
        rows, columns: the points by each flow.

    Returns:
        (B, ..., flows + earlier + 1).
    """
    channels = [look_up(neighbours(frames[:, -1, :, :, None]), rows, columns)[..., 0]]
    rows, columns = rows[..., 0], columns[..., 0]
    velocity = sample(flow, rows, columns)
    for age in earlier:
        then = rows - age * velocity[..., 0], columns - age * velocity[..., 1]
        channels.append(sample(frames[:, -1 - age, :, :, None], *then))
    height, width = (tf.cast(side, rows.dtype) for side in sides(flow))
    inside = tf.minimum(
        tf.minimum(rows, height - 1 - rows), tf.minimum(columns, width - 1 - columns)
    )
    return tf.concat([*channels, tf.nn.relu(-inside)[..., None]], axis=-1)


def _arrival_points(flow, margin: int):
    """Rows and columns of the pixels inside the margin: (2, B, h, w)."""
    height, width = sides(flow)
    grid = pixel_grid(height, width, margin)
    return tf.stack([x + 0 * flow[:, :1, :1, 0] for x in grid])  # of the size of the batch


def _trajectory(step, start, steps: int):
    """Points that `step` gives for a point and steps 1 to `steps`: (B, h, w, steps) twice."""
    points = tf.scan(step, tf.range(1.0, steps + 1, dtype=start.dtype), start)
    return tf.unstack(tf.transpose(points, [1, 2, 3, 4, 0]))


@keras.utils.register_keras_serializable("seaice_tf")
class GaussianBlur(keras.layers.Layer):
    """Gaussian blur with a sigma in pixels for each channel: (B, H, W, C) -> (B, H, W, C).

    The weights of a pixel are normalised over the pixels inside the image. The sigmas are trainable
    weights if `trainable_sigmas`.
    """

    def __init__(self, sigmas: Sequence[float], trainable_sigmas: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.sigmas, self.trainable_sigmas = tuple(sigmas), trainable_sigmas

    def build(self, input_shape):
        self.sigma = self.add_weight(
            name="sigma",
            shape=(len(self.sigmas),),
            initializer=keras.initializers.Constant(np.array(self.sigmas, np.float32)),
            trainable=self.trainable_sigmas,
        )
        super().build(input_shape)

    def call(self, x):
        down, across = (blur_matrices(side, self.sigma) for side in x.shape[1:3])
        x = tf.einsum("cij,bjwc->biwc", down, x)
        return tf.einsum("cij,bhjc->bhic", across, x)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {
            "sigmas": self.sigmas,
            "trainable_sigmas": self.trainable_sigmas,
        }


def blur_matrices(side: int, sigma):
    """Gaussian blur along an axis as one matrix for each sigma: (C,) -> (C, side, side)."""
    place = tf.range(float(side))
    squares = tf.square(place[:, None] - place[None, :])
    width = tf.maximum(tf.abs(sigma), SMALLEST_SIGMA)[:, None, None]
    return tf.nn.softmax(-squares / (2 * tf.square(width)), axis=-1)
