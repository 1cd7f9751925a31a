"""What do the networks of the contest entry score, and does any beat the simple means?

The ones that forecast_autoencoders.py, forecast_sequences.py and forecast_crops.py are about, each
trained for as long as the entry trained the one it chose: 700 epochs the autoencoder, then 400 and
200 the LSTM and the attention on its codes, 40 the crops. The last 15 years before 2007. Real data
with SEAICE_TF_DATA; about two hours on two cores.

The entry gives one score "with autoencoder, two convolutions, 700 epochs" and none for an LSTM; it
does not say what told the next year's code in it.

Usage: python experiments/forecast_final.py
"""

import contest_entry as entry

LOSSES = {"two_conv": 0.0541, "lstm_2_norm": 0.0600, "attention_8_skips": 0.0611}
SCORES = {"two_conv": "4.6961", "attention_8_skips": "4.4870", "crops_conv_lstm": "4.5689"}
PERIODS = (entry.VALIDATION, entry.TEST)


def main() -> None:
    entry.show([(variant, entry.chosen(variant), loss) for variant, loss in LOSSES.items()])
    found = {
        variant: [
            entry.score(entry.chosen(variant), *period)["contest_score"] for period in PERIODS
        ]
        for variant in entry.CHOSEN
    }
    found |= entry.simple("contest_score", *PERIODS)
    print("\n| contest score | the entry, on its own years | ours, 2007-2009 | ours, 2010-2012 |")
    print("|---|---:|---:|---:|")
    for name, (choice, test) in sorted(found.items(), key=lambda item: item[1][1]):
        print(f"| {name} | {SCORES.get(name, '-')} | {choice:.3f} | {test:.3f} |")


if __name__ == "__main__":
    main()
