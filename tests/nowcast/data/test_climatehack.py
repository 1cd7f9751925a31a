import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import npz
from seaice_tf.nowcast.data import climatehack, synthetic

PAST = np.full((3, 12, 128, 128), 300, np.int16)


def test_files_round_trip(tmp_path):
    features, targets = synthetic.write_climatehack(tmp_path, 2, seed=1, later=3)
    inputs, truth = climatehack.features(features), climatehack.targets(targets, 2)
    assert (inputs.data.shape, inputs.data.dtype) == ((2, 12, 128, 128), np.int16)
    assert truth.data.shape == (2, 3, 64, 64)
    assert inputs.osgb.shape == (2, 2, 128, 128)
    last, first = inputs.read(1)[-1, 32:96, 32:96].astype(int), truth.read(1)[0].astype(int)
    assert 0 < np.abs(first - last).mean() < np.abs(last - last.mean()).mean()
    with np.load(features, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["data"], inputs.data)


def test_equal_windows_give_equal_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        climatehack.write(tmp_path / name, 3, iter(PAST))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_too_few_windows_leave_no_file(tmp_path):
    for windows in (PAST[:2], PAST[:0], [PAST[0], PAST[0, :3], PAST[0]]):
        with pytest.raises(ValueError, match=r"windows of|shorter"):
            climatehack.write(tmp_path / "a.npz", 3, iter(windows))
    assert not list(tmp_path.iterdir())


def test_coordinates_are_optional(tmp_path):
    np.savez(tmp_path / "features.npz", data=PAST)
    assert climatehack.features(tmp_path / "features.npz").osgb is None


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"data": PAST[:, :11]}, "expected 12 frames in each window, got 11"),
        ({"data": PAST[..., :127]}, r"expected data \(windows, frames, 128, 128\)"),
        ({"data": PAST[0]}, r"expected data \(windows, frames, 128, 128\)"),
        ({"data": PAST[:0]}, r"of one window or more, got \w+ \(0, 12, 128, 128\)"),
        ({"data": PAST.astype(str)}, "of one window or more, got <U6"),
        ({"x": PAST}, "expected an array 'data', got x"),
        ({"data": PAST, "osgb": np.zeros((2, 2, 128, 128))}, "expected osgb"),
    ],
)
def test_other_shapes_are_refused(tmp_path, arrays, text):
    np.savez_compressed(tmp_path / "features.npz", **arrays)
    with pytest.raises(InputError, match=text):
        climatehack.features(tmp_path / "features.npz")


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((2, 25, 64, 64), "expected 1 to 24 frames"),
        ((2, 24, 64, 63), "64, 64"),
        ((3, 24, 64, 64), "expected 2 windows, as the features have, got 3"),
    ],
)
def test_targets_fit_their_features(tmp_path, shape, text):
    np.savez_compressed(tmp_path / "targets.npz", data=np.zeros(shape, np.int16))
    with pytest.raises(InputError, match=text):
        climatehack.targets(tmp_path / "targets.npz", 2)


@pytest.mark.parametrize(("value", "text"), [(np.nan, "NaN"), (1024, "1024"), (-1, "-1")])
def test_invalid_counts_are_reported_with_their_frame(tmp_path, value, text):
    data = PAST.astype(np.float32)
    data[1, 7, 0, 0] = value
    np.savez_compressed(tmp_path / "features.npz", data=data)
    windows = climatehack.features(tmp_path / "features.npz")
    assert windows.read(0).dtype == np.float32
    with pytest.raises(InputError, match=f"window 1, frame 7: .*{text}"):
        windows.read(1)
    assert isinstance(npz.mapped(tmp_path / "features.npz", "data"), np.memmap)
