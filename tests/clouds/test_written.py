"""What `evaluate` scores is what `predict` writes: submission.csv by the published rule."""

import csv

import numpy as np
import pytest

from seaice_tf.clouds import task
from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.task import TASK
from seaice_tf.runs import artifact


def decoded(code):
    """The mask of a run-length code: starts from 1, down the columns of 350 x 525."""
    pixels = np.zeros(350 * 525, bool)
    numbers = [int(number) for number in code.split()]
    for start, length in zip(numbers[::2], numbers[1::2]):
        pixels[start - 1 : start - 1 + length] = True
    return pixels.reshape(525, 350).T


def test_evaluate_gives_what_the_published_rule_gives_the_submission(
    cloud_settings, trained, tmp_path, monkeypatch
):
    monkeypatch.setattr(task, "OVERLAYS", 0)
    predict = artifact.predictor(trained("clouds"))
    pairs = [(case, predict(case)) for case in TASK.data.cases(cloud_settings)]
    path, *_ = TASK.products.write(pairs, tmp_path, "tiny")
    with path.open() as file:
        rows = {row["Image_Label"]: row["EncodedPixels"] for row in csv.DictReader(file)}
    values = []
    for case, _ in pairs:
        for i, kind in enumerate(CLASSES):
            true, pred = case.truth[..., i], decoded(rows[f"{case.name}_{kind}"])
            both = true.sum() + pred.sum()
            values.append(2 * (true & pred).sum() / both if both else 1.0)
    assert TASK.verification.score(pairs)["dice"] == pytest.approx(np.mean(values), abs=1e-12)
