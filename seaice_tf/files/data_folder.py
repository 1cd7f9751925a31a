"""Folders and files of data that were named by mistake."""

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


def require_there(named: str, what: str) -> None:
    """InputError if data that were named are not there: see `require`, or images with commas."""
    path, parts = Path(named), named.split(",")
    if path.exists():
        return
    if not parts[1:]:
        require(path, what)
    for part in parts:
        require_file(Path(part), "an image")


def require_file(path: Path, what: str) -> None:
    """InputError if a file that was named, of `what`, is a folder or not there."""
    if path.is_file():
        return
    if path.exists():
        raise InputError(f"{path}: expected {what}, got a folder; name a file")
    raise InputError(f"{path}: expected {what}, got no such file; check its name")
