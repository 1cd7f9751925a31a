"""Images moved along a flow, and blurred, in the graph.

A flow is (..., 2) in pixels a step, rows first, and points where things go: an image moved by it
has at x what the image had at x - flow(x). Outside, images repeat their edges. Signs and axes are
those of `tensorflow_addons.image.dense_image_warp`.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

SHARPEST = 0.1  # pixels, sigma whose blur leaves an image as it is


def sample(images, rows, columns):
    """Bilinear values of images (B, H, W, C) at points (B, ...): (B, ..., C)."""
    height, width, channels = images.shape[1:]
    rows, columns = tf.clip_by_value(rows, 0, height - 1.0), tf.clip_by_value(columns, 0, width - 1)
    top, left = tf.floor(rows), tf.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    first = tf.range(tf.shape(images)[0]) * height * width
    first = tf.reshape(first, [-1] + [1] * (len(rows.shape) - 1))
    # Of a point that is no number any index will do, its value is none either.
    row = tf.clip_by_value(tf.cast(top, tf.int32), 0, height - 1)
    column = tf.clip_by_value(tf.cast(left, tf.int32), 0, width - 1)
    index = first + row * width + column
    # The four neighbours lie beside each other, so that each point takes one look-up.
    below = tf.concat([images[:, 1:], images[:, -1:]], axis=1)
    both = tf.concat([images, below], axis=-1)
    both = tf.concat([both, tf.concat([both[:, :, 1:], both[:, :, -1:]], axis=2)], axis=-1)
    found = tf.gather(tf.reshape(both, [-1, 4 * channels]), index)
    here, under, beside, across = tf.split(found, 4, axis=-1)
    near, far = here + down * (under - here), beside + down * (across - beside)
    return near + right * (far - near)


def grid(height: int, width: int, margin: int = 0):
    """Rows and columns of the pixels that lie `margin` or more inside: (1, h, w) each."""
    rows = tf.range(float(margin), height - margin)[None, :, None]
    columns = tf.range(float(margin), width - margin)[None, None, :]
    return rows + 0 * columns, columns + 0 * rows


def warp(images, flow):
    """Images (B, H, W, C) moved by a flow (B, H, W, 2)."""
    rows, columns = grid(*images.shape[1:3])
    return sample(images, rows - flow[..., 0], columns - flow[..., 1])


class LastFrames(keras.layers.Layer):
    """So many of the frames, the last ones: (B, T, H, W) -> (B, number, H, W)."""

    def __init__(self, number: int, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, frames):
        return frames[:, -self.number :]

    def compute_output_shape(self, shape):
        return (shape[0], self.number, *shape[2:])


class LastPairs(keras.layers.Layer):
    """So many pairs of successive frames, the last ones: (B, T, H, W) -> (B, number, 2, H, W)."""

    def __init__(self, number: int, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, frames):
        last = frames[:, -self.number - 1 :]
        return tf.stack([last[:, :-1], last[:, 1:]], axis=2)

    def compute_output_shape(self, shape):
        return (shape[0], self.number, 2, *shape[2:])


class Warp(keras.layers.Layer):
    """`warp`: (B, H, W, C), (B, H, W, 2) -> (B, H, W, C)."""

    def call(self, images, flow):
        return warp(images, flow)

    def compute_output_shape(self, images_shape, flow_shape):
        return images_shape


class Extrapolate(keras.layers.Layer):
    """The last frame moved 1 to `steps` steps on by a flow that stays as it is.

    Semi-Lagrangian as `transforms.advection.extrapolate`: each pixel is followed back, step by step
    by the flow in the middle of the way, and the frame is looked up once, where it came from.
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

        rows, columns = _trail(back, _pixels(flow, self.margin), self.steps)
        return sample(frames[:, -1, :, :, None], rows, columns)[..., 0]

    def compute_output_shape(self, frames_shape, flow_shape):
        rows, columns = (side - 2 * self.margin for side in frames_shape[2:])
        return (frames_shape[0], rows, columns, self.steps)


