"""Values of a written field that are missing or out of range."""

from collections.abc import Iterator

import numpy as np


def problems(
    values: np.ndarray,
    where: str,
    limits: tuple[float, float],
    place: str,
    what: str = "values",
    rounding: float = 0.0,
) -> Iterator[str]:
    """What is wrong with the values of a product, a sentence for each kind.

    Args:
        values: of any shape, none of which may be missing.
        where: prefix of the sentences.
        limits: of the values; infinite for none.
        place: of one of them, "cell" or "pixel".
        what: they are.
        rounding: by which they may exceed the limits.
    """
    low, high = limits
    finite = np.isfinite(values)
    if number := int((~finite).sum()):
        yield (
            f"{where}: expected a value in every {place}, got none in {number}, which makes scores "
            "NaN or wrong; predict again"
        )
    known = values[finite]
    beyond = known[(known < low - rounding) | (known > high + rounding)]
    if beyond.size:
        yield (
            f"{where}: expected {what} from {low:g} to {high:g}, got {beyond.min():g} to "
            f"{beyond.max():g} in {beyond.size} {place}s; clip them"
        )
