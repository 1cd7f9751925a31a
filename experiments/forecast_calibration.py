"""Are the probability and the spread of the released settings calibrated?

Evaluates the run of forecast_release.py that ends in 2009 on the three years after it, by forecasts
from every month.

Usage: python experiments/forecast_calibration.py arctic|antarctic
"""

import dataclasses
import sys

import numpy as np
from forecast_release import FIRST, LAST, RUNS, TASK, TRAIN_END, settings_to

from seaice_tf.forecast.data import counts
from seaice_tf.forecast.scores import probability
from seaice_tf.runs import artifact, folder

SPREAD_BINS = np.array([0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])


def sums(name: str):
    """Reliability of P(ice), and spread against error, in cells that have had ice."""
    run = RUNS / f"{name}-to-{TRAIN_END}"
    data = settings_to(name, TRAIN_END).data
    settings = dataclasses.replace(folder.open_run(run, TASK), data=data)
    options = TASK.verification.options(FIRST, LAST, init_frequency="monthly")
    predict, brier, spread = artifact.predictor(run), None, None
    for case in TASK.data.cases(settings, options):
        maps, past = predict(case), case.context.past
        icy = ((past >= counts.ICE_EDGE) & ~counts.flagged(past)).any(axis=0)
        true = np.where(counts.flagged(case.truth) | ~icy, np.nan, case.truth / counts.FULL_ICE)
        years = counts.by_year(past, 10)
        climate = ((years >= counts.ICE_EDGE) & ~counts.flagged(years)).mean(axis=0)
        area = np.broadcast_to(case.context.grid.cell_area(), true.shape)
        part = probability.brier(true, maps["probability"], climate, area)
        brier = part if brier is None else brier + part
        known = ~np.isnan(true)
        error = (maps["concentration"][known] - true[known]) ** 2
        seen = maps["spread"][known]
        entry = probability.table(seen, SPREAD_BINS, seen**2, error, area[known])
        spread = entry if spread is None else spread + entry
    return brier, spread


def main(name: str) -> None:
    brier, spread = sums(name)
    scores = ", ".join(f"{key} {value:.4f}" for key, value in brier.scores().items())
    print(f"\ntrained to {TRAIN_END}, {FIRST} to {LAST}: {scores}\n")
    print("| P(ice) forecast | ice observed | cells |\n|---|---|---|")
    for forecast, seen, n in zip(*brier.reliability.means(), brier.reliability.count):
        print(f"| {forecast:.3f} | {seen:.3f} | {n} |")
    print("\n| spread, % | error, % (both root mean square) | cells |\n|---|---|---|")
    for own, seen, n in zip(*spread.means(), spread.count):
        print(f"| {100 * own**0.5:.1f} | {100 * seen**0.5:.1f} | {n} |")


if __name__ == "__main__":
    main(sys.argv[1])
