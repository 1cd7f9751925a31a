"""Which switches of the nowcast help?

Each run differs from the U-Net on the flow's forecast, or from the two CNNs, in one thing. All are
trained on the western columns of the frames for a few epochs and scored on the last ones. Real data
with SEAICE_TF_DATA, synthetic without. Complete runs are used again; more epochs, and some rows:

Usage: python experiments/nowcast_switches.py [--epochs 6] [ROW ...]
"""

import argparse
import dataclasses
import functools
from pathlib import Path
from typing import Any

from seaice_tf.nowcast.settings import (
    CnnCnn,
    ConvLSTM,
    Flow,
    FlowUNet,
    Perceiver,
    PerLeadUNet,
)
from seaice_tf.runs import folder, train
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/nowcast/switches")
TASK = TASKS["nowcast"]
WITH_BATCH_NORM = ("flow_unet", "cnn_cnn", "conv_lstm")
UNET = FlowUNet()
CNN = CnnCnn(residual_to="persistence", blur="output", batch_statistics=True)
PERCEIVER = "flow of the perceiver alone"
LITE0 = dataclasses.replace(CNN, encoder="efficientnet_lite0")


def row(network: Any, settings: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Settings of a row: a network with other values, and other settings."""
    return {"network": dataclasses.replace(network, **changes), **(settings or {})}


ROWS: dict[str, dict[str, Any]] = {
    "per_lead_unet": row(PerLeadUNet()),
    "flow_unet": row(UNET),
    "flow_unet without blur": row(UNET, blur="none"),
    "flow_unet, output blurred": row(UNET, blur="output"),
    "flow_unet, residual to persistence": row(UNET, residual_to="persistence"),
    "flow_unet, no residual": row(UNET, residual_to="none", blur="none"),
    "flow_unet, batch statistics": row(UNET, batch_statistics=True),
    "flow_unet, mean with advection": row(UNET, {"advection_weight": 0.3}),
    "flow alone, blurred": row(Flow()),
    PERCEIVER: row(Perceiver()),
    "flow_unet, flow of the perceiver": row(UNET, {"transfer": PERCEIVER}, flow_source="perceiver"),
    "cnn_cnn": row(CNN),
    "cnn_cnn, no residual": row(CNN, residual_to="none"),
    "cnn_cnn, no residual, moving statistics": row(CNN, residual_to="none", batch_statistics=False),
    "cnn_cnn, residual to advection": row(CNN, residual_to="advection"),
    "cnn_cnn without blur": row(CNN, blur="none"),
    "cnn_cnn, last kernel 1": row(CNN, last_kernel=1),
    "cnn_cnn, mean with advection": row(CNN, {"advection_weight": 0.5}),
    "cnn_cnn, lite0 of random weights": row(LITE0),
    "cnn_cnn, lite0 of ImageNet": row(LITE0, weights="imagenet"),
    "conv_lstm": row(ConvLSTM(filters=(16, 32))),
}


def scores(name: str, epochs: int) -> dict:
    """The scores of a row; trains it, and the row that it starts from, if there is no such run."""
    changes = dict(ROWS[name])
    before = changes.pop("transfer", "")
    training = dataclasses.replace(TASK.settings().training, epochs=epochs)
    if changes["network"].name in WITH_BATCH_NORM:
        training = dataclasses.replace(training, batch_size=8)
    if before:
        scores(before, epochs)
        rate = 2 * training.learning_rate  # transfer halves it
        start = str(path_of(before, epochs))
        training = dataclasses.replace(training, learning_rate=rate, transfer=start)
    run, settings = path_of(name, epochs), TASK.settings(training=training, **changes)
    if not (run / folder.MANIFEST).exists():
        train.train(TASK, settings, run)
    elif folder.open_run(run, TASK) != settings:
        raise SystemExit(f"{run}: expected the settings of this row, got others; move it away")
    return folder.read_json(run / folder.SCORES)


def path_of(name: str, epochs: int) -> Path:
    return RUNS / f"{kind()}-{epochs}" / name.replace(" ", "_").replace(",", "")


@functools.cache
def kind() -> str:
    return "synthetic" if "synthetic" in TASK.data.cases(TASK.settings()).source else "real"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"expected rows of {', '.join(ROWS)}, got {', '.join(unknown)}")
    results = {name: scores(name, arguments.epochs) for name in arguments.rows or ROWS}
    first = next(iter(results.values()))
    found = {name: result["scores"] for name, result in results.items()}
    found |= {f"*{name}*": values for name, values in first["baselines"].items()}
    print(f"{first['data']}, {first['n']} windows, {arguments.epochs} epochs\n")
    print("| | MS-SSIM | MAE |\n|---|---|---|")
    ranked = sorted(found.items(), key=lambda item: -item[1][TASK.verification.primary])
    for name, values in ranked:
        print(f"| {name} | {values['ms_ssim']:.4f} | {values['mae']:.1f} |")


if __name__ == "__main__":
    main()
