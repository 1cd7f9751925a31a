"""A folder of data that was named by mistake."""

from pathlib import Path

from seaice_tf.errors import InputError


def require(folder: Path, what: str) -> None:
    """InputError if a folder of data is a file, or is not there.

    Args:
        folder: that was named.
        what: the files that are expected in it.
    """
    if folder.is_dir():
        return
    if folder.exists():
        raise InputError(f"{folder}: expected a folder of {what}, got a file; name its folder")
    raise InputError(f"{folder}: expected a folder of {what}, got no such folder; check its name")
