import json
import struct

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.grids.windows import Window


def framed(records) -> bytes:
    """Records framed as in a TFRecord file, with zeros as checksums."""
    return b"".join(struct.pack("<Q", len(r)) + bytes(4) + r + bytes(4) for r in records)


def test_shards_equal_their_tiles(tile_folder, tmp_path):
    tile = geopose_tiles.read_labelled(tile_folder)[1]
    path = tmp_path / "a.tfrecord"
    path.write_bytes(framed(geopose_shards.records(tile)))
    shard = geopose_shards.read(path)
    assert shard.statistics == geopose_tiles.statistics(tile)
    assert shard.statistics.known == np.isfinite(geopose_tiles.read_agl(tile)).sum()
    window = Window(3, 4, 30, 20)
    for part in (None, window):
        expected, view = geopose_tiles.view(tile, part), shard.view(part)
        np.testing.assert_array_equal(view.image, expected.image)
        np.testing.assert_array_equal(view.agl, expected.agl)
        assert (view.pose, view.gsd) == (expected.pose, expected.gsd)
    for content in (b"", path.read_bytes()[:-9], framed([b"{}", b"", b""])):
        path.write_bytes(content)
        with pytest.raises(InputError, match="expected a shard"):
            geopose_shards.read(path)
    header, *pixels = geopose_shards.records(tile)
    for change in ({"gsd": "1"}, {"gsd": -1.0}, {"known": None}, {"square": float("inf")}):
        path.write_bytes(framed([json.dumps({**json.loads(header), **change}).encode(), *pixels]))
        with pytest.raises(InputError, match="no finite numbers"):
            geopose_shards.read(path)
    path.write_bytes(framed([b"7", *pixels]))
    with pytest.raises(InputError, match="expected a shard"):
        geopose_shards.read(path)
    with pytest.raises(InputError, match="expected a complete set"):
        geopose_shards.find(tmp_path)