class Carry(keras.layers.Layer):
    """Frames of several ages, each brought to each of `steps` steps on, and what they miss.

    What moves keeps its speed and direction: over an hour that forecasts clouds better than a flow
    that stays where it is. (B, T, H, W), (B, H, W, 2) -> (B, steps, h, w, ages + 1) without
    `margin` pixels on each side; the last channel is how far outside of the frame a pixel was.
    """

    def __init__(self, steps: int, ages: Sequence[int] = (0,), margin: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.steps, self.ages, self.margin = steps, tuple(ages), margin

    def call(self, frames, flow):
        rows, columns = _straight_back(flow, self.steps, self.margin)
        speed = sample(flow, rows, columns)
        carried = [
            sample(
                frames[:, -1 - age, :, :, None],
                rows - age * speed[..., 0],
                columns - age * speed[..., 1],
            )
            for age in self.ages
        ]
        height, width = frames.shape[2:]
        inside = tf.minimum(
            tf.minimum(rows, height - 1.0 - rows), tf.minimum(columns, width - 1.0 - columns)
        )
        carried.append(tf.nn.relu(-inside)[..., None])
        return tf.transpose(tf.concat(carried, axis=-1), [0, 3, 1, 2, 4])

    def compute_output_shape(self, frames_shape, flow_shape):
        rows, columns = (side - 2 * self.margin for side in frames_shape[2:])
        return (frames_shape[0], self.steps, rows, columns, len(self.ages) + 1)


def _straight_back(flow, steps: int, margin: int):
    """Where what will be at each pixel in 1 to `steps` steps is now: rows and columns.

    By a fixed point that starts from that of the step before: (B, H, W, 2) -> two of
    (B, H - 2 margin, W - 2 margin, steps).
    """
    start = _pixels(flow, margin)
    rows, columns = tf.unstack(start)

    def origin(point, lead):
        speed = sample(flow, *tf.unstack(point))
        return tf.stack([rows - lead * speed[..., 0], columns - lead * speed[..., 1]])

    return _trail(origin, start, steps)


def _pixels(flow, margin: int):
    """Rows and columns of the pixels inside the margin: (2, B, h, w)."""
    height, width = flow.shape[1:3]
    start = grid(height, width, margin)
    return tf.stack([x + 0 * flow[:, :1, :1, 0] for x in start])  # to the size of the batch


def _trail(back, start, steps: int):
    """Rows and columns, (B, h, w, steps) each, of what `back` makes of a point and 1 to `steps`."""
    trail = tf.scan(back, tf.range(1.0, steps + 1, dtype=start.dtype), start)
    return tf.unstack(tf.transpose(trail, [1, 2, 3, 4, 0]))


class GaussianBlur(keras.layers.Layer):
    """Blur each channel by a sigma of its own, in pixels: (B, H, W, C) -> the same.

    A weight is shared out among the pixels inside. `learnt` sigmas are weights.
    """

    def __init__(self, sigmas: Sequence[float], learnt: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.sigmas, self.learnt = tuple(sigmas), learnt

    def build(self, input_shape):
        self.sigma = self.add_weight(
            name="sigma",
            shape=(len(self.sigmas),),
            initializer=keras.initializers.Constant(np.array(self.sigmas, np.float32)),
            trainable=self.learnt,
        )
        super().build(input_shape)

    def call(self, x):
        down, across = (blur_matrices(side, self.sigma) for side in x.shape[1:3])
        x = tf.einsum("cij,bjwc->biwc", down, x)
        return tf.einsum("cij,bhjc->bhic", across, x)

    def compute_output_shape(self, shape):
        return shape


def blur_matrices(side: int, sigma):
    """Gaussian blur along an axis as matrices, one a sigma: (C,) -> (C, side, side)."""
    place = tf.range(float(side))
    squares = tf.square(place[:, None] - place[None, :])
    width = tf.maximum(tf.abs(sigma), SHARPEST)[:, None, None]
    return tf.nn.softmax(-squares / (2 * tf.square(width)), axis=-1)
