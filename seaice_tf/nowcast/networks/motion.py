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

COARSEST = 16  # pixels, the pyramid ends at the last level with sides of at least this length
LARGEST_CHANGE = 1.0  # pixels per iteration
SMALLEST_SIGMA = 0.1  # pixels, a blur that leaves an image as it is


def sample(images, rows, columns):
    """Bilinear values of images (B, H, W, C) at points (B, ...): (B, ..., C)."""
    height, width, channels = images.shape[1:]
    rows, columns = tf.clip_by_value(rows, 0, height - 1.0), tf.clip_by_value(columns, 0, width - 1)
    top, left = tf.floor(rows), tf.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    first = tf.range(tf.shape(images)[0]) * height * width
    first = tf.reshape(first, [-1] + [1] * (len(rows.shape) - 1))
    # A coordinate of NaN becomes any valid index; the weights make its value NaN.
    row = tf.clip_by_value(tf.cast(top, tf.int32), 0, height - 1)
    column = tf.clip_by_value(tf.cast(left, tf.int32), 0, width - 1)
    index = first + row * width + column
    # The four neighbours are stored beside each other, so that each point takes one look-up.
    below = tf.concat([images[:, 1:], images[:, -1:]], axis=1)
    both = tf.concat([images, below], axis=-1)
    both = tf.concat([both, tf.concat([both[:, :, 1:], both[:, :, -1:]], axis=2)], axis=-1)
    found = tf.gather(tf.reshape(both, [-1, 4 * channels]), index)
    here, under, beside, across = tf.split(found, 4, axis=-1)
    near, far = here + down * (under - here), beside + down * (across - beside)
    return near + right * (far - near)


def pixel_grid(height: int, width: int, margin: int = 0):
    """Rows and columns of the pixels at least `margin` inside the edges: (1, h, w) each."""
    rows = tf.range(float(margin), height - margin)[None, :, None]
    columns = tf.range(float(margin), width - margin)[None, None, :]
    return rows + 0 * columns, columns + 0 * rows


def warp(images, flow):
    """Images (B, H, W, C) advected by a flow (B, H, W, 2) for one frame."""
    rows, columns = pixel_grid(*images.shape[1:3])
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
        # Each window has a copy of the batch.
        levels = [tf.tile(frames, [len(self.windows), 1, 1, 1])]
        while min(levels[-1].shape[1:3]) >= 2 * COARSEST:
            levels.append(tf.nn.avg_pool2d(levels[-1], 2, 2, "SAME"))
        flow = tf.zeros_like(levels[-1][..., :2])
        for frames in reversed(levels):
            flow = finer(flow, frames.shape[1:3])
            flow = self._iterated(frames, flow)
        return tf.split(flow, len(self.windows)) if self.several else flow

    def _iterated(self, frames, flow):
        """The flow after all iterations; a loop keeps the graph small."""

        def step(i, flow):
            return i + 1, flow + self._change(frames, flow)

        return tf.while_loop(lambda i, flow: i < self.iterations, step, (0, flow))[1]

    def _change(self, frames, flow):
        """Change of the flow in one iteration: (N, H, W, T), (N, H, W, 2) -> (N, H, W, 2)."""
        warped, later = warp(frames[..., :-1], flow), frames[..., 1:]
        down, across = _gradient(warped, axis=1), _gradient(warped, axis=2)
        error = warped - later
        products = (down * down, down * across, across * across, down * error, across * error)
        sums = tf.stack([tf.reduce_sum(p, axis=-1) for p in products], axis=-1)
        means = gaussian_mean(sums, self.windows)
        aa, ab, bb, ae, be = tf.unstack(means, axis=-1)
        damping = self.damping * tf.reduce_mean(aa + bb, axis=(1, 2), keepdims=True) + 1e-12
        change = solve(aa + damping, ab, bb + damping, ae, be)
        return tf.clip_by_value(change, -LARGEST_CHANGE, LARGEST_CHANGE)

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


