"""The npz files of the ClimateHack.AI competition: windows of 12 frames, and the next frames.

features.npz: `data` (n, 12, 128, 128) counts, optionally `osgb` (n, 2, 128, 128) in metres.
targets.npz and predictions.npz: `data` (n, up to 24, 64, 64) counts of the centre.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import atomic, npz
from seaice_tf.nowcast.data import faults
from seaice_tf.nowcast.data.layout import FRAMES_IN, FRAMES_OUT, SIDE, TARGET

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # equal content gives equal bytes
FEATURES, TARGETS = NAMES = ("features.npz", "targets.npz")


def has_windows(path: Path) -> bool:
    """Whether an npz file has windows, rather than a sequence of frames or anything else."""
    names = npz.keys(path)
    return "data" in names and "time" not in names and len(npz.shape(path, "data")) == 4


@dataclass(frozen=True)
class Windows:
    """Windows of a file, memory-mapped.

    Attributes:
        path: of the file.
        data: (n, frames, side, side).
        osgb: (n, 2, 128, 128) eastings and northings of the features, None if unknown.
    """

    path: Path
    data: np.ndarray
    osgb: np.ndarray | None = None

    def __len__(self):
        return len(self.data)

    def read(self, index: int) -> np.ndarray:
        """Read the counts of a window: (frames, side, side) of the stored type.

        Raises:
            InputError: there are values outside 0 to 1023.
        """
        values = np.array(self.data[index])
        for number, frame in enumerate(values):
            if found := faults.counts(frame, "leave the window out"):
                raise InputError(f"{self.path}: window {index}, frame {number}: {found}")
        return values

    def night(self, index: int, values: np.ndarray) -> str:
        """What `faults.night` says of the first frame of the night in a window."""
        for number, frame in enumerate(values):
            if found := faults.night(frame):
                return f"{self.path}: window {index}, frame {number}: {found}"
        return ""


def features(path: Path) -> Windows:
    """Open features.npz, the input windows.

    Raises:
        InputError: not a numeric array of the competition's shape.
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
    """Open targets.npz or predictions.npz, the frames that follow the features.

    Args:
        path: of the file.
        number: of windows that is expected; None for any.

    Raises:
        InputError: not a numeric array of the competition's shape, or of another number.
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


def write(path: Path, number: int, windows: Iterable[np.ndarray], **others: np.ndarray) -> Path:
    """Write `data` (number, frames, side, side) with the type of the first window.

    Args:
        path: of the file.
        number: of windows, at least one.
        windows: (frames, side, side) each, consumed one at a time.
        others: small arrays to store as well, such as `osgb`.

    Raises:
        ValueError: another number of windows, or windows of several shapes.
    """
    with atomic.file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        with archive.open(_member("data"), "w", force_zip64=True) as file:
            first = None
            for _, window in zip(range(number), windows, strict=True):
                if first is None:
                    first = window
                    _header(file, (number, *window.shape), window.dtype)
                if window.shape != first.shape:
                    raise ValueError(f"{path}: windows of {first.shape} and {window.shape}")
                file.write(np.ascontiguousarray(window, first.dtype).tobytes())
        for name, values in others.items():
            with archive.open(_member(name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)
    return path


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{name}.npy", ZIP_DATE)


def _header(file, shape: tuple[int, ...], kind: np.dtype) -> None:
    description = np.lib.format.dtype_to_descr(kind)
    np.lib.format.write_array_header_1_0(
        file, {"descr": description, "fortran_order": False, "shape": shape}
    )
