import gc

import numpy as np
import tensorflow as tf

from seaice_tf.icechart.data import buffers

SHAPE, KIND = (3, 5, 1234), np.dtype(np.float16)  # of no other test


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_when_no_view_of_it_is_left():
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


def test_tensors_keep_their_content():
    """Of a pipeline that reads ahead, and of batches that are kept."""

    def fill(i):
        array = buffers.empty(SHAPE, KIND)
        array[...] = i
        return array

    stream = tf.data.Dataset.range(40).map(
        lambda i: tf.numpy_function(fill, [i], tf.float16), num_parallel_calls=4
    )
    kept = [tensor for i, tensor in enumerate(stream.prefetch(4)) if i % 3 == 0]
    for i, tensor in enumerate(kept):
        assert (tensor.numpy() == 3 * i).all()


def test_arrays_of_one_size_may_differ_in_type_and_shape():
    pair = buffers.empty((2, 4096), np.dtype(np.uint8)), buffers.empty((64, 32), np.dtype("<f4"))
    assert [each.shape for each in pair] == [(2, 4096), (64, 32)]
    assert not np.shares_memory(*pair)
    assert all(address(each) % 64 == 0 for each in pair)
