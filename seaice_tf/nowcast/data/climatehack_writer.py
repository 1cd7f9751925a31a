"""npz files of windows as the ClimateHack.AI contest has them, written a window at a time."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from seaice_tf.files import atomic

DATED = (1980, 1, 1, 0, 0, 0)  # the same content, the same bytes


def write(path: Path, number: int, windows: Iterable[np.ndarray], **others: np.ndarray) -> Path:
    """Write `data` (number, frames, side, side), of the type of the first window.

    Args:
        path: of the file.
        number: how many windows come, at least one.
        windows: (frames, side, side) each, taken one by one.
        others: small arrays to be stored beside them, such as `osgb`.
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
    return zipfile.ZipInfo(f"{name}.npy", DATED)


def _header(file, shape: tuple[int, ...], kind: np.dtype) -> None:
    description = np.lib.format.dtype_to_descr(kind)
    np.lib.format.write_array_header_1_0(
        file, {"descr": description, "fortran_order": False, "shape": shape}
    )
