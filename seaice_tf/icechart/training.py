"""Building, calibrating and exporting the network, and the search space of a sweep."""

import dataclasses
import logging
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.icechart import examples
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.networks import unet
from seaice_tf.icechart.networks.losses import SIC_LOSSES, binary_cross_entropy, chart_cross_entropy
from seaice_tf.icechart.networks.unet import WATER, class_logits
from seaice_tf.icechart.scores import calibration
from seaice_tf.icechart.settings import Settings
from seaice_tf.networks.optimizers import optimizer, training_space

log = logging.getLogger(__name__)

STEP = 4  # neighbouring pixels are correlated: every fourth row and column is used
MAX_PIXELS = 200_000  # for the calibration of a chart


def build(settings: Settings) -> keras.Model:
    """Build the compiled network."""
    model = unet.network(
        len(settings.channels),
        settings.sic_head,
        filters=settings.filters,
        gates=settings.gates,
        attention_heads=settings.attention_heads,
        water_head=settings.consistent,
    )
    losses = {
        "SIC": SIC_LOSSES[settings.sic_head],
        "SOD": chart_cross_entropy,
        "FLOE": chart_cross_entropy,
    }
    weights = {
        "SIC": settings.sic_weight,
        "SOD": settings.sod_weight,
        "FLOE": settings.floe_weight,
    }
    if settings.consistent:
        losses[WATER], weights[WATER] = binary_cross_entropy, settings.water_weight
    model.compile(
        optimizer(settings.training), loss=losses, loss_weights=weights, jit_compile=False
    )
    return model


def serving_model(settings: Settings, model: keras.Model) -> keras.Model:
    """Build the model that is exported as `serve`, from standardised channels to the fields."""
    return unet.serving_model(
        model,
        settings.sic_head,
        consistent=settings.consistent,
        uncertainty=settings.uncertainty,
        softmax_temperatures=settings.softmax_temperatures,
    )


def extra_endpoints(settings: Settings, served: keras.Model) -> dict[str, keras.Model]:
    """Build `serve_raw`, the serving model of channels in physical units."""
    return {"serve_raw": unet.raw_serving_model(served, settings.channels)}


def space(hp: Any, settings: Settings) -> Settings:
    """Search space of a sweep: optimisation, depth, attention gates, SIC head and CutMix."""
    training = training_space(hp, settings.training, (1e-4, 1e-2), (4, 8, 16))
    deeper = hp.Choice("more_levels", [0, 2])
    return dataclasses.replace(
        settings,
        training=training,
        filters=(*settings.filters, *deeper * settings.filters[-1:]),
        gates=hp.Boolean("gates"),
        sic_head=hp.Choice("sic_head", list(unet.SIC_HEADS)),
        cutmix=hp.Choice("cutmix", [0.0, 0.5]),
    )


def calibrate(settings: Settings, model: keras.Model) -> Settings:
    """Fit the softmax temperatures on the validation scenes by maximum likelihood.

    Prints the temperature of each head and the calibration error before and after.

    Args:
        settings: of the run; returned as they are without `calibrate`.
        model: the trained network.

    Returns:
        The settings with the fitted temperatures.
    """
    if not settings.calibrate:
        return settings
    temperatures = []
    for name, (logits, true) in _validation_logits(settings, model).items():
        if np.unique(true).size < 2:  # the likelihood has no maximum
            log.warning(
                "temperature of %s: expected validation pixels of two classes or more, got %d of "
                "%d; it stays 1, and the probabilities are not calibrated",
                *(name, true.size, np.unique(true).size),
            )
            temperatures.append(1.0)
            continue
        temperature = calibration.fit_temperature(logits, true)
        errors = [
            calibration.calibration_error(_softmax(logits / each), true)
            for each in (1.0, temperature)
        ]
        log.info(
            "temperature of %s: %.2f; calibration error on %d pixels %.3f before, %.3f after",
            *(name, temperature, true.size, *errors),
        )
        temperatures.append(temperature)
    kept = (*temperatures, *settings.softmax_temperatures[len(temperatures) :])
    return dataclasses.replace(settings, softmax_temperatures=kept)


def _validation_logits(
    settings: Settings, model: keras.Model
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Logits (n, classes) and true classes (n,) of validation pixels, by head.

    With a head for open water, those of the charts are restricted to the classes of ice.
    """
    first = int(settings.consistent)
    heads = (*CHARTS, WATER) if settings.consistent else CHARTS
    parts: dict[str, list] = {head: [] for head in heads}
    for image, targets, weights in examples.validation_batches(settings):
        outputs = model(image)
        logits = class_logits(settings.sic_head, outputs)
        if settings.consistent:
            logits = {chart: logits[chart][..., first:] for chart in CHARTS}
            logits[WATER] = tf.concat([tf.zeros_like(outputs[WATER]), outputs[WATER]], axis=-1)
        for head in heads:
            lowest = first if head in CHARTS else 0
            true = targets[head][0, ::STEP, ::STEP, 0].numpy()
            known = (weights[head][0, ::STEP, ::STEP, 0].numpy() > 0) & (true >= lowest)
            parts[head].append(
                (logits[head][0, ::STEP, ::STEP].numpy()[known], true[known].astype(int) - lowest)
            )
    joined = {
        head: tuple(np.concatenate(each) for each in zip(*pairs)) for head, pairs in parts.items()
    }
    return {
        head: (logits[:MAX_PIXELS], true[:MAX_PIXELS]) for head, (logits, true) in joined.items()
    }


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
