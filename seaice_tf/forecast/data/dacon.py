"""The arrays of Dacon 235706, a competition in sea-ice forecasting: a month of the north a file.

uint8 (448, 304, 5): concentration from 0 to 250, then the masks of pole hole, coast, land and
missing data, not 0 where they hold.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError, reason
from seaice_tf.files import npz
from seaice_tf.forecast.data import counts, formats, nsidc0051
from seaice_tf.forecast.data.counts import COAST, LAND, MISSING, POLE_HOLE
from seaice_tf.forecast.data.formats import Field, Format, Name, Product

NAME = r"(?P<date>\d{6})\.npy"
MASKS = (POLE_HOLE, COAST, LAND, MISSING)  # the flags of channels 1 to 4


def read(path: Path, name: Name, positions: Sequence[int] = (0,)) -> list[Field]:
    """The concentration with the masks as flags; where two masks hold, the later channel's."""
    try:
        layers = np.load(path, "r", allow_pickle=False)
    except npz.DAMAGE as error:  # pickled, cut short, or no such file at all
        raise InputError(
            f"{path}: expected a plain npy array, got a file that cannot be read as one "
            f"({reason(error)}); download the file again"
        ) from error
    shape = (*name.grid.shape, len(MASKS) + 1)
    if not isinstance(layers, np.ndarray) or layers.dtype != np.uint8 or layers.shape != shape:
        got = f"{getattr(layers, 'dtype', 'an archive')} {getattr(layers, 'shape', '')}".strip()
        raise InputError(
            f"{path}: expected uint8 {shape}, got {got}; take the arrays of Dacon 235706"
        )
    ice, masks = layers[..., 0], layers[..., 1:] != 0
    if (stray := ice[~masks.any(axis=-1) & counts.flagged(ice)]).size:
        raise InputError(
            f"{path}: expected concentrations from 0 to 250 outside the masks, got {stray[0]} in "
            f"one of {stray.size} cells; download the file again"
        )
    field = ice.copy()
    for flag, mask in zip(MASKS, np.moveaxis(masks, -1, 0)):
        field[mask] = flag
    return [Field(field)]


PRODUCT = Product(
    "Dacon 235706", nsidc0051.NASA_TEAM, "the data of Dacon 235706, from NSIDC-0051", rank=5
)
FORMAT = Format(PRODUCT, partial(formats.parse_name, NAME), lambda content: None, read)
FORMATS = (FORMAT,)
