"""How does a model trained on synthetic scenes alone perform on a real scene?

The scene was decoded from a published figure: HH, HV and incidence angle as 8-bit grey levels at
about 1.25 km, 332 x 318 pixels. They are stretched for display, so each channel is standardised by
its own mean and standard deviation over the sea, not by those of the data set. No other channel is
known, so the model is trained on these three of synthetic scenes at 800 m (`--downscale 10`, the
nearest factor). The result shows how far synthetic ice is from real ice; it is not an AutoICE
score.

Then the sampling weights on the real lists: the distance of the training list from the test list.

Usage: python experiments/icechart_real_scene.py   (SEAICE_TF_DATA set; three minutes on two cores)
"""

import dataclasses
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.files import maps
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.icechart.data import decoded_scene, sampling, synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, MASK
from seaice_tf.icechart.products import maps as icechart_maps
from seaice_tf.icechart.scores import autoice, baselines
from seaice_tf.runs import folder, train
from seaice_tf.tasks import TASKS

TASK = TASKS["icechart"]
RUN = Path("saved_models/icechart/three-channels")
CHANNELS = ("nersc_sar_primary", "nersc_sar_secondary", "sar_incidenceangle")
SCENE = "20180607T184326_dmi_decoded_332x318.npz"
FACTORS = ("area", "month", "service")


def settings():
    data = cached("icechart800", synthetic_scenes.write, 24, (800, 832), 0, 4)
    defaults = TASK.settings(
        data=str(data), downscale=10, channels=CHANNELS, validation_fraction=0.3
    )
    return dataclasses.replace(defaults, training=dataclasses.replace(defaults.training, epochs=20))


def image(scene) -> np.ndarray:
    """Grey levels standardised over the sea, 0 elsewhere: (H, W, 3) float32."""
    greys = np.stack([scene.greys[name] for name in decoded_scene.GREYS], axis=-1).astype(float)
    sea = greys[scene.sea]
    scaled = (greys - sea.mean(axis=0)) / sea.std(axis=0)
    return np.where(scene.sea[..., None], scaled, 0).astype(np.float32)


def row(name: str, true: dict, pred: dict) -> str:
    found = autoice.scores(autoice.matrices(true, pred))
    return f"| {name} | " + " | ".join(f"{found[key]:.1f}" for key in (*CHARTS, "score")) + " |"


def main() -> None:
    root = os.environ.get("SEAICE_TF_DATA")
    if not root:
        raise InputError("SEAICE_TF_DATA: expected the folder of real data, got none; set it")
    lists = Path(root) / "ai4arctic"
    if not (RUN / folder.MANIFEST).exists():
        train.train(TASK, settings(), RUN)
    scene = decoded_scene.read(lists / SCENE)
    network = tf.saved_model.load(str(RUN / folder.SAVED_MODEL))
    charts = {name: x.numpy()[0] for name, x in network.serve(image(scene)[None]).items()}
    pixels = {c: np.bincount(v[v != MASK])[None] for c, v in scene.charts.items()}
    print("| | " + " | ".join((*CHARTS, "score")) + " |\n|---|---|---|---|---|")
    print(row("trained on synthetic scenes", scene.charts, charts))
    print(row("open water", scene.charts, baselines.open_water(scene.sea.shape)))
    climatology = baselines.constant(baselines.climatology(pixels), scene.sea.shape)
    print(row("climatology of this scene itself", scene.charts, climatology))
    masked = {c: np.where(scene.sea, charts[c], MASK).astype(np.uint8) for c in CHARTS}
    caption = f"{scene.name.short}, decoded from a figure: a model of synthetic scenes"
    greys = scene.greys["HH"].astype(float)
    sheet = icechart_maps.figure(caption, greys, scene.sea, masked, scene.charts)
    print(maps.write(RUN / "real_scene.png", sheet))
    train_list, test_list = (
        sampling.read_list(lists / f"{n}.json") for n in ("dataset", "testset")
    )
    weights = sampling.sampling_weights(train_list, test_list, FACTORS)
    number = sampling.effective_number(weights)
    print(f"\nscenes: {len(weights)}, effective number with sampling weights: {number:.0f}")
    print("| factor | distance from the test list | with sampling weights |\n|---|---|---|")
    for each in sampling.compare(train_list, test_list, weights=weights):
        print(f"| {each.factor} | {each.distances[0]:.2f} | {each.distances[1]:.2f} |")


if __name__ == "__main__":
    main()
