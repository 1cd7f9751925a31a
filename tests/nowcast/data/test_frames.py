import builtins

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import frames, layout, synthetic
from seaice_tf.nowcast.data.frames import Frames

WINDOW = Window(3, 5, 10, 12)


def save(path, **changed):
    arrays = {
        "data": np.random.default_rng(0).integers(0, 1024, (5, 20, 30)).astype(np.int16),
        "time": synthetic.times(5).astype(str),
    } | changed
    np.savez_compressed(path, **{name: a for name, a in arrays.items() if a is not None})
    return arrays["data"]


def test_a_window_of_a_sequence(tmp_path):
    data = save(tmp_path / "a.npz")
    found = frames.read(tmp_path / "a.npz")
    window = found.read(1, 3, WINDOW)
    np.testing.assert_array_equal(window, data[1:4, 3:13, 5:17])
    assert window.dtype == np.int16
    for start, number, place in ((3, 3, WINDOW), (-1, 1, WINDOW), (0, 1, Window(15, 0, 10, 10))):
        with pytest.raises(InputError, match=r"a\.npz: expected"):
            found.read(start, number, place)
    assert (len(found), found.shape, found.osgb, found.synthetic) == (5, (20, 30), None, False)
    np.testing.assert_array_equal(found.time, synthetic.times(5))


@pytest.mark.parametrize(
    "form", [lambda t: t.astype("datetime64[ns]"), lambda t: np.char.add(t.astype(str), "Z")]
)
def test_times_may_be_text_or_dates(tmp_path, form):
    time = synthetic.times(5)
    save(tmp_path / "a.npz", time=form(time))
    np.testing.assert_array_equal(frames.read(tmp_path / "a.npz").time, time)


def test_synthetic_sequences_are_marked(tmp_path):
    (path,) = synthetic.write(tmp_path / "synthetic", 1, 3, (40, 50), seed=2)
    found = frames.read(path)
    assert found.synthetic
    assert found.osgb.shape == (2, 40, 50)
    expected = synthetic.sequence(2, found.time, (40, 50))
    np.testing.assert_array_equal(found.read(0, 3, Window(0, 0, 40, 50)), expected)
    assert frames.find(tmp_path / "synthetic") == [path]


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"data": None}, "expected an array 'data', got time"),
        ({"time": None}, "expected an array 'time', got data"),
        ({"data": np.zeros((5, 20))}, r"expected data \(frames, rows, columns\)"),
        ({"data": np.zeros((5, 20, 30), bool)}, "got bool"),
        ({"time": synthetic.times(4)}, "expected a time for each of 5 frames"),
        ({"time": synthetic.times(5)[::-1]}, "expected times that ascend"),
        ({"time": np.arange(5)}, "expected times as text or datetime64, got int64"),
        ({"time": np.array(["soon"] * 5)}, "expected times such as"),
        ({"time": np.array(["NaT"] * 5)}, "expected times such as .* got NaT"),
        ({"osgb": np.zeros((2, 3, 4))}, "expected osgb"),
    ],
)
def test_inconsistent_arrays_are_refused(tmp_path, changed, text):
    save(tmp_path / "a.npz", **changed)
    with pytest.raises(InputError, match=text):
        frames.read(tmp_path / "a.npz")


def test_a_folder_without_sequences_is_refused(tmp_path):
    np.savez(tmp_path / "features.npz", data=np.zeros(3))
    with pytest.raises(InputError, match=r"expected \.npz files with data and time"):
        frames.find(tmp_path)


