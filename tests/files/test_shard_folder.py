"""Shards cut short or with another byte are found before anything is made of them."""

import hashlib
import json

import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import tfrecords
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.icechart.data import shards as scene_shards
from seaice_tf.nowcast.data import shards as frame_shards

FINDS = {
    "icechart": lambda folder: scene_shards.find(folder, ["a"], 5),
    "nowcast": frame_shards.find,
    "geopose": geopose_shards.find,
}


@pytest.fixture
def shards(tmp_path):
    """A folder of three shards that suits each task in turn."""

    def make(task, **changes):
        facts = {}
        for name in ("c.tfrecord", "a.tfrecord", "b.tfrecord"):
            (tmp_path / name).write_bytes(name.encode() * 1000)
            digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
            facts[name] = {"sources": [], "sha256": digest}
        held = {"task": task, "channels": ["a"], "factor": 5, "shards": facts}
        (tmp_path / tfrecords.MANIFEST).write_text(json.dumps(held | changes))
        return tmp_path

    return make


@pytest.mark.parametrize("task", FINDS)
def test_whole_shards_are_found_in_order(task, shards):
    assert [path.name for path in FINDS[task](shards(task))] == [f"{n}.tfrecord" for n in "abc"]


def flipped(content):
    return content[:500] + bytes([content[500] ^ 1]) + content[501:]


@pytest.mark.parametrize("damage", [flipped, lambda b: b[:-1], lambda b: b + b"\0", lambda b: b""])
@pytest.mark.parametrize("task", FINDS)
def test_the_damaged_one_is_named(task, damage, shards):
    folder = shards(task)
    path = folder / "b.tfrecord"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=f"{path}: expected the SHA-256 .*it is damaged; remove"):
        FINDS[task](folder)
    path.unlink()
    with pytest.raises(InputError, match=f"{path}: expected a shard of manifest.json, got none"):
        FINDS[task](folder)


@pytest.mark.parametrize("task", FINDS)
def test_a_newer_format_is_refused(task, shards):
    folder = shards(task, format=2)
    with pytest.raises(InputError, match=r"expected format 1, got 2, .* update seaice_tf"):
        FINDS[task](folder)
    assert len(FINDS[task](shards(task, format=1))) == 3


@pytest.mark.parametrize("digest", [0.5, 7, None, "x"])
def test_a_digest_of_any_type_is_only_another_one(digest, shards):
    folder = shards("nowcast", shards={"a.tfrecord": {"sha256": digest}})
    with pytest.raises(InputError, match="expected the SHA-256 of"):
        FINDS["nowcast"](folder)


@pytest.mark.parametrize("channels", [None, 7, ["a", 7], "a"])
def test_channels_of_any_type_are_only_others(channels, shards):
    with pytest.raises(InputError, match=r"expected factor 5 and channels a, got|manifest"):
        FINDS["icechart"](shards("icechart", channels=channels))
