"""Does a network that sees 64 cells at a time forecast better than one that sees a code of all?

The three networks of the contest entry on crops, on a tenth of the crops of each month; mean
absolute error on the 0-250 scale over whole maps of 2007-2009, the entry's measure. Real data with
SEAICE_TF_DATA; about two hours on two cores.

Usage: python experiments/forecast_crops.py
"""

import contest_entry as entry

MAE = {"crops_conv_lstm": "2.95", "crops_lstm_2_norm": "more", "crops_attention_8_skips": "more"}
EPOCHS = 40


def main() -> None:
    print("| network | epochs | the entry's MAE | ours, 2007-2009 | cross-entropy of the crops |")
    print("|---|---:|---:|---:|---:|")
    for variant, theirs in MAE.items():
        run = entry.run("crops", variant, "adam", EPOCHS)
        error = entry.score(run, *entry.VALIDATION)["contest_mae"]
        loss = entry.best_loss(run)
        print(f"| {variant} | {EPOCHS} | {theirs} | {error:.2f} | {loss:.4f} |")


if __name__ == "__main__":
    main()
