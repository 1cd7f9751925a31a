import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf import pipeline
from seaice_tf.pipeline import Examples


def numbers(size, augment=None):
    return Examples(size, lambda i: (tf.cast(i, tf.float32), {}, {}), augment)


def noisy(size):
    def augment(example, seed):
        value, targets, weights = example
        return value + tf.random.stateless_uniform([], seed, 0, 0.5), targets, weights

    return numbers(size, augment)


def take(stream, batches):
    return [batch[0].numpy() for batch in stream.take(batches)]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 20), st.integers(0, 3))
def test_a_stream_can_start_at_any_step(size, batch, step, seed):
    whole = take(pipeline.training_stream(noisy(size), batch, seed), step + 4)
    resumed = take(pipeline.training_stream(noisy(size), batch, seed, step), 4)
    np.testing.assert_array_equal(whole[step:], resumed)


def test_an_epoch_is_a_permutation_and_the_next_another():
    stream = take(pipeline.training_stream(numbers(12), 4, seed=1), 6)
    first, second = np.concatenate(stream[:3]), np.concatenate(stream[3:])
    assert sorted(first) == sorted(second) == list(range(12))
    assert (first != second).any()


def test_draws_differ_between_epochs_examples_and_seeds():
    def draws(seed):
        stream = np.concatenate(take(pipeline.training_stream(noisy(5), 5, seed), 2))
        return stream - np.floor(stream)

    assert len(np.unique(np.concatenate([draws(0), draws(1)]))) == 20


def test_a_set_smaller_than_a_batch_is_one_batch():
    assert pipeline.steps_per_epoch(numbers(3), 8) == 1
    assert sorted(take(pipeline.training_stream(numbers(3), 8, 0), 1)[0]) == [0, 1, 2]


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 9))
def test_the_shards_of_a_batch_make_up_the_batch(shards, own, step):
    examples, batch = noisy(3 * shards * own + 1), shards * own
    whole = take(pipeline.training_stream(examples, batch, 0, step), 3)
    parts = [
        take(pipeline.training_stream(examples, batch, 0, step, (i, shards)), 3)
        for i in range(shards)
    ]
    for batches in zip(whole, *parts, strict=True):
        assert {len(part) for part in batches[1:]} == {own}
        np.testing.assert_array_equal(np.sort(batches[0]), np.sort(np.concatenate(batches[1:])))


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_in_order_is_in_order_and_complete(batch):
    values = np.concatenate([b[0] for b in pipeline.in_order(noisy(6), batch)])
    np.testing.assert_array_equal(values, np.arange(6))