def test_without_zarr_the_error_says_what_to_install(tmp_path, monkeypatch):
    normal = builtins.__import__

    def without(name, *arguments, **keywords):
        if name == "zarr":
            raise ImportError(name)
        return normal(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install seaice_tf\[zarr\]"):
        frames.read(tmp_path / "a.zarr")


DATA = np.random.default_rng(0).integers(0, 1024, (5, 20, 30)).astype(np.int16)


def climatehack_zarr(folder):
    zarr = pytest.importorskip("zarr", reason="no zarr: pip install '.[zarr]'")
    group = zarr.open_group(str(folder / "climatehack.zarr"), mode="w", zarr_format=2)
    arrays = {"data": DATA, "time": np.arange(5) * 300, "x_osgb": DATA[0], "y_osgb": DATA[1]}
    for name, values in arrays.items():
        group.create_array(name, data=values)
    group["time"].attrs["units"] = "seconds since 2020-04-01 12:00:00"
    return group


def test_the_zarr_of_climatehack(tmp_path):
    climatehack_zarr(tmp_path)
    found = frames.read(frames.find(tmp_path)[0])
    np.testing.assert_array_equal(found.read(2, 2, WINDOW), DATA[2:4, 3:13, 5:17])
    assert found.time[1] == np.datetime64("2020-04-01T12:05:00")
    np.testing.assert_array_equal(found.osgb, DATA[:2])


def _group_for_array(group):
    del group["data"]
    group.create_group("data")


@pytest.mark.parametrize(
    "damage",
    [
        _group_for_array,
        lambda group: group.__delitem__("time"),
        lambda group: group["time"].attrs.pop("units"),
        lambda group: group["time"].attrs.update(units=5),
        lambda group: group["time"].attrs.update(calendar="of the Mayas"),
        lambda group: group.store.root.joinpath("data", ".zarray").write_text("{"),
        lambda group: group.store.root.joinpath("time", "0").write_bytes(b"damaged"),
    ],
    ids=["a group", "no time", "no units", "units", "calendar", "metadata", "chunk"],
)
def test_a_damaged_zarr_is_one_clear_error(tmp_path, damage):
    damage(climatehack_zarr(tmp_path))
    with pytest.raises(InputError, match="expected a zarr group with data and time in CF units"):
        frames.read(tmp_path / "climatehack.zarr")


def test_a_damaged_chunk_of_frames_is_one_clear_error(tmp_path):
    climatehack_zarr(tmp_path).store.root.joinpath("data", "0.0.0").write_bytes(b"damaged")
    found = frames.read(tmp_path / "climatehack.zarr")
    with pytest.raises(InputError, match="expected whole chunks of data, got Runtime"):
        found.read(2, 2, WINDOW)


def test_the_real_sequence(real_data):
    (path,) = frames.find(real_data / "hrv")
    found = frames.read(path)
    assert (len(found), found.shape) == (25, (891, 900))
    assert not layout.gaps(found.time)
    assert layout.starts(found.time, 24) == [0, 1]
    frame = found.read(24, 1, Window(400, 400, 128, 128))[0]
    assert not layout.invalid_counts(frame)
    assert not layout.is_night(frame)


LENGTHS = st.lists(st.integers(1, 4), min_size=1, max_size=3)


def edges(lengths):
    return [slice(end - n, end) for n, end in zip(lengths, np.cumsum(lengths))]


@settings(max_examples=40, deadline=None)
@given(LENGTHS, LENGTHS, LENGTHS, st.sampled_from(["u1", "<i2", "<u2", "f8"]), st.data())
def test_windows_of_tiles_are_those_of_the_whole_array(times, rows, columns, kind, data):
    shape = (sum(times), sum(rows), sum(columns))
    whole = np.random.default_rng(0).integers(0, 200, shape).astype(kind)
    blocks = tuple(
        [[whole[t, r, c] for c in edges(columns)] for r in edges(rows)] for t in edges(times)
    )
    frames = Frames("a", synthetic.times(shape[0]), blocks)
    assert (len(frames), frames.shape) == (shape[0], shape[1:])
    start, top, left = (data.draw(st.integers(0, n - 1)) for n in shape)
    number, height, width = (
        data.draw(st.integers(1, n - first)) for n, first in zip(shape, (start, top, left))
    )
    window = Window(top, left, height, width)
    found = frames.read(start, number, window)
    np.testing.assert_array_equal(found, whole[start : start + number][:, *window.slices])
    for outside in (Window(top, left, shape[1] - top + 1, width), Window(-1, left, height, width)):
        with pytest.raises(InputError):
            frames.read(start, number, outside)
