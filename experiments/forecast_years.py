"""Do the last 15 years teach more than all of them, as the contest entry found?

The same settings but for `last_years`, the years to be forecast that are learnt from: those of
1992-2006, or all that have a history: 18 for the first two networks, 23 for the attention, whose
codes are those of the last 15 years either way. 2010-2012 had no say. Real data with
SEAICE_TF_DATA; about half an hour on two cores after forecast_final.py, which leaves the codes.

Usage: python experiments/forecast_years.py [ROW...]
"""

import dataclasses
import sys

import contest_entry as entry

PERIODS = (entry.VALIDATION, entry.TEST)


def default(network: str, years: int, **training):
    """A run of one of our own networks, trained on the last years or on all."""
    settings = entry.TASK.settings()
    settings = dataclasses.replace(
        settings,
        network=network,
        last_years=years,
        training=dataclasses.replace(settings.training, **training),
    )
    return entry.trained(entry.RUNS / f"years-{network}-{years or 'all'}", settings)


def attention(years: int):
    if years == entry.AS_ENTERED.last_years:
        return entry.chosen("attention_8_skips")
    return entry.chosen("attention_8_skips", name="attention_8_skips-all", last_years=years)


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
