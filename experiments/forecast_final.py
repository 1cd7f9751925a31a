"""What do the networks of the contest entry score, and does any beat the mean of five years?

Each as chosen by forecast_autoencoders.py, forecast_sequences.py and forecast_crops.py, trained on
the last 15 years before 2007. Real data with SEAICE_TF_DATA; minutes, once their runs are there.

Usage: python experiments/forecast_final.py
"""

import contest_entry as entry

NETWORKS = {
    "autoencoder: last year through the code": (entry.autoencoder, "two_conv", None),
    "autoencoder and LSTM": (entry.sequence, "lstm_2_norm", 4.6961),
    "autoencoder and attention": (entry.sequence, "attention_8_skips", 4.4870),
    "ConvLSTM on crops": (entry.crops, "crops_conv_lstm", 4.5689),
}
PERIODS = (entry.VALIDATION, entry.TEST)


def main() -> None:
    print("| contest score | the entry, on its own years | ours, 2007-2009 | ours, 2010-2012 |")
    print("|---|---:|---:|---:|")
    for name, (trained, variant, theirs) in NETWORKS.items():
        run = trained(variant)
        ours = [entry.score(run, *period)["contest_score"] for period in PERIODS]
        print(f"| {name} | {theirs or '-'} | {ours[0]:.3f} | {ours[1]:.3f} |")
    best = [entry.best_baseline(*period) for period in PERIODS]
    print(f"| best simple baseline | - | {' | '.join(best)} |")


if __name__ == "__main__":
    main()
