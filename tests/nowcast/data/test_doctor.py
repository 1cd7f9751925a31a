import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.data import frames
from seaice_tf.nowcast.data import synthetic as synthetic_frames
from seaice_tf.nowcast.data import synthetic_frames as writer


def save(path, time=None, **bad):
    """14 bright frames of 128 x 130 pixels, some of them bad."""
    data = np.full((14, 128, 130), 300, np.float32)
    for number, value in bad.values():
        data[number] = value
    np.savez_compressed(path, data=data, time=synthetic_frames.times(14) if time is None else time)
    return path


def test_a_good_sequence_has_no_trouble(tmp_path):
    found = frame_doctor.examine(save(tmp_path / "a.npz"))
    assert found.troubles == ()
    assert found.means.tolist() == [300] * 14
    (line,) = found.lines
    assert "14 frames of 128 x 130 pixels, 2020-04-01T10:00:00 to 2020-04-01T11:05:00" in line


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    time = synthetic_frames.times(16)[[0, 1, *range(4, 16)]]
    path = save(tmp_path / "a.npz", time, night=(3, 11), hot=(5, 2000), nan=(7, np.nan))
    (tmp_path / "b.npz").write_bytes(b"no archive")
    troubles = frame_doctor.examine(tmp_path).troubles
    assert len(troubles) == 6
    for text in (
        "10:25:00: night, mean of 11 counts",
        "10:35:00: expected counts from 0 to 1023, got 2000 to 2000",
        "10:45:00: expected counts from 0 to 1023, got 16640 pixels that are no numbers",
        "a gap from 2020-04-01T10:05:00 to 2020-04-01T10:20:00",
        "more than 12 frames without a gap",
        "b.npz: expected an npz file",
    ):
        assert any(text in trouble for trouble in troubles), text
    good = frame_doctor.usable(frames.read(path))
    assert np.flatnonzero(~good).tolist() == [3, 5, 7]


def test_a_night_is_told_in_one_line(tmp_path):
    nights = {f"n{i}": (i, 10 + i) for i in (0, 4, 5, 6)}
    one, several = frame_doctor.examine(save(tmp_path / "a.npz", **nights)).troubles
    assert one.endswith("10:00:00: night, mean of 10 counts")
    assert several.endswith("10:20:00 to 2020-04-01T10:30:00: 3 frames of night, mean of 15 counts")


def test_small_frames_are_told(tmp_path):
    writer.write(tmp_path / "made_up", 1, 13, (40, 50))
    (trouble,) = frame_doctor.examine(tmp_path / "made_up").troubles
    assert "at least 128 pixels along each side, got 40 x 50" in trouble


def test_contest_files_are_looked_at_together(tmp_path):
    data = np.full((3, 12, 128, 128), 300, np.int16)
    data[0, 4:6], data[2, 0, 0, 0] = 12, 1500
    np.savez_compressed(tmp_path / "features.npz", data=data)
    np.savez_compressed(tmp_path / "targets.npz", data=np.full((2, 24, 64, 64), 300, np.int16))
    found = frame_doctor.examine(tmp_path)
    night, beyond, number = found.troubles
    assert "window 0: 2 frames of night" in night
    assert "window 2, frame 0: expected counts from 0 to 1023, got 300 to 1500" in beyond
    assert "expected 3 windows, as the features have, got 2" in number
    assert found.lines == ("features.npz: 3 windows of 12 frames of 128 x 128 pixels",)
    assert frame_doctor.examine(tmp_path / "features.npz").troubles == (night, beyond)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected"):
        frame_doctor.examine(tmp_path)
