"""Validation of the arguments of model factories, in words."""

from collections.abc import Sequence
from numbers import Integral

from seaice_tf.errors import InputError


def require_sizes(where: str, **values: int | Sequence[int] | None) -> None:
    """InputError unless every value is a whole number of at least 1, or a sequence of such.

    Args:
        where: name of the factory.
        values: by name; None for a side that may vary.

    >>> require_sizes("unet", filters=(16, 32), members=2, rows=None)
    >>> require_sizes("unet", filters=())
    Traceback (most recent call last):
        ...
    seaice_tf.errors.InputError: unet: filters: expected one or more whole numbers from 1, got ()
    """
    for name, value in values.items():
        if value is None:
            continue
        many = isinstance(value, Sequence) and not isinstance(value, str)
        items = list(value) if many else [value]  # type: ignore[arg-type]
        if not items or not all(_is_size(item) for item in items):
            expected = "one or more whole numbers from 1" if many else "a whole number from 1"
            raise InputError(f"{where}: {name}: expected {expected}, got {value!r}")


def _is_size(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def require_multiple(where: str, name: str, value: int, of: int, what: str) -> None:
    """InputError unless a size is a multiple of another.

    >>> require_multiple("attention", "code", 250, 8, "heads")
    Traceback (most recent call last):
        ...
    seaice_tf.errors.InputError: attention: code: expected a multiple of heads, 8, got 250
    """
    require_sizes(where, **{name: value, what: of})
    if value % of:
        raise InputError(f"{where}: {name}: expected a multiple of {what}, {of}, got {value}")


def require_choice(where: str, name: str, value: object, choices: Sequence[object]) -> None:
    """InputError unless a value is one of the choices."""
    if value not in choices:
        named = ", ".join(map(str, choices))
        raise InputError(f"{where}: {name}: expected one of {named}, got {value!r}")


def require_shape(where: str, input_shape: Sequence[int | None]) -> None:
    """InputError unless a shape is (height, width, channels), with None for a side that varies."""
    if len(input_shape) != 3 or input_shape[-1] is None:
        raise InputError(
            f"{where}: input_shape: expected (height, width, channels), got {tuple(input_shape)}"
        )
    height, width, channels = input_shape
    require_sizes(where, height=height, width=width, channels=channels)
