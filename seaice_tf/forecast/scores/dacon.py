"""Score of the Dacon 235706 sea-ice contest: mean absolute error over F1 at the ice edge.

Source: the published scoring code of that contest. Lower is better. All months and cells are
pooled, so the sums of parts of the data can be added.
"""

from dataclasses import dataclass

import numpy as np

from seaice_tf.forecast.data.counts import FULL_ICE, ICE_EDGE, flagged

BAND = (
    0.05 * FULL_ICE,
    0.5 * FULL_ICE,
)  # counts; F1 is that of cells whose truth lies inside


@dataclass(frozen=True)
class Sums:
    """Sums over months."""

    error: float = 0.0  # absolute error, in counts
    cells: int = 0  # all cells of the array, land included
    hits: int = 0  # in the band: ice in truth and forecast
    true_ice: int = 0
    pred_ice: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(a + b for a, b in zip(vars(self).values(), vars(other).values())))

    def scores(self) -> dict[str, float]:
        """contest_score in [0, inf), contest_mae in [0, 250], contest_f1 in [0, 1].

        F1 is 0 where neither truth nor forecast holds ice in the band.
        """
        mae = self.error / self.cells
        f1 = 2 * self.hits / max(self.true_ice + self.pred_ice, 1)
        return {"contest_score": mae / (f1 + 1e-8), "contest_mae": mae, "contest_f1": f1}


def sums(true: np.ndarray, pred: np.ndarray) -> Sums:
    """Compare raw counts with flags (uint8) and a forecast on the 0-250 scale, of one shape.

    >>> true = np.array([250, 25, 50, 100, 254], np.uint8)
    >>> round(sums(true, np.array([240.0, 40, 40, 90, 77])).scores()["contest_score"], 6)
    11.25
    """
    missing = flagged(true)
    truth = np.where(missing, 0, true).astype(np.float64)
    predicted = np.where(missing, 0, pred).astype(np.float64)
    band = (truth > BAND[0]) & (truth < BAND[1])
    ice, predicted_ice = truth[band] >= ICE_EDGE, predicted[band] >= ICE_EDGE
    return Sums(
        float(np.abs(truth - predicted).sum()),
        truth.size,
        int((ice & predicted_ice).sum()),
        int(ice.sum()),
        int(predicted_ice.sum()),
    )
