"""Networks that chart ice: a U-Net with a head for each chart, and what is served of it."""

from collections.abc import Sequence
from typing import Literal

import tensorflow as tf
from tensorflow import keras

from seaice_tf.icechart.data.charts import CHARTS, CLASSES, FILL, MEAN_STD
from seaice_tf.icechart.data.decision import SMALLEST, Uncertainty
from seaice_tf.networks.blocks import CropLike, PadTo, Standardise
from seaice_tf.networks.unet import Heads, heads, unet_body

FILTERS = {4: (16, 32, 32, 32), 6: (16, *5 * (32,)), 8: (16, *7 * (32,))}  # by depth
Concentration = Literal["regression", "classification", "ordinal"]
WATER = "water"  # the head that tells open water, a logit
TENTHS = len(CLASSES["SIC"]) - 1


def network(
    channels: int,
    sic: Concentration = "regression",
    *,
    filters: Sequence[int] = FILTERS[4],
    gates: bool = False,
    attention_heads: int = 0,
    agree: bool = True,
) -> keras.Model:
    """Build an uncompiled network for images of any size.

    Cut along multiples of `alignment` and with the `unet.context` around, a tile gives the same as
    the whole, but for attention.

    Args:
        channels: of the image, standardised.
        sic: what its head gives: the tenths themselves, logits of the 11 classes, or logits of
            there being more than 0, ..., 9 tenths.
        filters, gates, attention_heads: as in `unet`.
        agree: also give the logit of open water, "water", by which the charts are made to agree.

    Returns:
        A functional model from (B, H, W, channels) to a dict of "SIC", (B, H, W, 1, 11 or 10),
        and of the logits "SOD", (B, H, W, 6), and "FLOE", (B, H, W, 7): masks have no class.
    """
    kinds: Heads = {
        "SIC": ({"regression": 1, "classification": TENTHS + 1, "ordinal": TENTHS}[sic], None),
        "SOD": (len(CLASSES["SOD"]), None),
        "FLOE": (len(CLASSES["FLOE"]), None),
    }
    if agree:
        kinds = {**kinds, WATER: (1, None)}
    image = keras.Input((None, None, channels), name="image")
    padded = PadTo(alignment(len(filters)), name="pad")(image)
    x, bottleneck = unet_body(padded, filters, gates, attention_heads)
    charts = heads(CropLike(name="crop")(x, image), bottleneck, kinds, {})
    return keras.Model(image, charts, name="icechart")


def alignment(levels: int) -> int:
    """Pixels along a side of one of the bottleneck: what the edges of tiles must be multiples of.

    A scene is padded to a multiple of it too, so that every pixel of the bottleneck has as many.
    """
    return 2 ** (levels - 1)


def class_logits(sic: Concentration, outputs: dict) -> dict:
    """Logits of the classes of each chart: (B, H, W, classes), from what the network gives.

    A regression stands for a normal distribution around its value whose variance, in squared
    tenths, is the temperature that the logits are divided by.
    """
    head = outputs["SIC"]
    if sic == "regression":
        head = -tf.square(tf.range(TENTHS + 1.0) - tf.clip_by_value(head, 0.0, TENTHS)) / 2
    elif sic == "ordinal":
        head = tf.math.log(tf.maximum(_steps(tf.sigmoid(head)), SMALLEST))
    return {"SIC": head, "SOD": outputs["SOD"], "FLOE": outputs["FLOE"]}


def _steps(above):
    """Probability of each class from those of being above 0, ..., 9: (..., 10) -> (..., 11).

    Where a higher threshold is likelier passed than a lower one, the lower one has its say.
    """
    above = tf.concat([tf.ones_like(above[..., :1]), above, tf.zeros_like(above[..., :1])], axis=-1)
    return tf.maximum(above[..., :-1] - above[..., 1:], 0.0)


