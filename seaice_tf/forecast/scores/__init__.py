"""Published scoring rules and baselines: numpy arrays in, numbers out."""

from typing import TYPE_CHECKING

from seaice_tf.lazy import exports

if TYPE_CHECKING:
    from seaice_tf.forecast.scores.baselines import (
        anomaly_persistence,
        climatology,
        linear_trend,
        seasonal_persistence,
    )
    from seaice_tf.forecast.scores.ice_edge import edge_error, extent, ice_area, month_scores
    from seaice_tf.forecast.scores.probability import brier, crps, crps_normal

__getattr__, __dir__, __all__ = exports(
    __name__,
    {
        "anomaly_persistence": "baselines:anomaly_persistence",
        "brier": "probability:brier",
        "climatology": "baselines:climatology",
        "crps": "probability:crps",
        "crps_normal": "probability:crps_normal",
        "edge_error": "ice_edge:edge_error",
        "extent": "ice_edge:extent",
        "ice_area": "ice_edge:ice_area",
        "linear_trend": "baselines:linear_trend",
        "month_scores": "ice_edge:month_scores",
        "seasonal_persistence": "baselines:seasonal_persistence",
    },
)
