"""Are the probability and the spread of the released settings calibrated?

Evaluates the runs of forecast_release.py, each on the three years after its training period.

Usage: python experiments/forecast_calibration.py
"""

import dataclasses

import numpy as np
from forecast_release import BACKTESTS, RUNS, TASK, settings_to

from seaice_tf.forecast.scores import probability
from seaice_tf.grids import counts
from seaice_tf.grids.polar import of_shape
from seaice_tf.runs import artifact, folder

SPREAD_BINS = np.array([0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])


def sums(train_end: str, first: str, last: str):
    """Reliability of P(ice), and spread against error, in cells that have had ice."""
    run = RUNS / f"to-{train_end}"
    settings = dataclasses.replace(folder.open_run(run, TASK), data=settings_to(train_end).data)
    predict, brier, spread = artifact.predictor(run), None, None
    for case in TASK.data.cases(settings, TASK.verification.options(first, last)):
        maps, past = predict(case), case.context.past
        icy = ((past >= counts.ICE_EDGE) & ~counts.flagged(past)).any(axis=0)
        true = np.where(counts.flagged(case.truth) | ~icy, np.nan, case.truth / counts.FULL_ICE)
        years = counts.by_year(past, 10)
        climate = ((years >= counts.ICE_EDGE) & ~counts.flagged(years)).mean(axis=0)
        area = np.broadcast_to(of_shape(true.shape).cell_area(), true.shape)
        part = probability.brier(true, maps["probability"], climate, area)
        brier = part if brier is None else brier + part
        known = ~np.isnan(true)
        error = (maps["concentration"][known] - true[known]) ** 2
        observed = maps["spread"][known]
        entry = probability.table(observed, SPREAD_BINS, observed**2, error, area[known])
        spread = entry if spread is None else spread + entry
    return brier, spread


def main() -> None:
    for train_end, first, last in BACKTESTS:
        brier, spread = sums(train_end, first, last)
        scores = ", ".join(f"{name} {value:.4f}" for name, value in brier.scores().items())
        print(f"\ntrained to {train_end}, {first} to {last}: {scores}\n")
        print("| P(ice) forecast | ice observed | cells |\n|---|---|---|")
        for forecast, observed, n in zip(*brier.reliability.means(), brier.reliability.count):
            print(f"| {forecast:.3f} | {observed:.3f} | {n} |")
        print("\n| spread, % | error, % (both root mean square) | cells |\n|---|---|---|")
        for own, observed, n in zip(*spread.means(), spread.count):
            print(f"| {100 * own**0.5:.1f} | {100 * observed**0.5:.1f} | {n} |")


if __name__ == "__main__":
    main()
