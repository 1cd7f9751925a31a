"""Made-up frames in the layouts of real ones, which say of themselves what they are."""

from pathlib import Path

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.nowcast.data import climatehack_writer
from seaice_tf.nowcast.data import synthetic as synthetic_frames
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_IN, FRAMES_OUT, SIDE
from seaice_tf.nowcast.data.synthetic import FIRST, TITLE

DAY = np.timedelta64(1, "D")


def write(
    folder: Path, number: int, frames: int, shape: tuple[int, int], seed: int = 0
) -> list[Path]:
    """Write sequences of `frames` frames, one of each day: npz with `data`, `time` and `osgb`."""
    paths = []
    with atomic.folder(folder) as temporary:
        for index in range(number):
            time = synthetic_frames.times(frames, FIRST + index * DAY)
            path = temporary / f"synthetic_{str(time[0])[:10].replace('-', '')}.npz"
            np.savez_compressed(
                path,
                data=synthetic_frames.sequence(seed + index, time, shape),
                time=time.astype(str),
                osgb=synthetic_frames.osgb(shape),
                title=np.array(TITLE),
            )
            paths.append(folder / path.name)
    return paths


def write_contest(
    folder: Path, number: int, seed: int = 0, later: int = FRAMES_OUT
) -> tuple[Path, Path]:
    """Write features.npz and targets.npz of windows of which `later` frames are known."""
    time, shape = synthetic_frames.times(FRAMES_IN + later), (SIDE, SIDE)
    came = []

    def given():
        for index in range(number):
            frames = synthetic_frames.sequence(seed + index, time, shape)
            came.append(frames[FRAMES_IN:, CENTRE, CENTRE].copy())
            yield frames[:FRAMES_IN]

    osgb = np.broadcast_to(synthetic_frames.osgb(shape), (number, 2, *shape))
    features = climatehack_writer.write(folder / "features.npz", number, given(), osgb=osgb)
    return features, climatehack_writer.write(folder / "targets.npz", number, came)
