"""Ice-chart polygons in SIGRID-3 codes to charts of SIC, SOD and FLOE classes.

A raw scene holds a raster of polygon ids and, for each id, a string of codes: the total
concentration CT, and concentration, stage and form of the thickest (A), second (B) and third (C)
ice. One class stands for a polygon's stage or floe size only if it dominates the ice.

Two things differ from the conversion that was published with the contest: there, of three partial
concentrations with one class only two are added, and a partial concentration of 99 (unknown)
counts as 990 % and dominates. Here all three are added, and an unknown one never dominates.
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
    """Share of the ice that a class needs to stand for a polygon."""

    stage: float
    floe: float


SOD_70_FLOE_50 = Thresholds(stage=0.7, floe=0.5)
BOTH_65 = Thresholds(stage=0.65, floe=0.65)  # with which the ready-to-train charts were made
PRESETS = {"both_65": BOTH_65, "stage_70_floe_50": SOD_70_FLOE_50}


def parse(rows: Sequence[str]) -> list[dict]:
    """Field name -> value for each polygon; the first 13 as integers, CF and POLY_TYPE as text.

    Args:
        rows: the `polygon_codes` of a raw scene, of which the first is the header.

    Raises:
        InputError: the header is another one, or a row does not have its fields.
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
    """SIC, SOD and FLOE class of one polygon, 255 where masked.

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
    """The class with the most ice, the thicker ice's among equals, if it is enough; or 255."""
    sums: dict[int | str, int] = {}
    for ice, code in codes.items():
        # Two kinds of ice without a code need not be of one class: they are not added.
        kind = ice if code == EMPTY else table.get(code, MASK)
        sums[kind] = sums.get(kind, 0) + amounts[ice]
    most = max(sums, key=lambda kind: sums[kind])
    # A fraction, so that 7 of 10 reach 0.7 whatever the rounding.
    enough = sums[most] >= Fraction(str(threshold)) * total
    return most if enough and isinstance(most, int) else MASK


def charts(
    polygon_ids: np.ndarray, rows: Sequence[str], thresholds: Thresholds = BOTH_65
) -> dict[str, np.ndarray]:
    """Charts of a raw scene, or of a part of it.

    Args:
        polygon_ids: (H, W) float, NaN where there is no polygon.
        rows: the scene's `polygon_codes` with their header.
        thresholds: one of the two presets.

    Returns:
        SIC, SOD and FLOE, each (H, W) uint8; 255 where masked, without polygon, or where the
        codes lack the id.
    """
    polygons = {polygon["poly_id"]: classes(polygon, thresholds) for polygon in parse(rows)}
    known = np.isfinite(polygon_ids)
    ids, inverse = np.unique(np.where(known, polygon_ids, EMPTY), return_inverse=True)
    masked = (MASK,) * len(CHARTS)
    table = np.array([polygons.get(int(i), masked) if i == int(i) else masked for i in ids])
    pixels = table.astype(np.uint8)[inverse.reshape(polygon_ids.shape)]
    pixels[~known] = MASK
    return {chart: pixels[..., i] for i, chart in enumerate(CHARTS)}
