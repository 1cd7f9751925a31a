"""The npz files of the ClimateHack.AI contest: windows of 12 frames, and what came after.

features.npz: `data` (n, 12, 128, 128) counts, perhaps `osgb` (n, 2, 128, 128) in metres.
targets.npz and predictions.npz: `data` (n, up to 24, 64, 64) counts of the centre.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import npz
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, SIDE, TARGET

FEATURES, TARGETS = NAMES = ("features.npz", "targets.npz")


@dataclass(frozen=True)
class Windows:
    """Windows of a contest file, mapped, not in memory.

    Attributes:
        path: of the file.
        data: (n, frames, side, side).
        osgb: (n, 2, 128, 128) eastings and northings of the features, None if not given.
    """

    path: Path
    data: np.ndarray
    osgb: np.ndarray | None = None

    def __len__(self):
        return len(self.data)

    def read(self, index: int) -> np.ndarray:
        """Counts of a window: (frames, side, side) as stored.

        Raises:
            InputError: there are values that are no counts from 0 to 1023.
        """
        values = np.array(self.data[index])
        for number, frame in enumerate(values):
            if trouble := nowcast.beyond(frame):
                raise InputError(
                    f"{self.path}: window {index}, frame {number}: expected counts from 0 to 1023, "
                    f"got {trouble}; leave the window out"
                )
        return values


def features(path: Path) -> Windows:
    """What is given.

    Raises:
        InputError: not of the contest's shape, or not of numbers.
    """
    data = _data(path, SIDE)
    if data.shape[1] != FRAMES_IN:
        raise InputError(
            f"{path}: expected {FRAMES_IN} frames in each window, got {data.shape[1]}; give the "
            f"frames of the last hour"
        )
    osgb = npz.mapped(path, "osgb") if "osgb" in npz.keys(path) else None
    shape = (len(data), 2, SIDE, SIDE)
    if osgb is not None and (osgb.shape != shape or osgb.dtype.kind not in "iuf"):
        raise InputError(
            f"{path}: expected osgb {shape} in metres, got {osgb.dtype} {osgb.shape}; leave it out"
        )
    return Windows(path, data, osgb)


def targets(path: Path, number: int | None = None) -> Windows:
    """What came, or what was predicted.

    Args:
        path: of the file.
        number: of windows that there must be.

    Raises:
        InputError: not of the contest's shape or number, or not of numbers.
    """
    data = _data(path, TARGET)
    if not 1 <= data.shape[1] <= FRAMES_OUT:
        raise InputError(
            f"{path}: expected 1 to {FRAMES_OUT} frames in each window, got {data.shape[1]}; give "
            f"those that follow the features"
        )
    if number is not None and len(data) != number:
        raise InputError(
            f"{path}: expected {number} windows, as the features have, got {len(data)}; give the "
            f"file that belongs to them"
        )
    return Windows(path, data)


def _data(path: Path, side: int) -> np.ndarray:
    data = npz.mapped(path, "data")
    fits = data.ndim == 4 and data.shape[2:] == (side, side) and len(data) > 0
    if not fits or data.dtype.kind not in "iuf":
        raise InputError(
            f"{path}: expected data (windows, frames, {side}, {side}) of counts, of one window "
            f"or more, got {data.dtype} {data.shape}; cut and stack the frames so"
        )
    return data
