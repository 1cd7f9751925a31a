"""Which switches of the nowcast help?

Each run differs from the U-Net on the flow's forecast, or from the two CNNs, in one thing. All see
the western columns of the frames for a few epochs; the last ones score. Real data with
SEAICE_TF_DATA, synthetic without. Runs that are there are taken; more epochs, and only some rows:

Usage: python experiments/nowcast_switches.py [--epochs 6] [ROW ...]
"""

import argparse
import dataclasses
import functools
from pathlib import Path
from typing import Any

from seaice_tf.runs import folder, train
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/nowcast/switches")
TASK = TASKS["nowcast"]
WITH_BATCH_NORM = ("flow_unet", "cnn_cnn", "conv_lstm")
UNET = {"network": "flow_unet"}
CNN = {
    "network": "cnn_cnn",
    "difference": "last",
    "blur": "output",
    "batch_statistics": True,
}
LEARNT = "perceiver's flow alone"
ROWS: dict[str, dict[str, Any]] = {
    "lead_unet": {},
    "flow_unet": UNET,
    "flow_unet without blur": {**UNET, "blur": "none"},
    "flow_unet, output blurred": {**UNET, "blur": "output"},
    "flow_unet on the last frame": {**UNET, "difference": "last"},
    "flow_unet, no difference": {**UNET, "difference": "none", "blur": "none"},
    "flow_unet, batch statistics": {**UNET, "batch_statistics": True},
    "flow_unet, mean with flow": {**UNET, "flow_share": 0.3},
    "flow alone, blurred": {"network": "flow"},
    LEARNT: {"network": "perceiver"},
    "flow_unet, flow learnt": {**UNET, "flow": "perceiver", "transfer": LEARNT},
    "cnn_cnn": CNN,
    "cnn_cnn, no difference": {**CNN, "difference": "none"},
    "cnn_cnn, no difference, moving statistics": {
        **CNN,
        "difference": "none",
        "batch_statistics": False,
    },
    "cnn_cnn on the flow": {**CNN, "difference": "flow"},
    "cnn_cnn without blur": {**CNN, "blur": "none"},
    "cnn_cnn, last kernel 1": {**CNN, "last_kernel": 1},
    "cnn_cnn, mean with flow": {**CNN, "flow_share": 0.5},
    "cnn_cnn, lite0 from nothing": {**CNN, "encoder": "efficientnet_lite0"},
    "cnn_cnn, lite0 of ImageNet": {
        **CNN,
        "encoder": "efficientnet_lite0",
        "weights": "imagenet",
    },
    "conv_lstm": {"network": "conv_lstm", "filters": (16, 32)},
}


def scores(name: str, epochs: int) -> dict:
    """The result of a row; trains it, and the row that it starts from, if there is no such run."""
    changes = dict(ROWS[name])
    before = changes.pop("transfer", "")
    training = dataclasses.replace(TASK.settings().training, epochs=epochs)
    if changes.get("network") in WITH_BATCH_NORM:
        training = dataclasses.replace(training, batch_size=8)
    if before:
        scores(before, epochs)
        rate = 2 * training.learning_rate  # of which transfer takes half
        start = str(path_of(before, epochs))
        training = dataclasses.replace(training, learning_rate=rate, transfer=start)
    run, settings = path_of(name, epochs), TASK.settings(training=training, **changes)
    if not (run / folder.MANIFEST).exists():
        train.train(TASK, settings, run)
    elif folder.open_run(run, TASK) != settings:
        raise SystemExit(f"{run}: expected the settings of this row, got others; move it away")
    return folder.read_json(run / folder.SCORES)


def path_of(name: str, epochs: int) -> Path:
    return RUNS / f"{kind()}-{epochs}" / name.replace(" ", "_").replace(",", "").replace("'", "")


@functools.cache
def kind() -> str:
    return "synthetic" if "synthetic" in TASK.data.cases(TASK.settings()).source else "real"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    words = parser.parse_args()
    if unknown := set(words.rows) - set(ROWS):
        parser.error(f"expected rows of {', '.join(ROWS)}, got {', '.join(unknown)}")
    results = {name: scores(name, words.epochs) for name in words.rows or ROWS}
    first = next(iter(results.values()))
    found = {name: result["scores"] for name, result in results.items()}
    found |= {f"*{name}*": values for name, values in first["baselines"].items()}
    print(f"{first['data']}, {first['n']} windows, {words.epochs} epochs\n")
    print("| | MS-SSIM | MAE |\n|---|---|---|")
    for name, row in sorted(found.items(), key=lambda item: -item[1][TASK.verification.primary]):
        print(f"| {name} | {row['ms_ssim']:.4f} | {row['mae']:.1f} |")


if __name__ == "__main__":
    main()
