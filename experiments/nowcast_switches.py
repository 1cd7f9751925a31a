"""Which switches of the nowcast help?

Each run differs from the U-Net on the flow's forecast, or from the two CNNs, in one thing. All see
the western columns of the frames for a few epochs; the last ones score. Real data with
SEAICE_TF_DATA, synthetic without. Runs that are there are taken; more epochs, and only some rows:

Usage: python experiments/nowcast_switches.py [--epochs 6] [ROW ...]
"""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from seaice_tf.runs import folder, train
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/nowcast/switches")
TASK = TASKS["nowcast"]
UNET = {"network": "flow_unet"}
CNN = {"network": "cnn_cnn", "difference": "none", "blur": "none"}
ROWS: dict[str, dict[str, Any]] = {
    "lead_unet": {},
    "flow_unet": UNET,
    "flow_unet without blur": {**UNET, "blur": "none"},
    "flow_unet, output blurred": {**UNET, "blur": "output"},
    "flow_unet on the last frame": {**UNET, "difference": "last"},
    "flow_unet, no difference": {**UNET, "difference": "none", "blur": "none"},
    "flow_unet, batch statistics": {**UNET, "batch_statistics": True},
    "flow_unet, mean with flow": {**UNET, "flow_share": 0.3},
    "flow_unet, flow learnt": {**UNET, "flow": "perceiver"},
    "flow alone, blurred": {"network": "flow"},
    "perceiver's flow alone": {"network": "perceiver"},
    "cnn_cnn": CNN,
    "cnn_cnn, last kernel 1": {**CNN, "last_kernel": 1},
    "cnn_cnn, blurred": {**CNN, "blur": "output"},
    "cnn_cnn on the last frame": {**CNN, "difference": "last"},
    "cnn_cnn on the flow": {**CNN, "difference": "flow"},
    "cnn_cnn, batch statistics": {**CNN, "batch_statistics": True},
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
    """The result of a row; trains it if there is no such run yet."""
    default = TASK.settings()
    batch_size = 8 if ROWS[name] else default.training.batch_size  # what batch norm asks for
    training = dataclasses.replace(default.training, epochs=epochs, batch_size=batch_size)
    settings = dataclasses.replace(default, training=training, **ROWS[name])
    kind = "synthetic" if "synthetic" in TASK.cases(settings).source else "real"
    run = RUNS / f"{kind}-{epochs}" / name.replace(" ", "_").replace(",", "").replace("'", "")
    if not (run / folder.MANIFEST).exists():
        train.train(TASK, settings, run)
    return folder.read_json(run / folder.SCORES)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    words = parser.parse_args()
    results = {name: scores(name, words.epochs) for name in words.rows or ROWS}
    first = next(iter(results.values()))
    found = {name: result["scores"] for name, result in results.items()}
    found |= {f"*{name}*": values for name, values in first["baselines"].items()}
    print(f"{first['data']}, {first['n']} windows, {words.epochs} epochs\n")
    print("| | MS-SSIM | MAE |\n|---|---|---|")
    for name, row in sorted(found.items(), key=lambda item: -item[1][TASK.primary]):
        print(f"| {name} | {row['ms_ssim']:.4f} | {row['mae']:.1f} |")


if __name__ == "__main__":
    main()
