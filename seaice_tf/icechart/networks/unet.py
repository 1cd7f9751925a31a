"""U-Net for ice charts, with a head for each chart, and its serving models."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf
from tensorflow import keras

from seaice_tf.icechart.choices import FILTERS, WATER, alignment
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, FILL, MEAN_STD
from seaice_tf.icechart.data.decision import SMALLEST
from seaice_tf.networks.arguments import require_choice, require_sizes
from seaice_tf.networks.blocks import CropLike, PadTo, Standardise
from seaice_tf.networks.unet import Heads, heads, unet_body

TENTHS = len(CLASSES["SIC"]) - 1


def _regression_logits(head):
    return -tf.square(tf.range(TENTHS + 1.0) - tf.clip_by_value(head, 0.0, TENTHS)) / 2


def _classification_logits(head):
    return head


def _ordinal_logits(head):
    """From the logits of exceeding 0, ..., 9 tenths, (..., 10) -> (..., 11).

    Where the probabilities of exceeding do not fall with the threshold, negative differences are 0.
    """
    above = tf.sigmoid(head)
    above = tf.concat([tf.ones_like(above[..., :1]), above, tf.zeros_like(above[..., :1])], axis=-1)
    return tf.math.log(tf.maximum(above[..., :-1] - above[..., 1:], SMALLEST))


class SicHead(NamedTuple):
    """Formulation of the head of sea ice concentration.

    Attributes:
        channels: of its output.
        logits: from its output to the logits of the 11 classes.
    """

    channels: int
    logits: Callable


SIC_HEADS: dict[str, SicHead] = {
    "regression": SicHead(1, _regression_logits),  # the concentration in tenths
    "classification": SicHead(TENTHS + 1, _classification_logits),  # logits of the classes
    "ordinal": SicHead(TENTHS, _ordinal_logits),  # logits of exceeding 0, ..., 9 tenths
}


def network(
    channels: int,
    sic_head: str = "regression",
    *,
    filters: Sequence[int] = FILTERS[4],
    gates: bool = False,
    attention_heads: int = 0,
    water_head: bool = True,
) -> keras.Model:
    """Build an uncompiled network for images of any size.

    Tiles that begin at multiples of `alignment` and overlap by `networks.unet.context` give the
    same as the whole image, except with attention.

    Args:
        channels: number of standardised input channels.
        sic_head: formulation of the concentration, one of SIC_HEADS.
        filters, gates, attention_heads: as in `networks.unet.unet`.
        water_head: also output the logit of open water, "water", for consistent charts.

    Returns:
        A functional model from (B, H, W, channels) to a dict of "SIC", (B, H, W, 1, 11 or 10),
        the logits "SOD", (B, H, W, 6), and "FLOE", (B, H, W, 7), and "water", (B, H, W, 1).

    Raises:
        InputError: unknown `sic_head`, or an argument is out of its range.
    """
    require_choice("icechart", "sic_head", sic_head, tuple(SIC_HEADS))
    require_sizes("icechart", channels=channels, filters=filters)
    kinds: Heads = {
        "SIC": (SIC_HEADS[sic_head].channels, None),
        "SOD": (len(CLASSES["SOD"]), None),
        "FLOE": (len(CLASSES["FLOE"]), None),
    }
    if water_head:
        kinds = {**kinds, WATER: (1, None)}
    image = keras.Input((None, None, channels), name="image")
    padded = PadTo(alignment(len(filters)), name="pad")(image)
    x, bottleneck = unet_body(padded, filters, gates, attention_heads)
    charts = heads(CropLike(name="crop")(x, image), bottleneck, kinds, {})
    return keras.Model(image, charts, name="icechart")


def class_logits(sic_head: str, outputs: Mapping) -> dict:
    """Logits of the classes of each chart, (B, H, W, classes), from the outputs of the network.

    A regression stands for a normal distribution around its value; the softmax temperature is its
    variance in squared tenths.
    """
    sic = SIC_HEADS[sic_head].logits(outputs["SIC"])
    return {"SIC": sic, "SOD": outputs["SOD"], "FLOE": outputs["FLOE"]}


def serving_model(
    network: keras.Model,
    sic_head: str,
    *,
    consistent: bool = True,
    uncertainty: str = "entropy",
    softmax_temperatures: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
) -> keras.Model:
    """Build the model that is exported, which shares the weights of a trained network.

    Args:
        network: as `network` builds it.
        sic_head: as in `network`.
        consistent: make the charts agree on open water; needs the head "water".
        uncertainty: one of `decision.UNCERTAINTIES`.
        softmax_temperatures: divisors of the logits of SIC, SOD, FLOE and open water.

    Returns:
        A functional model from standardised channels (B, H, W, C), any H and W, to a dict: "SIC",
        "SOD", "FLOE" (B, H, W) uint8; "concentration" (B, H, W) in tenths; "<chart>_probabilities"
        (B, H, W, classes); "uncertainty" (B, H, W, 3). See `decision`.
    """
    require_choice("icechart", "uncertainty", uncertainty, tuple(_UNCERTAINTIES))
    image = keras.Input(network.input_shape[1:], name="image")
    layer = DecideCharts(sic_head, consistent, uncertainty, softmax_temperatures, name="decide")
    return keras.Model(image, layer(network(image)), name="icechart_serving")


def raw_serving_model(served: keras.Model, channels: Sequence[str]) -> keras.Model:
    """Build a serving model of channels in physical units, NaN without data: (B, H, W, C).

    Args:
        served: as `serving_model` builds it.
        channels: names of the C channels.
    """
    scales = [MEAN_STD.get(channel, (0.0, 1.0)) for channel in channels]
    image = keras.Input((None, None, len(channels)), name="raw")
    scaled = Standardise(*zip(*scales), name="standardise")(image)
    filled = FillMissing(name="fill")(scaled)
    return keras.Model(image, served(filled), name="icechart_raw_serving")


@keras.utils.register_keras_serializable("seaice_tf")
class FillMissing(keras.layers.Layer):
    """Replace values that are not finite by FILL, the mean of a standardised channel."""

    def call(self, x):
        return tf.where(tf.math.is_finite(x), x, tf.constant(FILL, x.dtype))

    def compute_output_shape(self, shape):
        return shape


@keras.utils.register_keras_serializable("seaice_tf")
class DecideCharts(keras.layers.Layer):
    """Charts, probabilities and uncertainty from the outputs of the network.

    The same as `decision.decide` and `decision.uncertainty` on arrays.

    Args:
        sic_head, consistent, uncertainty, softmax_temperatures: as in `serving_model`.
    """

    def __init__(
        self,
        sic_head: str,
        consistent: bool,
        uncertainty: str,
        softmax_temperatures: Sequence[float],
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.sic_head, self.consistent = sic_head, consistent
        self.uncertainty = uncertainty
        self.softmax_temperatures = tuple(softmax_temperatures)
        self.temperatures = dict(zip((*CHARTS, WATER), softmax_temperatures))

    def call(self, outputs):
        logits = class_logits(self.sic_head, outputs)
        probabilities = {c: tf.nn.softmax(logits[c] / self.temperatures[c]) for c in CHARTS}
        tenths = tf.range(TENTHS + 1.0)
        if self.sic_head == "regression":
            concentration = tf.clip_by_value(outputs["SIC"][..., 0], 0.0, TENTHS)
        else:
            concentration = tf.reduce_sum(probabilities["SIC"] * tenths, axis=-1)
        if self.consistent:
            water = tf.sigmoid(outputs[WATER] / self.temperatures[WATER])
            probabilities = {c: _with_open_water(probabilities[c], water) for c in CHARTS}
        uncertainty = [_UNCERTAINTIES[self.uncertainty](probabilities[c]) for c in CHARTS]
        return {
            **self._charts(concentration, probabilities),
            "concentration": concentration,
            **{f"{chart}_probabilities": probabilities[chart] for chart in CHARTS},
            "uncertainty": tf.stack(uncertainty, axis=-1),
        }

    def _charts(self, concentration, probabilities) -> dict:
        first = int(self.consistent)
        most_probable = [
            first + tf.argmax(probabilities[chart][..., first:], axis=-1, output_type=tf.int32)
            for chart in ("SOD", "FLOE")
        ]
        sic = tf.cast(tf.clip_by_value(tf.round(concentration), first, TENTHS), tf.int32)
        charts = [sic, *most_probable]
        if self.consistent:
            ice = tf.cast(probabilities["SIC"][..., 0] <= 0.5, tf.int32)
            charts = [chart * ice for chart in charts]
        return {name: tf.cast(chart, tf.uint8) for name, chart in zip(CHARTS, charts)}

    def get_config(self):
        return super().get_config() | {
            "sic_head": self.sic_head,
            "consistent": self.consistent,
            "uncertainty": self.uncertainty,
            "softmax_temperatures": self.softmax_temperatures,
        }


def _with_open_water(probabilities, water):
    """Replace the probability of the first class: (..., n), (..., 1) -> (..., n)."""
    ice = probabilities[..., 1:]
    ice = ice / tf.maximum(tf.reduce_sum(ice, axis=-1, keepdims=True), SMALLEST)
    return tf.concat([water, (1 - water) * ice], axis=-1)


def _entropy(p):
    total = -tf.reduce_sum(p * tf.math.log(tf.maximum(p, SMALLEST)), axis=-1)
    return total / tf.math.log(float(p.shape[-1]))


def _least_confidence(p):
    return 1 - tf.reduce_max(p, axis=-1)


_UNCERTAINTIES: dict[str, Callable] = {"entropy": _entropy, "least_confidence": _least_confidence}
