import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast import examples
from seaice_tf.nowcast.data import doctor, frames, shards, synthetic
from seaice_tf.nowcast.data.windows import Sampling, Windows
from seaice_tf.nowcast.settings import Settings


def save(path, time=None, **bad):
    """Write 14 bright frames of 128 x 130 pixels, some of them bad."""
    data = np.full((14, 128, 130), 300, np.float32)
    for number, value in bad.values():
        data[number] = value
    np.savez_compressed(path, data=data, time=synthetic.times(14) if time is None else time)
    return path


def test_a_good_sequence_has_no_problems(tmp_path):
    found = doctor.examine(save(tmp_path / "a.npz"))
    assert found.problems == ()
    assert found.means.tolist() == [300] * 14
    (line,) = found.lines
    assert "14 frames of 128 x 130 pixels, 2020-04-01T10:00:00 to 2020-04-01T11:05:00" in line


def test_all_problems_are_reported_at_once(tmp_path):
    time = synthetic.times(16)[[0, 1, *range(4, 16)]]
    short = np.datetime64("2021-01-01T10:00") + np.arange(4) * np.timedelta64(10, "m")
    np.savez_compressed(tmp_path / "c.npz", data=np.full((4, 128, 128), 300), time=short)
    path = save(tmp_path / "a.npz", time, night=(3, 11), hot=(5, 2000), nan=(7, np.nan))
    (tmp_path / "b.npz").write_bytes(b"no archive")
    problems = doctor.examine(tmp_path).problems
    assert len(problems) == 6 + 3
    for text in (
        "a.npz: frame of 2020-04-01T10:25:00: expected an image by day, got a mean of 11 counts",
        "10:35:00: expected counts from 0 to 1023, got 2000 to 2000; add --value-range",
        "10:45:00: expected known pixels, got none",
        "a gap from 2020-04-01T10:05:00 to 2020-04-01T10:20:00",
        "c.npz: expected at least 4 frames without a gap, got 1 up to 2021-01-01T10:00:00",
        "b.npz: expected an npz file",
    ):
        assert any(text in problem for problem in problems), text
    good = doctor.checked(frames.read(path)).usable
    assert np.flatnonzero(~good).tolist() == [3, 5, 7]


def test_a_night_is_one_line(tmp_path):
    nights = {f"n{i}": (i, 10 + i) for i in (0, 4, 5, 6)}
    one, several = doctor.examine(save(tmp_path / "a.npz", **nights)).problems
    assert "a.npz: frame of 2020-04-01T10:00:00: expected an image by day, got a mean of 10" in one
    assert several.startswith(
        "a.npz: 3 frames of 2020-04-01T10:20:00 to 2020-04-01T10:30:00, the first: expected an "
        "image by day, got a mean of 14 counts; "
    )


def test_small_frames_are_reported(tmp_path):
    synthetic.write(tmp_path / "synthetic", 1, 13, (40, 50))
    (problem,) = doctor.examine(tmp_path / "synthetic").problems
    assert "at least 128 pixels along each side, got 40 x 50" in problem


def test_climatehack_files_are_checked_together(tmp_path):
    data = np.full((3, 12, 128, 128), 300, np.int16)
    data[0, 4:6], data[2, 0, 0, 0] = 12, 1500
    np.savez_compressed(tmp_path / "features.npz", data=data)
    np.savez_compressed(tmp_path / "targets.npz", data=np.full((2, 24, 64, 64), 300, np.int16))
    found = doctor.examine(tmp_path)
    night, beyond, number = found.problems
    assert "window 0, frame 4: expected an image by day, got a mean of 12 counts" in night
    assert "window 2, frame 0: expected counts from 0 to 1023, got 300 to 1500" in beyond
    assert "expected 3 windows, as the features have, got 2" in number
    assert found.lines == ("features.npz: 3 windows of 12 frames of 128 x 128 pixels",)
    assert doctor.examine(tmp_path / "features.npz").problems == (night, beyond)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected"):
        doctor.examine(tmp_path)


def off_disc(path, number=16):
    """A sequence whose corner, 40 x 30 pixels, is off the disc."""
    rng = np.random.default_rng(0)
    data = rng.integers(100, 1000, (number, 140, 300)).astype(np.float32)
    data[:, :40, :30] = np.nan
    time = np.datetime64("2020-04-01T10:00") + 5 * np.arange(number).astype("timedelta64[m]")
    np.savez(path, data=data, time=time.astype(str))
    return path


def test_pixels_that_are_unknown_in_all_frames_are_no_problem(tmp_path):
    found = doctor.sequence(off_disc(tmp_path / "a.npz"))
    assert found.problems == ()
    assert "; 2.9% of the pixels are unknown in all frames, as off the disc" in found.lines[0]
    content = dict(np.load(tmp_path / "a.npz"))
    content["data"][3, 100, 200] = np.nan
    np.savez(tmp_path / "b.npz", **content)
    (problem,) = doctor.sequence(tmp_path / "b.npz").problems
    assert (
        "frame of 2020-04-01T10:15:00: expected counts from 0 to 1023, got 1201 pixels" in problem
    )
    content["data"][:, :, :200] = np.nan
    np.savez(tmp_path / "c.npz", **content)
    (problem,) = doctor.sequence(tmp_path / "c.npz").problems
    assert "c.npz: 16 frames of" in problem


def test_windows_avoid_pixels_that_are_unknown_in_all_frames(tmp_path):
    plain = doctor.checked(frames.read(off_disc(tmp_path / "a.npz")))
    assert plain.usable.all()
    shards.prepare(tmp_path / "a.npz", tmp_path / "shards")
    (prepared,) = shards.read(shards.find(tmp_path / "shards"))
    np.testing.assert_array_equal(prepared.off, plain.off)
    places = set()
    for index in range(40):
        drawn = []
        for each in (plain, prepared):
            region = Window(0, 0, 140, 200)
            windows = Windows([each], [region], Sampling(min_frames=13))
            drawn.append(windows.draw(0, 0, index))
            *_, window = windows.position(0, 0, index)
        assert np.isfinite(drawn[0]).all()
        np.testing.assert_array_equal(*drawn)
        places.add((window.top, window.left))
    assert len(places) > 30
    settings = Settings(data=str(tmp_path / "a.npz"), min_frames=13)
    chosen = [p.window.left for p in examples.places(settings, plain, Window(0, 0, 140, 300))]
    assert set(chosen) == {128, 172}
