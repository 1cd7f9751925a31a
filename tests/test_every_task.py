"""What every task must do; a task without tiny settings in conftest fails here."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import pipeline
from seaice_tf.cli.main import main
from seaice_tf.networks import weights
from seaice_tf.runs import artifact, evaluate, folder, predict, report_tables, train, tune
from seaice_tf.settings import read
from seaice_tf.tasks import TASKS
from tests.inputs import example

BOUNDS = report_tables.BOUNDS
VARIANTS = ["forecast-unet", "forecast-distribution", "clouds", "icechart", "nowcast", "geopose"]


@pytest.fixture(params=VARIANTS)
def variant(request):
    return request.param


@pytest.fixture
def task(variant):
    return TASKS[variant.split("-")[0]]


@pytest.fixture
def settings(variant, tiny_settings):
    return tiny_settings[variant]


@pytest.fixture(scope="module")
def cache():
    """What several tests use, by variant and kind."""
    return {}


@pytest.fixture
def run(variant, trained):
    """A complete run, which no test changes."""
    return trained(variant)


@pytest.fixture
def stored(variant, run, task):
    """The settings of the run, which may have been calibrated."""
    return folder.open_run(run, task)


@pytest.fixture
def model(variant, run, task, stored, cache):
    """The trained model, built from the weights of the run."""
    if (variant, "model") not in cache:
        cache[variant, "model"] = task.training.build(stored)
        weights.load(run / folder.WEIGHTS, cache[variant, "model"])
    return cache[variant, "model"]


@pytest.fixture
def predictor(variant, run, cache):
    """The SavedModel of the run."""
    if (variant, "predictor") not in cache:
        cache[variant, "predictor"] = artifact.predictor(run)
    return cache[variant, "predictor"]


@pytest.fixture
def splits(variant, task, settings, cache):
    if (variant, "splits") not in cache:
        cache[variant, "splits"] = task.data.splits(settings)
    return cache[variant, "splits"]


def test_every_task_and_every_row_of_tiny_settings_is_tested(tiny_settings):
    assert set(VARIANTS) == set(tiny_settings)
    assert {variant.split("-")[0] for variant in VARIANTS} == set(TASKS)


def test_a_run_is_complete(run, stored, settings):
    names = {path.name for path in run.iterdir()}
    wanted = "saved_model weights.npz settings.json scores.json manifest.json model_card.md logs"
    assert set(wanted.split()) <= names
    assert folder.CHECKPOINT not in names
    assert not folder.partial(run).exists()
    assert (stored.data, stored.training) == (settings.data, settings.training)
    manifest = json.loads((run / folder.MANIFEST).read_text())
    assert manifest["packages"]["numpy"] == np.__version__
    assert manifest["data"]
    assert all(len(entry["sha256"]) == 64 for entry in manifest["data"])
    assert manifest["kept_epoch"] >= 1


def test_scores_stand_beside_every_baseline(run, task):
    result = json.loads((run / folder.SCORES).read_text())
    assert set(result["baselines"]) == set(task.verification.baselines)
    for scores in (result["scores"], *result["baselines"].values()):
        assert np.isfinite(scores[task.verification.primary])
    best = result["baselines"][result["best_baseline"]][task.verification.primary]
    gain = (best - result["scores"][task.verification.primary]) / abs(best)
    assert result["skill"] == pytest.approx(gain if task.verification.lower_is_better else -gain)
    card = (run / "model_card.md").read_text()
    assert all(name in card for name in task.verification.baselines)
    for row in json.loads((run / folder.MANIFEST).read_text())["interface"]:
        unit = task.products.units[row["name"]]
        assert f"| `{row['name']}` | {row['dtype']} | (any" in card
        assert f"| {unit} |" in card
    assert "synthetic" in card


def test_synthetic_data_are_called_synthetic(run):
    assert "synthetic" in json.loads((run / folder.SCORES).read_text())["data"]


def test_the_export_equals_the_model_built_from_the_weights(
    task, settings, stored, model, predictor
):
    case = next(iter(task.data.cases(settings)))
    exported = predictor(case)
    for head, value in task.training.serving_model(stored, model)(artifact.batch(case)).items():
        # Six flows over two hours make a little of rounding grow.
        rounding = 1e-2 if task.name == "nowcast" else 1e-4
        np.testing.assert_allclose(exported[head], value[0], rtol=rounding, atol=1e-5)


@pytest.mark.skipif(not hasattr(keras.layers, "TFSMLayer"), reason="Keras 2 has no TFSMLayer")
@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "forecast-unet"], indirect=True)
def test_the_saved_model_is_a_layer(run):
    layer = keras.layers.TFSMLayer(str(run / folder.SAVED_MODEL), call_endpoint="serve")
    served = layer._reloaded_obj  # loading it again would take seconds
    (signature,) = served.serve.concrete_functions
    specs = {each.name: each for each in signature.structured_input_signature[0]}
    inputs = {name: tf.constant(example(spec)) for name, spec in specs.items()}
    first, *others = inputs
    found = layer(inputs[first], **{each: inputs[each] for each in others})
    expected = served.serve(**inputs)
    for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    if specs[first].dtype == tf.uint8:
        with pytest.raises((TypeError, ValueError)):
            served.serve(**inputs | {first: tf.cast(inputs[first], tf.float32)})


def test_a_label_of_weight_zero_changes_no_loss(model, splits, monkeypatch):
    monkeypatch.setattr(model, "run_eagerly", True)  # tracing takes longer than two batches
    inputs, targets, weight = next(iter(pipeline.in_order(splits.validation, 1)))
    weight = {head: tf.concat([w[:, :1] * 0, w[:, 1:]], axis=1) for head, w in weight.items()}
    spoilt = {
        head: tf.where(weight[head] > 0, y, tf.cast(9, y.dtype)) for head, y in targets.items()
    }
    losses = [model.test_on_batch(inputs, y, weight) for y in (targets, spoilt)]
    np.testing.assert_allclose(np.ravel(losses[0])[0], np.ravel(losses[1])[0])


def test_training_examples_are_augmented_anew_each_epoch(splits):
    examples = splits.train
    if examples.augment is None:
        pytest.skip("this network's examples are not augmented")
    example = examples.fetch(tf.constant(0, tf.int64))
    first, second = (examples.augment(example, tf.constant([1, epoch]))[0] for epoch in (0, 1))
    assert (first.numpy() != second.numpy()).any()


def test_examples_do_not_depend_on_the_number_of_threads(splits, settings, monkeypatch):
    examples, streams = splits.train, []
    for threads in (1, 5):
        monkeypatch.setattr(pipeline, "THREADS", threads)
        stream = pipeline.training_stream(examples, settings.training.batch_size, seed=4)
        streams.append([tf.nest.flatten(batch) for batch in stream.take(3)])
    for one, other in zip(*map(tf.nest.flatten, streams), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def renamed(monkeypatch):
    """The files and folders that were renamed when complete, so that a kill leaves old or new."""
    names, rename = [], Path.replace

    def record(path, target):
        names.append(Path(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", record)
    return names


def strays(paths, folder, patterns):
    """Files that are not among those that the task names."""
    return sorted(set(paths) - {path for pattern in patterns for path in folder.glob(pattern)})


# The products of both forecasts are written by the same functions; nowcasts are animated.
WRITTEN_LATER = {"forecast-unet": pytest.mark.soak, "nowcast": pytest.mark.slow}


@pytest.mark.parametrize(
    "variant",
    [pytest.param(v, marks=WRITTEN_LATER.get(v, ())) for v in VARIANTS],
    indirect=True,
)
def test_products_are_written(predictor, task, settings, tmp_path, renamed, capsys):
    cases = task.data.future(settings)
    written = predict.predict(task, cases, predictor, "tiny", tmp_path / "out").files
    checked = [task.products.check(path, Path(settings.data)) for path in written]
    assert [found for found in checked if found is not None]
    assert not any(checked)
    assert strays(written, tmp_path / "out", task.products.files) == []
    assert main(["doctor", task.name, "--data", str(tmp_path / "out")]) == 1
    said = "".join(capsys.readouterr())
    (named,) = set(re.findall("name the file, such as --data (.*)", said))
    assert task.products.check(Path(named), Path(settings.data)) == []
    case = next(iter(task.data.cases(settings)))
    verified = task.verification.verify([(case, predictor(case))], tmp_path / "verified", "tiny")
    assert strays(verified, tmp_path / "verified", task.verification.files) == []
    written += verified
    assert any("verified" in str(path) for path in written)
    assert all(path.stat().st_size > 0 for path in written)
    assert set(written) <= set(renamed)


@pytest.mark.parametrize("name", TASKS)
def test_plots_of_data_are_those_that_the_task_names(name, tiny_settings, tmp_path, capsys):
    settings = next(each for key, each in tiny_settings.items() if key.split("-")[0] == name)
    TASKS[name].data.doctor(settings, tmp_path)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert bool(written) == bool(TASKS[name].data.plots)
    assert strays(written, tmp_path, TASKS[name].data.plots) == []


def test_pictures_reach_tensorboard(run, task):
    found = set()
    for path in (run / "logs").rglob("events*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            found |= {value.tag for value in event.summary.value}
    assert {"epoch/loss", "epoch/val_loss", "epoch/learning_rate"} <= found
    assert any(tag.startswith(f"{task.name}/") for tag in found)


@pytest.mark.parametrize(
    "variant",
    [pytest.param(v, marks=[] if v == "icechart" else pytest.mark.soak) for v in VARIANTS],
    indirect=True,
)
def test_export_writes_the_saved_model_again(run, task, settings, predictor, tmp_path, renamed):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    shutil.rmtree(copy / folder.SAVED_MODEL)
    train.export(task, copy)
    assert renamed == [copy / folder.SAVED_MODEL, copy / folder.MANIFEST]
    case = next(iter(task.data.cases(settings)))
    exported = artifact.predictor(copy)(case)
    for head, value in predictor(case).items():
        np.testing.assert_allclose(exported[head], value, atol=1e-6)


def test_every_score_says_what_it_is_and_its_unit(task, run):
    names = folder.read_json(run / folder.SCORES)["scores"]
    plain = [name for name in names if "/" not in name and not name.endswith(BOUNDS)]
    assert [name for name in plain if report_tables.meaning(task, name) is None] == []


def test_a_perfect_predictor_is_better_than_every_baseline(task, settings):
    cases = task.data.cases(settings)
    sign = 1 if task.verification.lower_is_better else -1
    best = evaluate.score(task, cases, PERFECT[task.name])[task.verification.primary] * sign
    for predictor in task.verification.baselines.values():
        assert best < evaluate.score(task, cases, predictor)[task.verification.primary] * sign


PERFECT = {
    "nowcast": lambda case: {"frames": case.truth},
    "clouds": lambda case: {"masks": case.truth},
    "icechart": lambda case: case.truth,
    "geopose": lambda case: {
        "agl": case.truth.agl,
        **case.truth.pose._asdict(),
        "certainty": 1.0,
    },
    "forecast": lambda case: {"concentration": np.where(case.truth > 250, 0, case.truth / 250)},
}
KERAS_TUNER_REFUSES = "tf_keras" in keras.Model.__module__


@pytest.mark.skipif(KERAS_TUNER_REFUSES, reason="keras-tuner refuses tf_keras models")
def test_a_sweep_writes_settings_that_train_reads(task, settings, tmp_path):
    trained = []

    def train_trial(chosen, path, until):  # tests/runs/test_tune.py trains
        trained.append((chosen, until))
        return 1.0

    best = tune.tune(task, settings, tmp_path / "sweep", trials=1, train=train_trial)
    chosen = read(best, task.settings)
    assert trained == [(chosen, settings.training.epochs)]
    assert task.training.build(chosen).count_params() > 0
    assert chosen.data == settings.data
    assert list((tmp_path / "sweep").rglob("events*"))
