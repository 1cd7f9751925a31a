"""TensorBoard curves of runs that were released without them."""

import shutil

import tensorflow as tf

from seaice_tf.runs import curves, folder


def values(logs):
    """Tag -> values by step of all event files of a folder."""
    found = {}
    for path in logs.glob(curves.EVENTS):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.tag.startswith(("epoch/", "scores/")):
                    number = float(tf.make_ndarray(value.tensor))
                    found.setdefault(value.tag, {})[event.step] = number
    return found


def test_curves_written_later_are_those_of_the_training(trained, tmp_path):
    run = shutil.copytree(trained("clouds"), tmp_path / "runs" / "mine")
    before = values(run / folder.LOGS)
    assert curves.missing(tmp_path) == []
    shutil.rmtree(run / folder.LOGS)
    shutil.copytree(run, tmp_path / "runs" / "begun")
    (tmp_path / "runs" / "begun" / folder.MANIFEST).unlink()
    assert not curves.exist(tmp_path)
    assert curves.missing(tmp_path) == [run] == curves.missing(run)
    assert curves.write(run) == run / folder.LOGS
    del before["epoch/learning_rate"]  # not in the history
    assert values(run / folder.LOGS) == before
    assert curves.missing(tmp_path) == []
