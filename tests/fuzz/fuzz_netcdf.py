"""netCDF files written again with something else in them."""

import random

import netCDF4
import numpy as np


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Written again with one variable, dimension or attribute left out or of another kind."""
    with netCDF4.Dataset("sound", memory=content) as sound:
        sound.set_auto_maskandscale(False)
        victim = rng.choice(list(sound.variables) or [""])
        damage = rng.choice(("drop", "kind", "size", "turn", "values", "attribute", "attribute"))
        target = netCDF4.Dataset("x", "w", memory=1 << 16)
        target.set_auto_maskandscale(False)
        longer = rng.choice(list(sound.dimensions) or [""]) if damage == "size" else ""
        for name, dimension in sound.dimensions.items():
            size = rng.choice((1, 2, len(dimension) + 1)) if name == longer else len(dimension)
            target.createDimension(name, size)
        attributes = {key: sound.getncattr(key) for key in sound.ncattrs()}
        if damage == "attribute" and rng.random() < 0.4:
            _spoil(attributes, rng)
            damage = ""
        _annotate(target, attributes)
        for name, variable in sound.variables.items():
            _copy(target, name, variable, damage if name == victim else "", rng)
        return bytes(target.close())


def _copy(target, name: str, variable, damage: str, rng: random.Random) -> None:
    values, dimensions = np.asarray(variable[:]), variable.dimensions
    if damage == "drop":
        return
    if damage == "turn":
        dimensions = dimensions[:: rng.choice((-1, 2))]
    kind = variable.dtype
    if damage == "kind":
        kind = rng.choice(("f4", "f8", "i1", "i4", "u1", "S1", str))
    created = target.createVariable(name, kind, dimensions)
    created.set_auto_maskandscale(False)
    attributes = {key: variable.getncattr(key) for key in variable.ncattrs()}
    if damage == "attribute":
        _spoil(attributes, rng)
    _annotate(created, attributes)
    fits = kind is variable.dtype or (np.dtype(kind).kind in "iuf" and values.dtype.kind in "iuf")
    if not fits:
        return
    if damage == "values" and values.dtype.kind in "iuf":
        odd = (np.nan, np.inf, -1, 1e30, 7) if values.dtype.kind == "f" else (0, 1, 100, 200, 255)
        values = np.where(
            np.random.default_rng(rng.randrange(99)).random(values.shape) < 0.5,
            values,
            rng.choice(odd),
        ).astype(values.dtype)
    with np.errstate(all="ignore"):
        created[:] = np.resize(values, created.shape).astype(kind)


def _spoil(attributes: dict, rng: random.Random) -> None:
    name = rng.choice([*attributes, "scale_factor", "_FillValue", "pixel_spacing", "title"])
    odd = ("text", "", np.float32(np.nan), np.array([1.0, 2.0]), np.int32(-1), np.float64(0))
    attributes[name] = rng.choice(odd)


def _annotate(target, attributes: dict) -> None:
    for name, value in attributes.items():
        if name != "_FillValue":  # of the variable's type alone, which the library sees to
            target.setncattr(name, value)
