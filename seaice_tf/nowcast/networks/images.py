"""Endpoints of `per_lead_unet` for images of any size: the flow, and the frames of some leads.

The flow of the whole image is computed first. Then the U-Net is applied to the whole image or, to
bound the memory, to tiles of it: a tile with a margin of `HALO` pixels has the values of one pass.
Of an image of 128 x 128 pixels the centre is the forecast of `serve`.
"""

import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.data.layout import HIGHEST, SIDE
from seaice_tf.nowcast.networks.flips import FLIPS, reverse
from seaice_tf.nowcast.networks.local_means import blocked_mean, local_mean
from seaice_tf.nowcast.networks.motion import (
    SMALLEST_SIGMA,
    along,
    departure,
    look_up,
    lucas_kanade,
    neighbours,
)
from seaice_tf.nowcast.networks.per_lead_unet import (
    EARLIER,
    FLOWS,
    blend,
    damped,
    lead_channels,
    mean_and_std,
)

BLUR_REACH = 12  # pixels
PARTS = ("blur", "unet")  # layers that it shares with the network of windows


def endpoints(model: keras.Model, flips: bool, damping: float = 0.0) -> dict[str, keras.Model]:
    """The endpoints "image_flow" and "image_frames" of a trained `per_lead_unet`."""
    return {"image_flow": image_flow(), "image_frames": image_frames(model, flips, damping)}


def image_flow() -> keras.Model:
    """Build the flow of the last frames of an image, see `motion.LucasKanade`.

    Returns:
        A functional model from frames (1, T, H, W), all pairs of which share the flow, with sides
        that are multiples of 8 and at least 128, and the window (1, 1), sigma in pixels up to 20,
        to {"flow": (1, H, W, 2)} in pixels per frame.
    """
    frames = keras.Input((None, None, None), name="frames")
    window = keras.Input((1,), name="window")
    return keras.Model([frames, window], {"flow": ImageFlow(name="image_flow")(frames, window)})


def image_frames(model: keras.Model, flips: bool, damping: float = 0.0) -> keras.Model:
    """Build the forecast of a tile of an image at some leads.

    Args:
        model: a `per_lead_unet`, whose weights are shared.
        flips: mean over four mirror images of the input of the U-Net.
        damping: of the detail at an hour, see `per_lead_unet.damped`.

    Returns:
        A functional model from
        frames (1, 4, H, W), the last ones,
        flows (1, H, W, 12), by 6 and by 2 pairs with windows of 10, 5 and 20 pixels,
        valid (1, H, W), 1 where the last frame is known, else 0,
        tile (1, 4) int32, its first row and column, its height and width; it may extend beyond the
        image,
        points (1, 12, h, w), places of the tile's pixels at the lead before by each flow, first all
        rows and then all columns; at the first lead the pixels themselves,
        leads (1, L), successive ones in frames, to
        {"frames": (1, L, h, w), "known": (1, L, h, w), the fraction of each value that comes from
        valid pixels of the image, "points": (1, 12, h, w)}.
    """
    shapes = {
        "frames": (max(EARLIER) + 1, None, None),
        "flows": (None, None, 2 * FLOWS),
        "valid": (None, None),
        "tile": (4,),
        "points": (2 * FLOWS, None, None),
        "leads": (None,),
    }
    inputs = [
        keras.Input(shape, name=name, dtype="int32" if name == "tile" else "float32")
        for name, shape in shapes.items()
    ]
    blur, unet = model.get_layer("blur"), model.get_layer("unet_head")
    frames, known, points = ImageFrames(blur, unet, flips, damping, name="image_frames")(inputs)
    return keras.Model(inputs, {"frames": frames, "known": known, "points": points})


@keras.utils.register_keras_serializable("seaice_tf")
class ImageFlow(keras.layers.Layer):
    """Flow of an image of any size: (1, T, H, W), (1, 1) -> (1, H, W, 2)."""

    def call(self, frames, window):
        return lucas_kanade(tf.transpose(frames, [0, 2, 3, 1]), (window[0, 0],))

    def compute_output_shape(self, frames_shape, window_shape):
        return (frames_shape[0], *frames_shape[2:], 2)


