"""How far each prediction of the distribution network is trusted, fitted on years it left out.

Least squares for the concentration and logistic regression for the probability of ice, by lead,
weighted by cell area and pooled over neighbouring leads, with a ridge towards the plain network
(stacking; Wolpert 1992).
"""

import dataclasses
import logging

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast import extent_regression
from seaice_tf.forecast.cell_examples import Cells, learns_from, training_cells
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.counts import EDGE, FULL_ICE
from seaice_tf.forecast.examples import archive, earliest_start
from seaice_tf.forecast.networks.calibration import (
    PLAIN,
    Calibration,
    departures,
    log_odds_terms,
)
from seaice_tf.forecast.networks.classes import sharpened
from seaice_tf.forecast.settings import LEADS, Distribution, Settings

EVERY = 3  # of the training cells, each third is used
KEPT = (1, 1, 1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.5)  # of the fit, by lead
CONCENTRATION_RIDGE, LOG_ODDS_RIDGE = 0.02, 0.002
ITERATIONS = 8  # of Newton's method
LONG_MEAN = 4  # position of the climatology of all years among the concentration's weights
BATCH = 1 << 15
log = logging.getLogger(__name__)


def calibrated(network: Distribution, settings: Settings, model: keras.Model) -> Settings:
    """The settings with the weights of the calibration, and of the extent, that they want."""
    record = archive(settings)
    if network.extent_regression:
        end = record.index(months.parse(settings.train_end)) + 1
        start = earliest_start(settings, end, settings.history)
        fitted_extent = extent_regression.fit(record, start, end, settings.pole_hole_fill)
        network = dataclasses.replace(network, extent_weights=fitted_extent)
        if not fitted_extent:
            log.info("fewer than %d years to fit the extent on", extent_regression.FEWEST)
    if network.calibrate and network.members > 1:
        cells = training_cells(network, settings)[0]
        fitted = with_trend(fit(model, cells, record.grid.cell_area()), network)
        network = dataclasses.replace(
            network,
            concentration_weights=fitted.concentration,
            log_odds_weights=fitted.log_odds,
        )
    return dataclasses.replace(settings, network=network)


def of_settings(network: Distribution, south: bool = False) -> Calibration:
    """The calibration that the settings hold, or that of the plain network with its trend terms.

    The late summer of the south has no weights: its decline has not outrun the trend.
    """
    if network.concentration_weights:
        found = Calibration(network.concentration_weights, network.log_odds_weights)
    else:
        found = with_trend(PLAIN, network)
    if network.extent_regression:
        found = dataclasses.replace(found, extent=network.extent_weights)
    if south:
        return found
    late_summer = network.late_summer_trend_weight, network.late_summer_trend_log_odds
    return dataclasses.replace(found, late_summer=late_summer)


def with_trend(calibration: Calibration, network: Distribution) -> Calibration:
    """The weights with those of the settings for the trend; lead 1 has little use for it."""
    ramp = np.minimum(np.arange(LEADS) / 3, 1)
    concentration, odds = np.array(calibration.concentration), np.array(calibration.log_odds)
    concentration[:, -1] += network.trend_weight * ramp
    odds[:, -2:] += network.log_odds_offset, network.trend_log_odds
    return Calibration(_table(concentration), _table(odds))


def fit(model: keras.Model, cells: Cells, area: np.ndarray) -> Calibration:
    """Fit the weights by lead, but for those of the trend.

    Far ahead less of the fit is kept, for the past years flatter it: the rest goes to the
    climatology of all years.

    Args:
        model: of `class_network`, trained.
        cells: that it was trained on.
        area: (rows, columns) km2.
    """
    members = model.output["classes"].shape[2]
    rows = slice(None, None, EVERY)  # views: a copy of the features would take a third of them
    left_out = ~learns_from(cells.year[rows], members)
    steps, terms, base = held_out(model, cells.features[rows], cells.lead[rows], left_out)
    truth = cells.counts[rows] / np.float32(FULL_ICE)
    weight = area.ravel()[cells.place[rows]]
    concentration, odds = (
        np.zeros((LEADS, len(table[0]))) for table in (PLAIN.concentration, PLAIN.log_odds)
    )
    for lead, kept in enumerate(KEPT):
        near = np.abs(cells.lead[rows].astype(int) - 1 - lead) <= 1
        own = weight[near] / weight[near].sum()
        start = PLAIN.concentration[lead][:-1], PLAIN.log_odds[lead][:-1]
        fitted = least_squares(steps[near, :-1], (truth - base)[near], own, start[0])
        rest = (1 - kept) * fitted[:LONG_MEAN].sum()
        concentration[lead, :-1] = [*kept * fitted[:LONG_MEAN], fitted[LONG_MEAN] + rest]
        odds[lead, :-1] = logistic(terms[near, :-1], truth[near] >= EDGE, own, start[1])
        odds[lead, 2] += (1 - kept) * odds[lead, 0]
        odds[lead, 0] *= kept
    return Calibration(_table(concentration), _table(odds))


def _table(rows: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 5) for value in row) for row in rows)


def held_out(
    model: keras.Model, features: np.ndarray, lead: np.ndarray, left_out: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions by the members that did not train on the year of each cell.

    Args:
        model: of `class_network`.
        features: (n, features).
        lead: (n,), 1 to 12.
        left_out: (n, members) bool.

    Returns:
        Departures (n, 6), log odds terms (n, 5) and climatology (n,), see `distribution`.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    mean_of = (left_out / left_out.sum(axis=1, keepdims=True)).astype(np.float32)
    for i in range(0, len(features), BATCH):
        own, who = features[i : i + BATCH].astype(np.float32), mean_of[i : i + BATCH]
        outputs = model(own[None], training=False)
        each = tf.nn.softmax(outputs["classes"][0])
        probabilities = tf.einsum("nmc,nm->nc", each, who)
        departure = tf.reduce_sum(outputs["departure"][0] * who, axis=1, keepdims=True)
        base, steps = departures(probabilities, departure, own)
        terms = log_odds_terms(sharpened(probabilities, lead[i : i + BATCH] - 1), own)
        parts.append(tuple(value.numpy() for value in (steps, terms, tf.constant(base))))
    steps, terms, base = (np.concatenate(columns) for columns in zip(*parts))
    return steps, terms, base


def least_squares(x, y, weight, start, ridge: float = CONCENTRATION_RIDGE) -> np.ndarray:
    """Weighted least squares with a ridge towards `start`: (k,) from x (n, k) and y (n,)."""
    square = (x * weight[:, None]).T @ x
    penalty = ridge * np.trace(square) / x.shape[1] * np.eye(x.shape[1])
    return np.linalg.solve(square + penalty, (x * weight[:, None]).T @ y + penalty @ start)


def logistic(x, y, weight, start, ridge: float = LOG_ODDS_RIDGE) -> np.ndarray:
    """Weighted logistic regression with a ridge towards `start`: (k,) from x (n, k) and y (n,)."""
    penalty, result = ridge * np.eye(x.shape[1]), np.array(start, np.float64)
    for _ in range(ITERATIONS):
        probability = 1 / (1 + np.exp(-x @ result))
        gradient = (x * weight[:, None]).T @ (probability - y) + penalty @ (result - start)
        curvature = (x * (weight * probability * (1 - probability))[:, None]).T @ x + penalty
        result = result - np.linalg.solve(curvature, gradient)
    return result
