"""Conversion of ice-chart polygons in SIGRID-3 codes to SIC, SOD and FLOE classes.

A raw scene has a raster of polygon ids and, for each id, a string of codes: the total concentration
CT, and the partial concentration, stage and form of the thickest (A), second (B) and third (C) ice.
A polygon has a stage or floe size only if one class dominates its ice.

Four things differ from the conversion published with AutoICE, where
- only two of three partial concentrations of one class are added: here all three are;
- a partial concentration of 99 (unknown) counts as 990 % and dominates: here it never does;
- an empty partial concentration (-9) of the class of another one takes 90 % off it: here it adds
  nothing;
- with an unknown total (99) and CA empty, SOD and FLOE are those of ice A: here all three charts
  are masked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.icechart.data.charts import CHARTS, MASK

HEADER = "poly_id;CT;CA;SA;FA;CB;SB;FB;CC;SC;FC;CN;CD;CF;POLY_TYPE"
FIELDS = HEADER.split(";")
NUMBERS = 13  # the fields before CF, which are integers
EMPTY = -9

CONCENTRATION = {0: 0, 1: 0, 2: 0, 55: 0, 91: 10, 92: 10} | {10 * i: i for i in range(1, 10)}
STAGE = {0: 0, 80: 0, 81: 1, 82: 1, 83: 2, 84: 2, 85: 2, 87: 3, 88: 3, 89: 3}
STAGE |= {86: 4, 91: 4, 93: 4, 95: 5, 96: 5, 97: 5}
FORM = {0: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 5, 9: 6, 10: 6}
MASKED_FORMS = {1, 8, 21, 22}  # shuga, fast ice, level ice, pancake: one of them masks FLOE


@dataclass(frozen=True)
class Thresholds:
    """Fraction of a polygon's ice above which a class is dominant."""

    stage: float
    floe: float


SOD_70_FLOE_50 = Thresholds(stage=0.7, floe=0.5)
BOTH_65 = Thresholds(stage=0.65, floe=0.65)  # those of the ready-to-train charts
PRESETS = {"both_65": BOTH_65, "stage_70_floe_50": SOD_70_FLOE_50}


def parse(rows: Sequence[str]) -> list[dict]:
    """Parse the codes of the polygons.

    Args:
        rows: the `polygon_codes` of a raw scene, the header first.

    Returns:
        Field name -> value of each polygon; the first 13 are integers, CF and POLY_TYPE text.

    Raises:
        InputError: another header, or a row without its fields.
    """
    header = rows[0].strip().split(";") if len(rows) else []
    if header != FIELDS:
        raise InputError(
            f"polygon_codes: expected the header {HEADER}, got {';'.join(header)!r}; "
            f"use the raw scenes of the AI4Arctic set"
        )
    return [_polygon(row) for row in rows[1:]]


def _polygon(row: str) -> dict:
    values = row.strip().split(";")
    try:
        numbers = [int(value) for value in values[:NUMBERS]]
        return dict(zip(FIELDS, [*numbers, *values[NUMBERS:]], strict=True))
    except ValueError:
        raise InputError(
            f"polygon_codes: expected {NUMBERS} integers and 2 texts between semicolons, got "
            f"{row!r}; download the scene again"
        ) from None


def classes(polygon: dict, thresholds: Thresholds = BOTH_65) -> tuple[int, int, int]:
    """SIC, SOD and FLOE class of a polygon, 255 where masked.

    >>> row = "7;91;60;93;6;40;84;4;-9;-9;-9;-9;-9;-9;I"
    >>> classes(parse([HEADER, row])[0], SOD_70_FLOE_50)
    (10, 255, 5)
    """
    total = CONCENTRATION.get(polygon["CT"], MASK)
    if polygon["POLY_TYPE"].strip().lower() == "w":
        total = 0
    if total in (0, MASK):
        return total, total, total
    amounts = {ice: CONCENTRATION.get(polygon[f"C{ice}"], 0) for ice in "ABC"}
    if polygon["CA"] == EMPTY:
        amounts["A"] = total
    stages = {ice: polygon[f"S{ice}"] for ice in "ABC"}
    forms = {ice: polygon[f"F{ice}"] for ice in "ABC"}
    stage = _dominant(stages, STAGE, amounts, total, thresholds.stage)
    floe = _dominant(forms, FORM, amounts, total, thresholds.floe)
    if MASKED_FORMS & set(forms.values()):
        floe = MASK
    return total, stage, floe


def _dominant(codes: dict, table: dict, amounts: dict, total: int, threshold: float) -> int:
    """The class with the most ice if it reaches the threshold, else 255; ties go to thicker ice."""
    sums: dict[int | str, int] = {}
    for ice, code in codes.items():
        # Two ice types without a code may be of different classes, so they are not added.
        kind = ice if code == EMPTY else table.get(code, MASK)
        sums[kind] = sums.get(kind, 0) + amounts[ice]
    most = max(sums, key=lambda kind: sums[kind])
    # A fraction, so that 7 of 10 reach 0.7 whatever the rounding.
    enough = sums[most] >= Fraction(str(threshold)) * total
    return most if enough and isinstance(most, int) else MASK


def charts(
    polygon_ids: np.ndarray, rows: Sequence[str], thresholds: Thresholds = BOTH_65
) -> dict[str, np.ndarray]:
    """Rasterise the classes of polygons.

    Args:
        polygon_ids: (H, W) float, NaN outside the polygons.
        rows: the `polygon_codes` of the scene, the header first.
        thresholds: above which a class is dominant.

    Returns:
        SIC, SOD and FLOE, each (H, W) uint8; 255 where masked, outside the polygons, or where the
        id has no codes.
    """
    polygons = {polygon["poly_id"]: classes(polygon, thresholds) for polygon in parse(rows)}
    known = np.isfinite(polygon_ids)
    ids, inverse = np.unique(np.where(known, polygon_ids, EMPTY), return_inverse=True)
    masked = (MASK,) * len(CHARTS)
    table = np.array([polygons.get(int(i), masked) if i == int(i) else masked for i in ids])
    pixels = table.astype(np.uint8)[inverse.reshape(polygon_ids.shape)]
    pixels[~known] = MASK
    return {chart: pixels[..., i] for i, chart in enumerate(CHARTS)}
