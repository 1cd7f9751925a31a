"""What do the networks of the contest entry score, and does any beat the mean of five years?

The ones that forecast_autoencoders.py, forecast_sequences.py and forecast_crops.py are about, each
trained for as long as the entry trained the one it chose: 700 epochs the autoencoder, then 400 and
200 the LSTM and the attention on its codes, 40 the crops. The last 15 years before 2007. Real data
with SEAICE_TF_DATA; about two hours on two cores.

Usage: python experiments/forecast_final.py
"""

import contest_entry as entry

LOSSES = {"two_conv": 0.0541, "lstm_2_norm": 0.0600, "attention_8_skips": 0.0611}
SCORES = {"lstm_2_norm": 4.6961, "attention_8_skips": 4.4870, "crops_conv_lstm": 4.5689}
PERIODS = (entry.VALIDATION, entry.TEST)


def main() -> None:
    entry.show([(variant, entry.chosen(variant), loss) for variant, loss in LOSSES.items()])
    print("\n| contest score | the entry, on its own years | ours, 2007-2009 | ours, 2010-2012 |")
    print("|---|---:|---:|---:|")
    for variant in entry.CHOSEN:
        run = entry.chosen(variant)
        ours = [entry.score(run, *period)["contest_score"] for period in PERIODS]
        print(f"| {variant} | {SCORES.get(variant, '-')} | {ours[0]:.3f} | {ours[1]:.3f} |")
    best = [entry.best_baseline(*period) for period in PERIODS]
    print(f"| best simple baseline | - | {' | '.join(best)} |")


if __name__ == "__main__":
    main()