@keras.utils.register_keras_serializable("seaice_tf")
class ImageFrames(keras.layers.Layer):
    """Frames of a tile at some leads, see `image_frames`."""

    def __init__(self, blur, unet, flips: bool, damping: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.blur, self.unet, self.flips, self.damping = blur, unet, flips, damping

    def call(self, inputs):
        frames, flows, valid, tile, points, leads = inputs
        sides = tf.unstack(tf.shape(frames)[2:])
        flows = tf.transpose(tf.reshape(flows[0], [*sides, FLOWS, 2]), [2, 0, 1, 3])
        table = neighbours(flows)
        arrival = self._arrival(tile[0])
        last = frames[:, -1, :, :, None]
        still = tf.concat([last, local_mean(last, SIDE) + tf.zeros_like(last)], axis=-1)
        still = look_up(neighbours(still), *tf.unstack(arrival[:, :1]))
        known = neighbours(valid[..., None])
        size = tf.shape(arrival)[2:]

        def step(number, points, later, sure):
            lead = leads[0, number]
            points = departure(table, arrival, points, lead)
            rows, columns = (tf.transpose(x, [1, 2, 0])[None] for x in tf.unstack(points))
            advected = along(frames, flows[:1], EARLIER, rows, columns)
            inside = look_up(known, rows[..., 0], columns[..., 0])[..., 0]
            inside = tf.where(advected[..., -1] > 0, 0.0, inside)
            frame = self._frame(advected, still, lead)
            return number + 1, points, later.write(number, frame[0]), sure.write(number, inside[0])

        number = tf.shape(leads)[1]
        arrays = [tf.TensorArray(tf.float32, number, element_shape=(None, None)) for _ in range(2)]
        points = tf.reshape(points[0], [2, FLOWS, *tf.unstack(size)])
        _, points, later, sure = tf.while_loop(
            lambda i, *_: i < number, step, (0, points, *arrays), parallel_iterations=1
        )
        points = tf.reshape(points, [1, 2 * FLOWS, *tf.unstack(size)])
        return later.stack()[None], sure.stack()[None], points

    def _arrival(self, tile):
        """Rows and columns of the tile's pixels, the same for each flow: (2, flows, h, w)."""
        rows, columns = (
            tf.cast(tile[axis] + tf.range(tile[2 + axis]), tf.float32) for axis in (0, 1)
        )
        grid = tf.stack(tf.meshgrid(rows, columns, indexing="ij"))
        return tf.tile(grid[:, None], [1, FLOWS, 1, 1])

    def _frame(self, advected, still, lead):
        """Frame at a lead: (1, h, w, C), (1, h, w, 2) -> (1, h, w)."""
        mean, spread = mean_and_std(advected[..., :FLOWS])
        sigma = tf.maximum(tf.abs(self.blur.sigmas(lead)), SMALLEST_SIGMA)
        base = blocked_mean(mean[..., None], sigma, BLUR_REACH)[..., 0]
        candidates = tf.concat([base[..., None], still[..., :1], advected[..., :FLOWS]], axis=-1)
        channels = lead_channels(advected, candidates, spread, still[..., 1:], lead, FLOWS)
        total = tf.zeros_like(base)
        views = FLIPS if self.flips else FLIPS[:1]
        for axes in views:
            # One after the other: together they would need four times the memory.
            with tf.control_dependencies([total]):
                view = reverse(tf.identity(channels), axes)
            frame = blend(reverse(self.unet(view), axes), candidates)
            total = total + tf.clip_by_value(frame, 0.0, HIGHEST) / len(views)
        return damped(total[..., None], lead, self.damping)[..., 0] if self.damping else total

    def compute_output_shape(self, shapes):
        frames, _, _, _, points, leads = shapes
        later = (frames[0], leads[1], *points[2:])
        return later, later, points

    def get_config(self):
        parts = {n: keras.saving.serialize_keras_object(getattr(self, n)) for n in PARTS}
        return super().get_config() | parts | {"flips": self.flips, "damping": self.damping}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in PARTS}
        return cls(**{**config, **parts})
