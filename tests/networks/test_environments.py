"""Files of one environment load in the others: weights of all, SavedModels of addons.

`make fixtures` writes a tiny network of every task in each environment to data/<environment>.zip:
its weights, and its outputs for one input. The test reads these files and starts no process of the
other environments, so it is fast, needs one environment only, and also fails when weights of
earlier versions no longer load.
"""

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.forecast.settings import UNet
from seaice_tf.networks import encoders, weights
from seaice_tf.settings import with_values
from seaice_tf.tasks import TASKS

DATA = Path(__file__).parent / "data"
ENVIRONMENT = (
    "addons"
    if compat.has_addons()
    else "cluster"
    if "tf_keras" in keras.Model.__module__
    else "current"
)
ENVIRONMENTS = ("addons", "cluster", "current")
NETWORKS = {
    "forecast-unet": {"network": UNet(history_years=2, base_years=2, filters=(2, 3))},
    "forecast-distribution": {"members": 2, "width": 4},
    "clouds": {"rows": 32, "columns": 48, "decoder_filters": (2, 3)},
    "icechart": {"channels": ("nersc_sar_primary", "latitude"), "filters": (2, 3)},
    "nowcast": {"filters": (2, 3), "trained_leads": 2, "margin": 0},
    "geopose": {"decoder_filters": (2, 2, 2, 3, 3)},
}
VALUES = 200  # of each output that are compared


def built(name):
    """The network that is trained, and what is served of it."""
    task = TASKS[name.split("-")[0]]
    settings = with_values(task.settings(), NETWORKS[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoders, "SMALL_FILTERS", (2, 2, 3, 3, 4))
        model = task.training.build(settings)
    return model, task.training.serving_model(settings, model)


def inputs(name):
    """What a SavedModel takes: smooth pictures, for which rounding stays rounding."""
    rows, columns = np.mgrid[:128, :128] / 20
    picture = np.sin(rows) * np.cos(columns + rows / 3) / 2 + 0.5
    months = np.stack([np.roll(picture[:32, :32], step, 1) for step in range(120)]) * 250
    colours = np.stack([picture[:64, :64] * 255] * 3, axis=-1).astype(np.uint8)
    if name == "forecast-unet":
        return (months[None, :24].astype(np.uint8),)
    if name == "forecast-distribution":
        return months[None].astype(np.uint8), np.array([3], np.int32)
    if name == "clouds":
        file = io.BytesIO()
        Image.fromarray(colours).save(file, "PNG")
        return (np.array([file.getvalue()]),)
    if name == "icechart":
        return (np.stack([picture[:24, :24], picture[24:48, :24]], -1)[None].astype(np.float32),)
    if name == "nowcast":
        frames = np.stack([np.roll(picture, step, 0) for step in range(12)])
        return ((1023 * frames[None]).astype(np.float32),)
    city, gsd = np.eye(4, dtype=np.float32)[:1], np.full((1, 1), 0.5, np.float32)
    return (colours[None], city, gsd)


def sampled(outputs):
    """A few values of each output, without those that rounding may turn over."""
    flat = {head: np.ravel(value) for head, value in outputs.items()}
    some = {h: v[:: max(v.size // VALUES, 1)] for h, v in flat.items() if v.dtype.kind == "f"}
    return {weights.current_name(head): values for head, values in some.items()}


def answer(served, name):
    several = tuple(map(tf.convert_to_tensor, inputs(name)))
    return sampled(served(several if len(several) > 1 else several[0]))


def stored(archive, path):
    values = np.load(io.BytesIO(archive.read(path)))
    return {weights.current_name(head): values[head] for head in values}


def assert_equal(found, expected):
    assert set(found) == set(expected)
    for head, values in expected.items():
        np.testing.assert_allclose(found[head], values, rtol=1e-3, atol=1e-4 * np.ptp(values))


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_of_every_environment_give_the_same_outputs(name, tmp_path):
    model, served = built(name)
    for environment in ENVIRONMENTS:
        with zipfile.ZipFile(DATA / f"{environment}.zip") as archive:
            archive.extract(f"{name}/weights.npz", tmp_path / environment)
            expected = stored(archive, f"{name}/expected.npz")
        weights.load(tmp_path / environment / name / "weights.npz", model)
        assert_equal(answer(served, name), expected)


@pytest.mark.skipif(ENVIRONMENT == "addons", reason="the environment that wrote them")
@pytest.mark.parametrize("name", NETWORKS)
def test_saved_models_of_the_addons_environment_are_served(name, tmp_path):
    with zipfile.ZipFile(DATA / "addons.zip") as archive:
        archive.extractall(tmp_path, [n for n in archive.namelist() if n.startswith(f"{name}/")])
        expected = stored(archive, f"{name}/expected.npz")
    artifact = tf.saved_model.load(str(tmp_path / name / "saved_model"))
    assert_equal(sampled(artifact.serve(*map(tf.convert_to_tensor, inputs(name)))), expected)


def write(path):
    """Write this environment's networks, with random weights, to an archive."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        tempfile.TemporaryDirectory() as temporary,
    ):
        for number, name in enumerate(NETWORKS):
            rng = np.random.default_rng([ENVIRONMENTS.index(ENVIRONMENT), number])
            model, served = built(name)
            for weight in weights.named_weights(model).values():
                draw = rng.uniform(0.1, 0.9, weight.shape)
                weight.assign(draw - (0.5 if len(weight.shape) > 1 else 0))
            root = Path(temporary) / name
            root.mkdir()
            weights.save(root / "weights.npz", model)
            np.savez(root / "expected.npz", **answer(served, name))
            if ENVIRONMENT == "addons":
                compat.export(served, root / "saved_model")
            for file in sorted(root.rglob("*")):
                archive.write(file, file.relative_to(temporary))


if __name__ == "__main__":
    write(DATA / f"{ENVIRONMENT}.zip")
