"""npz files of windows as the ClimateHack.AI contest has them, written a window at a time."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.writers import atomic

DATED = (1980, 1, 1, 0, 0, 0)  # the same content, the same bytes


def write(path: Path, number: int, windows: Iterable[np.ndarray], **others: np.ndarray) -> Path:
    """Write `data` (number, frames, side, side), of the type of the first window.

    Args:
        path: of the file.
        number: how many windows come.
        windows: (frames, side, side) each, taken one by one.
        others: small arrays to be stored beside them, such as `osgb`.

    Raises:
        InputError: another number of windows comes, or they differ in shape.
    """
    with atomic.file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        with archive.open(_member("data"), "w", force_zip64=True) as file:
            shape, kind, count = None, None, 0
            for window in windows:
                if shape is None:
                    shape, kind = window.shape, window.dtype
                    _header(file, (number, *shape), kind)
                if window.shape != shape:
                    raise InputError(f"{path}: expected windows of {shape}, got {window.shape}")
                file.write(np.ascontiguousarray(window, kind).tobytes())
                count += 1
            if count != number or not count:
                raise InputError(f"{path}: expected {number} windows, got {count}")
        for name, values in others.items():
            with archive.open(_member(name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)
    return path


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{name}.npy", DATED)


def _header(file, shape: tuple[int, ...], kind: np.dtype) -> None:
    description = np.lib.format.dtype_to_descr(kind)
    np.lib.format.write_array_header_1_0(
        file, {"descr": description, "fortran_order": False, "shape": shape}
    )
