"""How far each prediction of cells is trusted: what they are weighted from, and the weights."""

import math
from dataclasses import dataclass

import tensorflow as tf

from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.networks.classes import CENTRES, FIRST_ICE
from seaice_tf.forecast.networks.feature_table import INDEX, TREND
from seaice_tf.forecast.networks.long_features import MOST_YEARS

Table = tuple[tuple[float, ...], ...]
# Features of `departures`, of `log_odds_terms` and of `late_summer_trend`.
OF_DEPARTURES = ("mean_10", "damped_9", "damped_increment_long_5", "mean_long", TREND)
OF_FREQUENCY = ("ice_frequency_10", "ice_frequency_10_near_9", "ice_frequency_long", "years_long")
OF_MONTH = ("target_sine", "target_cosine")
CALIBRATED = (*OF_DEPARTURES, *OF_FREQUENCY, *OF_MONTH)


@dataclass(frozen=True)
class Calibration:
    """How far each prediction is trusted, by lead: rows of weights for leads 1 to 12.

    Attributes:
        concentration: of the departures from the ten-year climatology of the distribution's mean,
            of the regression head, of damped anomaly persistence from ten years and from all, and
            of the climatology of all years; and of the trend's increment.
        log_odds: of the log odds of ice of the network and of the frequency of ice in ten years and
            in all, of 1, and of the trend's increment.
        late_summer: further weights of the trend's increment in the concentration and in the log
            odds, in September; half of them in August.
        extent: of the extent at lead 1 by regression, see `extent.shifts`: a row a calendar month
            of lead 1; none for the extent as it is.
    """

    concentration: Table
    log_odds: Table
    late_summer: tuple[float, float] = (0.0, 0.0)
    extent: Table = ()


PLAIN = Calibration(((0.5, 0.5, 0.0, 0.0, 0.0, 0.0),) * 12, ((1.0, 0.0, 0.0, 0.0, 0.0),) * 12)


def departures(probabilities, departure, features):
    """Climatology and the departures from it that a forecast is weighted from.

    Args:
        probabilities: (n, 32) of the classes.
        departure: (n, members).
        features: (n, C).

    Returns:
        The ten-year mean (n,), and (n, 6) as Calibration.concentration has them.
    """
    base, damped, long_damped, long_mean, trend = (features[:, INDEX[x]] for x in OF_DEPARTURES)
    mean = tf.linalg.matvec(probabilities, CENTRES / FULL_ICE)
    head = tf.reduce_mean(departure, axis=1)
    steps = [mean - base, head, damped - base, long_damped, long_mean - base, trend]
    return base, tf.stack(steps, axis=1)


def log_odds_terms(probabilities, features):
    """The terms (n, 5) of the log odds of ice, as Calibration.log_odds has them."""
    ice = log_odds(tf.reduce_sum(probabilities[:, FIRST_ICE:], axis=1))
    ten, ten_near, long, years = (features[:, INDEX[name]] for name in OF_FREQUENCY)
    frequency, number = (ten + ten_near) / 2, MOST_YEARS * years
    # As if half a year more with ice and half a year without had been seen.
    climatology = log_odds((10 * frequency + 0.5) / 11)
    long_climatology = log_odds((number * long + 0.5) / (number + 1))
    terms = [ice, climatology, long_climatology, tf.ones_like(ice), features[:, INDEX[TREND]]]
    return tf.stack(terms, axis=1)


def late_summer_trend(features, lead):
    """The trend's increment (n,) in September, half in August, half of that at lead 1; else 0.

    Args:
        features: (n, C).
        lead: (n,) from 0.
    """
    sine, cosine = (features[:, INDEX[name]] for name in OF_MONTH)
    month = tf.round(tf.atan2(sine, cosine) * (6 / math.pi)) % 12
    season = tf.where(month == 9, 1.0, tf.where(month == 8, 0.5, 0.0))
    return features[:, INDEX[TREND]] * season * tf.where(lead == 0, 0.5, 1.0)


def log_odds(probability):
    probability = tf.clip_by_value(probability, 1e-4, 1 - 1e-4)
    return tf.math.log(probability) - tf.math.log1p(-probability)
