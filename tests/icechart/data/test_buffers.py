import gc
import mmap
import os

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.icechart.data import buffers

SHAPE, KIND = (3, 5, 1234), np.dtype(np.float16)  # of no other test


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


@pytest.fixture
def made(monkeypatch):
    """Sizes of the memory that was asked of the system."""
    sizes, original = [], mmap.mmap

    def noted(place, size, **options):
        sizes.append(size)
        return original(place, size, **options)

    monkeypatch.setattr(buffers, "_spare", buffers.defaultdict(list))
    monkeypatch.setattr(buffers.mmap, "mmap", noted)
    return sizes


def stream(number: int) -> tf.data.Dataset:
    """Tensors of 0, of 1, ..., made in four threads and read ahead."""

    def fill(i):
        array = buffers.empty(SHAPE, KIND)
        array[...] = i
        return array

    numbers = tf.data.Dataset.range(number)
    tensors = numbers.map(lambda i: tf.numpy_function(fill, [i], tf.float16), num_parallel_calls=4)
    return tensors.prefetch(4)


def test_memory_is_used_again_when_no_view_of_it_is_left(made):
    first = buffers.empty(SHAPE, KIND)
    first[...] = 1
    place, view = address(first), first[1:, ::2].T
    del first
    gc.collect()
    second = buffers.empty(SHAPE, KIND)
    second[...] = 2
    assert (view == 1).all()
    assert not np.shares_memory(view, second)
    del view
    gc.collect()
    assert address(buffers.empty(SHAPE, KIND)) == place
    assert len(made) == 2


def test_memory_of_tensors_is_used_again_and_little_is_kept(made):
    for i, tensor in enumerate(stream(60)):
        assert (tensor.numpy() == i).all()
    assert len(made) < 30
    held = [buffers.empty(SHAPE, KIND) for _ in range(30)]
    assert not np.shares_memory(*held[:2])
    del held
    gc.collect()
    (spare,) = buffers._spare.values()
    assert len(spare) <= buffers.SPARE


def test_tensors_that_are_kept_keep_their_content(made):
    kept = [tensor for i, tensor in enumerate(stream(40)) if i % 3 == 0]
    for i, tensor in enumerate(kept):
        assert (tensor.numpy() == 3 * i).all()


def test_arrays_begin_with_a_page_and_have_their_shape_and_type(made):
    pair = buffers.empty((2, 4096), np.dtype(np.uint8)), buffers.empty((64, 32), np.dtype("<f4"))
    assert [each.shape for each in pair] == [(2, 4096), (64, 32)]
    assert not np.shares_memory(*pair)
    assert all(address(each) % mmap.PAGESIZE == 0 for each in pair)


def test_a_forked_process_has_memory_of_its_own(made):
    array = buffers.empty(SHAPE, KIND)
    array[...] = 1
    child = os.fork()
    if not child:
        array[...] = 7
        os._exit(0)
    os.waitpid(child, 0)
    assert (array == 1).all()
