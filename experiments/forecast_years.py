"""Are the last 15 years better training data than all, as the Dacon contest entry found?

The same settings but for `train_years`: the forecasts of 1992-2006, or all with a long enough
history: 18 years for the first two networks, 23 for the attention, whose codes are those of the
last 15 years in both cases. 2010-2012 is held out. Real data with
SEAICE_TF_DATA; about half an hour on two cores after forecast_final.py, which leaves the codes.

Usage: python experiments/forecast_years.py [ROW...]
"""

import dataclasses
import sys

import dacon_entry as entry

from seaice_tf import settings as settings_file

PERIODS = (entry.VALIDATION, entry.TEST)


def default(network: str, years: int, **training):
    """A run of a network other than the entry's, trained on the last years or on all."""
    settings = entry.TASK.settings()
    settings = dataclasses.replace(
        settings,
        network=settings_file.networks(entry.Settings)[network](),
        train_years=years,
        training=dataclasses.replace(settings.training, **training),
    )
    return entry.trained(entry.RUNS / f"years-{network}-{years or 'all'}", settings)


def attention(years: int):
    if years == entry.AS_ENTERED.train_years:
        return entry.selected("attention_8_skips")
    return entry.selected("attention_8_skips", name="attention_8_skips-all", train_years=years)


NETWORKS = {
    "distribution": lambda years: default("distribution", years),
    "unet": lambda years: default("unet", years, epochs=8, batch_size=2),
    "attention": attention,
}


def main(rows: list[str]) -> None:
    print("| trained on | 2007-2009, 15 years | all | 2010-2012, 15 years | all |")
    print("|---|---:|---:|---:|---:|")
    for name in rows:
        runs = [NETWORKS[name](15), NETWORKS[name](0)]
        scores = [
            entry.score(path, *period)["contest_score"] for period in PERIODS for path in runs
        ]
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in scores)} |")
    for name, (choice, test) in entry.simple("contest_score", *PERIODS).items():
        print(f"| {name} | {choice:.3f} | - | {test:.3f} | - |")


if __name__ == "__main__":
    main(sys.argv[1:] or list(NETWORKS))
