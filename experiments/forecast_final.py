"""Do the networks of the Dacon contest entry beat climatology?

The selected networks of forecast_autoencoders.py, forecast_sequences.py and forecast_crops.py, with
the epochs of the entry: 700 for the autoencoder, 400 and 200 for the LSTM and the attention on its
codes, 40 for the crops. Trained on the last 15 years before 2007. Real data with SEAICE_TF_DATA;
about two hours on two cores.

The entry has one score "with autoencoder, two convolutions, 700 epochs" and none for an LSTM; it
does not say which model predicted the code of the next year.

Usage: python experiments/forecast_final.py
"""

import dacon_entry as entry

LOSSES = {"two_conv": 0.0541, "lstm_2_norm": 0.0600, "attention_8_skips": 0.0611}
SCORES = {"two_conv": "4.6961", "attention_8_skips": "4.4870", "crops_conv_lstm": "4.5689"}
PERIODS = (entry.VALIDATION, entry.TEST)


def main() -> None:
    entry.show([(variant, entry.selected(variant), loss) for variant, loss in LOSSES.items()])
    found = {
        variant: [
            entry.score(entry.selected(variant), *period)["contest_score"] for period in PERIODS
        ]
        for variant in entry.SELECTED
    }
    found |= entry.simple("contest_score", *PERIODS)
    print("\n| Dacon score | the entry, on its own years | ours, 2007-2009 | ours, 2010-2012 |")
    print("|---|---:|---:|---:|")
    for name, (choice, test) in sorted(found.items(), key=lambda item: item[1][1]):
        print(f"| {name} | {SCORES.get(name, '-')} | {choice:.3f} | {test:.3f} |")


if __name__ == "__main__":
    main()
