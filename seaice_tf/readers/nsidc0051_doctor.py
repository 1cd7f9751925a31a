"""What is wrong with a folder of NSIDC-0051 files, all of it at once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.readers import nsidc0051
from seaice_tf.transforms import nsidc0051 as formats
from seaice_tf.transforms.counts import COAST, LAND, MISSING, POLE_HOLE, UNUSED


@dataclass(frozen=True)
class Findings:
    """The months that could be read, one grid each, and the troubles found on the way."""

    months: np.ndarray  # (n,) datetime64[M]
    grids: np.ndarray  # (n, 448, 304) uint8
    troubles: tuple[str, ...]
    synthetic: bool

    def hole_sizes(self) -> list[tuple[np.datetime64, int]]:
        """The size of the pole hole in cells, and the first month of each size in turn."""
        sizes = (self.grids == POLE_HOLE).sum(axis=(1, 2))
        changes = np.flatnonzero(np.diff(sizes, prepend=-1))
        return [(self.months[i], int(sizes[i])) for i in changes]


def examine(folder: Path) -> Findings:
    """Read everything readable in `folder`.

    Raises:
        InputError: there is no monthly file, or none that can be read.
    """
    troubles: list[str] = []
    months: list[np.datetime64] = []
    grids: list[np.ndarray] = []
    heads: list[bytes] = []
    found = nsidc0051.monthly_files(folder)
    for month, paths in found.items():
        if len(paths) > 1:
            troubles.append(f"{month} is given twice: {', '.join(p.name for p in paths)}")
        for path in paths:
            try:
                grid, head = nsidc0051.read_file(path)
            except InputError as error:
                troubles.append(str(error))
                continue
            if not months or months[-1] != month:
                months.append(month)
                grids.append(grid)
                heads.append(head)
            troubles += _values(path.name, grid)
    if not months:
        raise InputError(f"{folder}: expected at least one readable file; {troubles[0]}")
    gaps = nsidc0051.gaps(list(found))
    troubles += [f"{month} is missing; every month is needed for a history" for month in gaps]
    stack = np.stack(grids)
    troubles += _changing_masks(months, stack)
    synthetic = any(map(formats.is_synthetic, heads))
    return Findings(np.array(months), stack, tuple(troubles), synthetic)


def _values(name: str, grid: np.ndarray) -> list[str]:
    troubles = []
    if unused := int((grid == UNUSED).sum()):
        troubles.append(f"{name}: {unused} cells hold {UNUSED}, a value that does not exist")
    if missing := int((grid == MISSING).sum()):
        troubles.append(f"{name}: {missing} cells are missing ({MISSING})")
    return troubles


def _changing_masks(months: list, grids: np.ndarray) -> list[str]:
    troubles = []
    for label, flag in (("land", LAND), ("coast", COAST)):
        masks = grids == flag
        changed = np.flatnonzero((masks != masks[-1]).any(axis=(1, 2)))
        if changed.size:
            troubles.append(
                f"the {label} of {changed.size} months differs from that of {months[-1]}, first in "
                f"{months[changed[0]]}; check that all files are of one version and hemisphere"
            )
    return troubles
