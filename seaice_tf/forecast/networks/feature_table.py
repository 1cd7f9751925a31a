"""The features of the distribution network by name, with their scale, and those of some cells."""

from collections.abc import Collection

import tensorflow as tf

YEARS = 10
# Feature -> (mean, standard deviation) over the cells that can hold ice of both hemispheres, 1988
# to 2006 of NSIDC-0051 v1.1.
# "last" is the init, the last month observed; all else is of the target's calendar month unless its
# name says otherwise. "near_9" is the mean over the cells that can hold ice in a window of 9 x 9.
FEATURES: dict[str, tuple[float, float]] = {
    # Concentration in the target's calendar month of past years.
    "year_1": (0.471, 0.418),
    "year_2": (0.473, 0.418),
    "year_3": (0.477, 0.417),
    "mean_3": (0.474, 0.406),
    "mean_5": (0.476, 0.403),
    "mean_10": (0.48, 0.4),
    "mean_recent": (0.477, 0.402),
    "median_5": (0.475, 0.417),
    "median_10": (0.479, 0.416),
    "min_5": (0.386, 0.403),
    "max_5": (0.567, 0.413),
    "min_10": (0.36, 0.395),
    "max_10": (0.605, 0.404),
    "mean_10_month_before": (0.478, 0.403),
    "mean_10_month_after": (0.479, 0.402),
    "std_10": (0.078, 0.087),
    "trend_increment": (-0.01, 0.085),
    "ice_frequency_5": (0.599, 0.453),
    "ice_frequency_10": (0.604, 0.445),
    "mean_10_near_5": (0.48, 0.398),
    "mean_10_near_17": (0.477, 0.386),
    "year_1_near_5": (0.47, 0.414),
    "std_10_near_5": (0.078, 0.084),
    "ice_frequency_10_near_9": (0.602, 0.431),
    "trend_increment_near_9": (-0.01, 0.076),
    "trend_increment_near_33": (-0.009, 0.056),
    # The init itself, and its climatology.
    "last": (0.447, 0.425),
    "last_near_5": (0.446, 0.422),
    "last_near_17": (0.443, 0.407),
    "last_mean_10": (0.456, 0.411),
    # Anomalies of the last 12 months from the nine years before.
    "anomaly_same_month": (-0.011, 0.133),
    "anomaly_last": (-0.01, 0.124),
    "anomaly_2": (-0.01, 0.125),
    "anomaly_3": (-0.01, 0.125),
    "anomaly_season": (-0.01, 0.1),
    "anomaly_year": (-0.01, 0.063),
    "anomaly_same_month_near_9": (-0.011, 0.118),
    "anomaly_same_month_near_33": (-0.011, 0.084),
    "anomaly_last_near_5": (-0.01, 0.118),
    "anomaly_last_near_9": (-0.01, 0.11),
    "anomaly_last_near_17": (-0.01, 0.097),
    "anomaly_last_near_33": (-0.01, 0.079),
    "anomaly_2_near_9": (-0.01, 0.111),
    "anomaly_3_near_9": (-0.01, 0.111),
    "anomaly_season_near_9": (-0.01, 0.091),
    "anomaly_season_near_33": (-0.01, 0.068),
    "anomaly_year_near_9": (-0.01, 0.058),
    "anomaly_year_near_33": (-0.01, 0.046),
    # Damped anomaly persistence, with a regression pooled in a window of 9 or 33 cells.
    "coefficient_9": (0.116, 0.463),
    "coefficient_33": (0.138, 0.396),
    "damped_increment_9": (-0.002, 0.039),
    "damped_increment_33": (-0.002, 0.032),
    "damped_increment_season_9": (-0.002, 0.039),
    "damped_9": (0.479, 0.402),
    # Past years whose last months were like these.
    "analogue_increment": (-0.002, 0.036),
    "analogue_frequency": (0.6, 0.452),
    # The same of all years given, up to twenty.
    "mean_long": (0.473, 0.39),
    "mean_long_near_5": (0.473, 0.388),
    "std_long": (0.088, 0.088),
    "ice_frequency_long": (0.608, 0.438),
    "years_long": (0.85, 0.172),
    "coefficient_long_5": (0.115, 0.332),
    "damped_increment_long_5": (-0.001, 0.044),
    "damped_increment_long_17": (-0.001, 0.037),
    "damped_spread_long_5": (0.094, 0.09),
    # Calendar months of target and init, and lead.
    "target_sine": (0.038, 0.699),
    "target_cosine": (0.035, 0.713),
    "init_sine": (-0.004, 0.703),
    "init_cosine": (-0.007, 0.711),
    "lead": (0.54, 0.288),
}
TEN_YEARS = tuple(name for name in FEATURES if "_long" not in name)
SEASON = ("target_sine", "target_cosine", "init_sine", "init_cosine", "lead")
ONE_LEAD = ("last", "anomaly_last", "anomaly_2", "anomaly_3", "anomaly_season", "anomaly_year")
ONE_FOR_ALL_LEADS = tuple(
    name for name in FEATURES if name.startswith((*ONE_LEAD, "years_long", "init_"))
)
TREND = "trend_increment_near_9"
INDEX = {name: i for i, name in enumerate(FEATURES)}


def of_cells(features: dict, cells, names: Collection[str] = tuple(FEATURES)):
    """Features of some cells.

    Args:
        features: of `IceFeatures`.
        cells: (m, 3) integers: example in the batch, lead from 0, and number among the N cells.
        names: features that are wanted; the others are 0.

    Returns:
        (m, len(FEATURES)), in the order of FEATURES.
    """
    indices: dict = {}

    def column(name):
        maps, kind = features[name], (name in ONE_FOR_ALL_LEADS, name in SEASON)
        if kind not in indices:
            sizes = tf.shape(maps, out_type=cells.dtype)
            example, lead, cell = tf.unstack(tf.minimum(cells, sizes - 1), axis=1)
            indices[kind] = (example * sizes[1] + lead) * sizes[2] + cell
        return tf.gather(tf.reshape(maps, [-1]), indices[kind])

    zero = tf.zeros_like(cells[:, 0], tf.float32)
    return tf.stack([column(name) if name in names else zero for name in FEATURES], axis=1)
