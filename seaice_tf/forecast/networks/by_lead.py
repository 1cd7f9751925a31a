"""Maps of 12 leads, computed for one lead after another."""

from collections.abc import Callable, Collection

import tensorflow as tf

LEADS = 12


def by_lead(function: Callable[..., dict], names: Collection[str], *series) -> dict:
    """Maps (B, 12, N) by name: what is of one lead stays in the cache, and takes less memory.

    Args:
        function: series (B, Y, 1, N) of a lead -> dict of maps (B, 1, N).
        names: its keys.
        series: (B, Y, 12, N) each.
    """

    def one(lead):
        return function(*(tf.gather(each, [lead], axis=2) for each in series))

    kinds = dict.fromkeys(names, tf.float32)
    maps = tf.map_fn(one, tf.range(LEADS), parallel_iterations=1, fn_output_signature=kinds)
    return {name: tf.transpose(value[:, :, 0], [1, 0, 2]) for name, value in maps.items()}
