"""Does a network that sees 64 cells at a time forecast better than one that sees a code of all?

The three networks of the contest entry on crops, 40 epochs on a fiftieth of the crops of a month;
mean absolute error on the 0-250 scale over whole maps of 2007-2009, the entry's measure. Real data
with SEAICE_TF_DATA; about half an hour on two cores.

Usage: python experiments/forecast_crops.py
"""

import contest_entry as entry

MAE = {"crops_conv_lstm": "2.95", "crops_lstm_2_norm": "more", "crops_attention_8_skips": "more"}


def main() -> None:
    print("| network | the entry's MAE | ours, 2007-2009 | cross-entropy of the crops |")
    print("|---|---:|---:|---:|")
    for variant, theirs in MAE.items():
        run = entry.crops(variant)
        error = entry.score(run, *entry.VALIDATION)["contest_mae"]
        loss = entry.best_loss(run)
        print(f"| {variant} | {theirs} | {error:.2f} | {loss:.4f} |")


if __name__ == "__main__":
    main()
