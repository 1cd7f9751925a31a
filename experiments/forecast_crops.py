"""Do networks of crops of 64 cells forecast better than networks of codes of the whole map?

The three networks of the Dacon contest entry on crops, 40 epochs on a fiftieth of the crops of each
month, with the best epoch on such crops of 2007-2009. Cross-entropy of those crops, and its excess
over their entropy; mean absolute error on the 0-250 scale over whole maps, where the entry's 2.95
is that of its own crops. Real data with SEAICE_TF_DATA; about half an hour on two
cores.

Usage: python experiments/forecast_crops.py
"""

import dacon_entry as entry
import numpy as np

from seaice_tf.runs import folder

MAE = {"crops_conv_lstm": "2.95", "crops_lstm_2_norm": "more", "crops_attention_8_skips": "more"}


def entropy(run) -> float:
    """Entropy of the validation crops of a run."""
    crops = entry.TASK.data.splits(folder.open_run(run, entry.TASK)).validation
    truth = np.stack([crops.fetch(i)[1]["image"] for i in range(crops.size)])
    return entry.cross_entropy(truth, truth, margin=1e-7)


def main() -> None:
    runs = {variant: entry.crops(variant) for variant in MAE}
    floor = entropy(runs["crops_conv_lstm"])
    print("| | the entry's MAE, crops | ours, whole maps | cross-entropy | above the entropy |")
    print("|---|---:|---:|---:|---:|")
    for variant, run in runs.items():
        error = entry.score(run, *entry.VALIDATION)["contest_mae"]
        loss = entry.best_loss(run)
        print(f"| {variant} | {MAE[variant]} | {error:.2f} | {loss:.4f} | {loss - floor:.4f} |")
    for name, (error,) in entry.simple("contest_mae", entry.VALIDATION).items():
        print(f"| {name} | - | {error:.2f} | - | - |")


if __name__ == "__main__":
    main()
