"""Do the last 15 years teach more than all of them, as the contest entry found?

The same settings but for `last_years`, trained to 2006; 2010-2012 had no say. Real data with
SEAICE_TF_DATA; about half an hour on two cores after forecast_final.py, which leaves the codes.

Usage: python experiments/forecast_years.py
"""

import dataclasses

import contest_entry as entry

from seaice_tf.runs import folder, train


def default(network: str, years: int, **training):
    """A run of one of our own networks, trained on the last years or on all."""
    settings = entry.TASK.settings()
    settings = dataclasses.replace(
        settings,
        network=network,
        last_years=years,
        training=dataclasses.replace(settings.training, **training),
    )
    path = entry.RUNS / f"years-{network}-{years or 'all'}"
    if not (path / folder.MANIFEST).exists():
        train.train(entry.TASK, settings, path)
    return path


def attention(years: int):
    if years == entry.AS_ENTERED.last_years:
        return entry.chosen("attention_8_skips")
    return entry.chosen("attention_8_skips", name="attention_8_skips-all", last_years=years)


NETWORKS = {
    "distribution": lambda years: default("distribution", years),
    "unet": lambda years: default("unet", years, epochs=8, batch_size=2),
    "autoencoder and attention": attention,
}


def main() -> None:
    print("| trained on | 2007-2009, 15 years | all | 2010-2012, 15 years | all |")
    print("|---|---:|---:|---:|---:|")
    for name, run in NETWORKS.items():
        runs = [run(15), run(0)]
        scores = [
            entry.score(path, *period)["contest_score"]
            for period in (entry.VALIDATION, entry.TEST)
            for path in runs
        ]
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in scores)} |")


if __name__ == "__main__":
    main()
