"""A folder of synthetic monthly files in the format of NSIDC-0051, labelled so in their headers."""

from pathlib import Path

from seaice_tf.files import atomic
from seaice_tf.forecast.data import months, nsidc0051_writer
from seaice_tf.forecast.data import synthetic as synthetic_ice


def write(folder: Path, first: str, last: str, seed: int = 0) -> None:
    """Write the months "YYYY-MM" from `first` to `last`; the same seed gives the same bytes."""
    start, end = months.parse(first), months.parse(last)
    with atomic.folder(folder) as temporary:
        fields = synthetic_ice.archive(start, end, seed)
        nsidc0051_writer.write_synthetic(temporary, start, fields)