def charts_of_scenes(
    network: keras.Model,
    sic: Concentration,
    *,
    agree: bool = True,
    uncertainty: Uncertainty = "entropy",
    temperatures: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
) -> keras.Model:
    """Build what is exported of a trained network.

    Args:
        network: of `network`; shared.
        sic, agree: as there.
        uncertainty: as in `ice_decision.uncertainty`.
        temperatures: of SIC, SOD, FLOE and open water; what their logits are divided by.

    Returns:
        A functional model from standardised channels (B, H, W, C), any H and W, to a dict: "SIC",
        "SOD", "FLOE" (B, H, W) uint8; "concentration" (B, H, W) in tenths; "<chart>_probabilities"
        (B, H, W, classes); "uncertainty" (B, H, W, 3). See `ice_decision`.
    """
    image = keras.Input(network.input_shape[1:], name="image")
    decided = Decide(sic, agree, uncertainty, temperatures, name="decide")(network(image))
    return keras.Model(image, decided, name="charts_of_scenes")


def of_raw_channels(served: keras.Model, channels: Sequence[str]) -> keras.Model:
    """The same model for channels in their own units, NaN where there is no data: (B, H, W, C)."""
    scales = [MEAN_STD.get(channel, (0.0, 1.0)) for channel in channels]
    image = keras.Input((None, None, len(channels)), name="raw")
    scaled = Standardise(*zip(*scales), name="standardise")(image)
    return keras.Model(image, served(FillUnknown(name="fill")(scaled)), name="raw_scenes")


class FillUnknown(keras.layers.Layer):
    """FILL, the mean of a standardised channel, for what is no number: any shape."""

    def call(self, x):
        return tf.where(tf.math.is_finite(x), x, tf.constant(FILL, x.dtype))

    def compute_output_shape(self, shape):
        return shape


class Decide(keras.layers.Layer):
    """`ice_decision.decide` and `uncertainty` in the graph, from the heads of the network."""

    def __init__(
        self,
        sic: Concentration,
        agree: bool,
        uncertainty: Uncertainty,
        temperatures: Sequence[float],
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.sic, self.agree, self.uncertainty = sic, agree, uncertainty
        self.temperatures = dict(zip((*CHARTS, WATER), temperatures))

    def call(self, outputs):
        logits = class_logits(self.sic, outputs)
        chances = {c: tf.nn.softmax(logits[c] / self.temperatures[c]) for c in CHARTS}
        tenths = tf.range(TENTHS + 1.0)
        if self.sic == "regression":
            concentration = tf.clip_by_value(outputs["SIC"][..., 0], 0.0, TENTHS)
        else:
            concentration = tf.reduce_sum(chances["SIC"] * tenths, axis=-1)
        if self.agree:
            water = tf.sigmoid(outputs[WATER] / self.temperatures[WATER])
            chances = {chart: _given_water(chances[chart], water) for chart in CHARTS}
        return {
            **self._charts(concentration, chances),
            "concentration": concentration,
            **{f"{chart}_probabilities": chances[chart] for chart in CHARTS},
            "uncertainty": self._uncertainty(chances),
        }

    def _charts(self, concentration, chances) -> dict:
        first = int(self.agree)
        likeliest = [
            first + tf.argmax(chances[chart][..., first:], axis=-1, output_type=tf.int32)
            for chart in ("SOD", "FLOE")
        ]
        sic = tf.cast(tf.clip_by_value(tf.round(concentration), first, TENTHS), tf.int32)
        charts = [sic, *likeliest]
        if self.agree:
            ice = tf.cast(chances["SIC"][..., 0] <= 0.5, tf.int32)
            charts = [chart * ice for chart in charts]
        return {name: tf.cast(chart, tf.uint8) for name, chart in zip(CHARTS, charts)}

    def _uncertainty(self, chances):
        if self.uncertainty == "top":
            found = [1 - tf.reduce_max(p, axis=-1) for p in chances.values()]
        else:
            found = [
                -tf.reduce_sum(p * tf.math.log(tf.maximum(p, SMALLEST)), axis=-1)
                / tf.math.log(float(p.shape[-1]))
                for p in chances.values()
            ]
        return tf.stack(found, axis=-1)


def _given_water(chances, water):
    """Probabilities whose first class has that of open water: (..., n), (..., 1) -> (..., n)."""
    ice = chances[..., 1:]
    ice = ice / tf.maximum(tf.reduce_sum(ice, axis=-1, keepdims=True), SMALLEST)
    return tf.concat([water, (1 - water) * ice], axis=-1)
