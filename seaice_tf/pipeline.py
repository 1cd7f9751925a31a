"""Examples as tf.data streams: shuffled, augmented, batched, prefetched.

All randomness is a function of (seed, epoch, index), so a stream can start at any step and equals
one that started at the first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seaice_tf.lazy import tf

Example = tuple[Any, dict, dict]  # inputs, targets by head, weights by head
Shard = tuple[int, int]  # (i, n): part i of n equal parts
FOREVER = 2**40  # epochs
THREADS = -1  # tf.data.AUTOTUNE: to fetch examples; results do not depend on their number
ALL: Shard = (0, 1)


@dataclass(frozen=True)
class Examples:
    """A set of examples with random access.

    Attributes:
        size: number of examples.
        fetch: index (scalar int64 tensor) -> example; runs in the graph.
        augment: (example, stateless seed of two integers) -> example; None for no augmentation.
        draw: (seed, epoch, index), scalar int64 tensors -> training example, in place of `fetch`
            and `augment` for examples that are drawn at random; or None.
        draw_batch: (seed, epochs (n,), indices (n,)) -> batch of drawn examples, in place of `draw`
            where copying them into a batch would take as long as reading them; or None.
        kept: like `fetch`, but what was read once is kept in memory by a Python function, which
            data services cannot run; or None.
        finish: (batch of what the functions above give) -> batch of examples, for conversions that
            are faster for a batch at once; None if they give examples.
        name: index -> name of the example for messages.
    """

    size: int
    fetch: Callable[[tf.Tensor], Any]
    augment: Callable[[Any, tf.Tensor], Any] | None = None
    draw: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any] | None = None
    draw_batch: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any] | None = None
    kept: Callable[[tf.Tensor], Any] | None = None
    finish: Callable[..., Example] | None = None
    name: Callable[[int], str] = str


def random_subset(items: Sequence[Any], size: int) -> list[Any]:
    """At most `size` of the items in their order, the same ones at each call.

    Random, because equal steps could always hit the same place of a grid.
    """
    if len(items) <= size:
        return list(items)
    chosen = np.random.default_rng(0).permutation(len(items))[:size]
    return [items[i] for i in sorted(chosen)]


def in_order(examples: Examples, batch_size: int, shard: Shard = ALL) -> tf.data.Dataset:
    """All examples of a shard once, in order, not augmented; the last batch may be smaller."""
    index, number = shard
    dataset = tf.data.Dataset.range(examples.size).shard(number, index)
    dataset = dataset.map(examples.kept or examples.fetch, THREADS, deterministic=True)
    return _finished(examples, dataset.batch(batch_size))


def some(examples: Examples, chosen: np.ndarray) -> tf.data.Dataset:
    """The examples of these indices, (n,) int64, in batches of one."""
    dataset = tf.data.Dataset.from_tensor_slices(chosen)
    return _finished(examples, dataset.map(examples.fetch, THREADS, deterministic=True).batch(1))


def _finished(examples: Examples, batches: tf.data.Dataset) -> tf.data.Dataset:
    if examples.finish is not None:
        batches = batches.map(examples.finish, THREADS, deterministic=True)
    return batches.prefetch(tf.data.AUTOTUNE)


def steps_per_epoch(examples: Examples, batch_size: int) -> int:
    """Number of full batches in an epoch; 1 for a set smaller than a batch."""
    return max(examples.size // batch_size, 1)


def training_stream(
    examples: Examples,
    batch_size: int,
    seed: int,
    first_step: int = 0,
    shard: Shard = ALL,
    service: Shard | None = None,
) -> tf.data.Dataset:
    """An infinite stream of training batches, reshuffled each epoch.

    An epoch has `steps_per_epoch` batches; the remaining examples change from epoch to epoch.

    Args:
        examples: the training set.
        batch_size: examples per batch.
        seed: of order and augmentation.
        first_step: step to start at.
        shard: part of each batch, for one of several replicas.
        service: (i, n) for the batches i, i + n, i + 2 n, ..., for one of n data services; None for
            all batches in this process.
    """
    batch_size = min(batch_size, examples.size)
    per_epoch = steps_per_epoch(examples, batch_size) * batch_size

    read = examples.fetch if service or examples.kept is None else examples.kept

    def epoch_order(epoch):
        order = _shuffled(examples, seed, epoch)[:per_epoch]
        return tf.data.Dataset.from_tensor_slices(order).map(lambda i: (epoch, i))

    def fetch(epoch, index):
        if examples.draw is not None:
            return examples.draw(tf.constant(seed, tf.int64), epoch, index)
        example = read(index)
        if examples.augment is None:
            return example
        key = tf.stack([tf.cast(seed, tf.int64), epoch])
        return examples.augment(example, tf.random.experimental.stateless_fold_in(key, index))

    first_epoch, skipped = divmod(first_step * batch_size, per_epoch)
    epochs = tf.data.Dataset.range(first_epoch, FOREVER)
    dataset = epochs.flat_map(epoch_order).skip(skipped)
    index, number = shard
    own = batch_size // number
    dataset = dataset.shard(number, index)
    if service:
        first, services = service
        dataset = dataset.batch(own).shard(services, first).unbatch()
    if examples.draw_batch is not None:
        keys = dataset.batch(own, drop_remainder=True)
        draw = functools.partial(examples.draw_batch, tf.constant(seed, tf.int64))
        return _finished(examples, keys.map(draw, THREADS, deterministic=True))
    dataset = dataset.map(fetch, THREADS, deterministic=True)
    return _finished(examples, dataset.batch(own, drop_remainder=True))


def indices(examples: Examples, batch_size: int, seed: int, step: int) -> list[int]:
    """Indices of the examples in the batch of a step of `training_stream`."""
    batch_size = min(batch_size, examples.size)
    epoch, within = divmod(step, steps_per_epoch(examples, batch_size))
    order = _shuffled(examples, seed, tf.constant(epoch, tf.int64)).numpy()
    return order[within * batch_size : (within + 1) * batch_size].tolist()


def _shuffled(examples: Examples, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The shuffled indices of all examples in an epoch."""
    return tf.random.experimental.stateless_shuffle(
        tf.range(examples.size, dtype=tf.int64), seed=tf.stack([tf.cast(seed, tf.int64), epoch])
    )