def gaussian_mean(x, sigmas: Sequence[float]):
    """Means in Gaussian windows, one sigma for each part of the batch: (N, H, W, C) -> same."""
    height, width, channels = x.shape[1:]
    down, across = (
        tf.constant(np.stack([_window_matrix(side, sigma) for sigma in sigmas]))
        for side in (height, width)
    )
    parts = tf.reshape(x, [len(sigmas), -1, height, width, channels])
    means = tf.einsum("nlk,nbikc->nbilc", across, tf.einsum("nij,nbjkc->nbikc", down, parts))
    return tf.reshape(means, [-1, height, width, channels])


def _window_matrix(side: int, sigma: float) -> np.ndarray:
    """Means along an axis in a Gaussian window cut off at the edges: (side, side) float32."""
    place = np.arange(side)
    weight = np.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


def solve(aa, ab, bb, ae, be):
    """Flow (..., 2) that solves the normal equations [[aa, ab], [ab, bb]] flow = (ae, be)."""
    flow = tf.stack([bb * ae - ab * be, aa * be - ab * ae], axis=-1)
    return flow / (aa * bb - ab * ab)[..., None]


def finer(flow, shape):
    """A flow (B, h, w, 2) on another grid, in pixels of that grid."""
    if tuple(flow.shape[1:3]) == tuple(shape):
        return flow
    ratio = np.array(shape, np.float32) / np.array(flow.shape[1:3], np.float32)
    return tf.image.resize(flow, shape) * ratio


def _gradient(x, axis: int):
    """Central differences, one-sided at the edges: the shape of x."""
    size = x.shape[axis]
    before, after = np.maximum(np.arange(size) - 1, 0), np.minimum(np.arange(size) + 1, size - 1)
    change = tf.gather(x, after, axis=axis) - tf.gather(x, before, axis=axis)
    return change / (after - before).reshape([-1 if i == axis else 1 for i in range(4)])


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
        def back(point, _):
            rows, columns = tf.unstack(point)
            half = sample(flow, rows, columns) / 2
            step = sample(flow, rows - half[..., 0], columns - half[..., 1])
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
        rows, columns = _departure_points(tf.concat(flows, axis=0), self.steps, self.margin)
        last = tf.tile(frames[:, -1, :, :, None], [len(flows), 1, 1, 1])
        channels = tf.split(sample(last, rows, columns), len(flows))
        rows, columns = (tf.split(x, len(flows))[0] for x in (rows, columns))
        velocity = sample(flows[0], rows, columns)
        for age in self.earlier:
            image = frames[:, -1 - age, :, :, None]
            rows_then = rows - age * velocity[..., 0]
            channels.append(sample(image, rows_then, columns - age * velocity[..., 1]))
        height, width = frames.shape[2:]
        inside = tf.minimum(
            tf.minimum(rows, height - 1.0 - rows), tf.minimum(columns, width - 1.0 - columns)
        )
        channels.append(tf.nn.relu(-inside)[..., None])
        return tf.transpose(tf.concat(channels, axis=-1), [0, 3, 1, 2, 4])

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


def _departure_points(flow, steps: int, margin: int):
    """Present place of what will be at each pixel in 1 to `steps` frames: rows and columns.

    A fixed-point iteration that starts from the result of the step before: (B, H, W, 2) -> two of
    (B, H - 2 margin, W - 2 margin, steps).
    """
    arrival = _arrival_points(flow, margin)
    rows, columns = tf.unstack(arrival)

    def departure(point, lead):
        velocity = sample(flow, *tf.unstack(point))
        return tf.stack([rows - lead * velocity[..., 0], columns - lead * velocity[..., 1]])

    return _trajectory(departure, arrival, steps)


def _arrival_points(flow, margin: int):
    """Rows and columns of the pixels inside the margin: (2, B, h, w)."""
    height, width = flow.shape[1:3]
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
