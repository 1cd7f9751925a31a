"""Temperatures that only a trained network can tell, from the scenes that it did not train on."""

import dataclasses

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf import pipeline
from seaice_tf.icechart import examples
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.networks.unet import WATER, class_logits
from seaice_tf.icechart.scores import calibration
from seaice_tf.icechart.settings import Settings

STEP = 4  # neighbours say the same: every fourth row and column
MOST = 200_000  # pixels of a chart


def calibrate(settings: Settings, model: keras.Model) -> Settings:
    """The settings with the temperatures of the highest likelihood; prints what they gain."""
    if not settings.calibrate:
        return settings
    found = _pixels(settings, model)
    temperatures = []
    for name, (logits, true) in found.items():
        # Of one class alone no temperature is cold enough.
        told = np.unique(true).size > 1
        temperature = calibration.temperature(logits, true) if told else 1.0
        errors = [
            calibration.calibration_error(_softmax(logits / each), true)
            for each in (1.0, temperature)
        ]
        print(
            f"temperature of {name}: {temperature:.2f}; calibration error on {true.size} pixels "
            f"{errors[0]:.3f} before, {errors[1]:.3f} after"
        )
        temperatures.append(temperature)
    kept = (*temperatures, *settings.temperatures[len(temperatures) :])
    return dataclasses.replace(settings, temperatures=kept)


def _pixels(settings: Settings, model: keras.Model) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Logits (n, classes) and true classes (n,) of validation pixels, by head.

    Where open water has a head of its own, the others only tell kinds of ice apart.
    """
    first = int(settings.agree)
    heads = (*CHARTS, WATER) if settings.agree else CHARTS
    parts: dict[str, list] = {head: [] for head in heads}
    for image, targets, weights in pipeline.in_order(examples.validation_set(settings), 1):
        outputs = model(image)
        logits = class_logits(settings.sic, outputs)
        if settings.agree:
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
    return {head: (logits[:MOST], true[:MOST]) for head, (logits, true) in joined.items()}


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)
