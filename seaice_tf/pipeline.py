"""Examples to tf.data: shuffle, augment, batch, prefetch.

All that is random is a function of (seed, epoch, index), so a stream can start at any step and give
what it would have given had it run from the first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

Example = tuple[Any, dict, dict]  # inputs, targets by head, weights by head
Share = tuple[int, int]  # (i, n): the i-th of n equal shares
FOREVER = 2**40  # epochs
THREADS = tf.data.AUTOTUNE  # that fetch examples; what they give does not depend on how many
ALL: Share = (0, 1)


@dataclass(frozen=True)
class Examples:
    """A set of examples that can be fetched in any order.

    Attributes:
        size: number of examples.
        fetch: index (scalar int64 tensor) -> example; runs in the graph.
        augment: (example, seed) -> example with a stateless seed of two integers, or None.
        draw: (seed, epoch, index), scalar int64 tensors -> example; what training takes instead of
            `fetch` and `augment` where they cannot be told apart, or None.
        name: index -> what an example is called in messages.
    """

    size: int
    fetch: Callable[[tf.Tensor], Example]
    augment: Callable[[Example, tf.Tensor], Example] | None = None
    draw: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Example] | None = None
    name: Callable[[int], str] = str


def some_of(every: Sequence[Any], most: int) -> list[Any]:
    """At most so many, the same at each call, in their order.

    By chance: equal steps might always meet the same place of a grid.
    """
    if len(every) <= most:
        return list(every)
    chosen = np.random.default_rng(0).permutation(len(every))[:most]
    return [every[i] for i in sorted(chosen)]


def in_order(examples: Examples, batch_size: int, share: Share = ALL) -> tf.data.Dataset:
    """Every example of the share once, in order, as it is; the last batch may be smaller."""
    which, shares = share
    dataset = tf.data.Dataset.range(examples.size).shard(shares, which)
    dataset = dataset.map(examples.fetch, THREADS, deterministic=True)
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def steps_per_epoch(examples: Examples, batch_size: int) -> int:
    """Whole batches in an epoch; a set smaller than a batch gives one batch of all it has."""
    return max(examples.size // batch_size, 1)


def training_stream(
    examples: Examples,
    batch_size: int,
    seed: int,
    first_step: int = 0,
    share: Share = ALL,
    turn: Share = ALL,
) -> tf.data.Dataset:
    """Endless batches for training, in a new order each epoch, from step `first_step` on.

    An epoch has `steps_per_epoch` batches; the examples left over change from epoch to epoch. Of
    every batch it gives the same share; with the turn (i, n) it gives the batches i, i + n, ...
    """
    batch_size = min(batch_size, examples.size)
    per_epoch = steps_per_epoch(examples, batch_size) * batch_size

    def epoch_order(epoch):
        order = _shuffled(examples, seed, epoch)[:per_epoch]
        return tf.data.Dataset.from_tensor_slices(order).map(lambda i: (epoch, i))

    def fetch(epoch, index):
        if examples.draw is not None:
            return examples.draw(tf.constant(seed, tf.int64), epoch, index)
        example = examples.fetch(index)
        if examples.augment is None:
            return example
        key = tf.stack([tf.cast(seed, tf.int64), epoch])
        return examples.augment(example, tf.random.experimental.stateless_fold_in(key, index))

    first_epoch, skipped = divmod(first_step * batch_size, per_epoch)
    epochs = tf.data.Dataset.range(first_epoch, FOREVER)
    dataset = epochs.flat_map(epoch_order).skip(skipped)
    which, shares = share
    own = batch_size // shares
    dataset = dataset.shard(shares, which)
    if turn != ALL:
        first, turns = turn
        dataset = dataset.batch(own).shard(turns, first).unbatch()
    dataset = dataset.map(fetch, THREADS, deterministic=True)
    return dataset.batch(own, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def indices(examples: Examples, batch_size: int, seed: int, step: int) -> list[int]:
    """Which examples are in the batch of a step of `training_stream`."""
    batch_size = min(batch_size, examples.size)
    epoch, within = divmod(step, steps_per_epoch(examples, batch_size))
    order = _shuffled(examples, seed, tf.constant(epoch, tf.int64)).numpy()
    return order[within * batch_size : (within + 1) * batch_size].tolist()


def _shuffled(examples: Examples, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The order of all examples in an epoch."""
    return tf.random.experimental.stateless_shuffle(
        tf.range(examples.size, dtype=tf.int64), seed=tf.stack([tf.cast(seed, tf.int64), epoch])
    )
