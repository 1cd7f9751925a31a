"""Hand-made polygons, one for each rule of the conversion, in their order."""

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import polygon_codes
from seaice_tf.icechart.data.polygon_codes import BOTH_65, EMPTY, HEADER, SOD_70_FLOE_50


def row(total, *ices, kind="I", number=1):
    """A polygon's codes from CT and up to three of (concentration, stage, form)."""
    ices = [*ices, *[(EMPTY,) * 3] * (3 - len(ices))]
    fields = [number, total, *(code for ice in ices for code in ice), EMPTY, EMPTY, EMPTY, kind]
    return ";".join(map(str, fields))


def classes(*arguments, preset=BOTH_65, **keywords):
    (polygon,) = polygon_codes.parse([HEADER, row(*arguments, **keywords)])
    return polygon_codes.classes(polygon, preset)


CONCENTRATIONS = {0: 0, 1: 0, 2: 0, 55: 0, 10: 1, 20: 2, 30: 3, 40: 4, 50: 5, 60: 6, 70: 7}
CONCENTRATIONS |= {80: 8, 90: 9, 91: 10, 92: 10}
STAGES = {0: 0, 80: 0, 81: 1, 82: 1, 83: 2, 84: 2, 85: 2, 86: 4, 87: 3, 88: 3, 89: 3, 91: 4, 93: 4}
STAGES |= {95: 5, 96: 5, 97: 5, 98: 255, 99: 255, EMPTY: 255}
FORMS = {0: 0, 1: 255, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 5, 8: 255, 9: 6, 10: 6, 21: 255, 22: 255}
FORMS |= {99: 255, EMPTY: 255}


@pytest.mark.parametrize(("code", "expected"), CONCENTRATIONS.items())
def test_each_code_of_concentration(code, expected):
    assert classes(code, (EMPTY, 93, 6))[0] == expected


@pytest.mark.parametrize(("code", "expected"), STAGES.items())
def test_each_code_of_stage(code, expected):
    assert classes(90, (90, code, 6)) == (9, expected, 5)


@pytest.mark.parametrize(("code", "expected"), FORMS.items())
def test_each_code_of_form(code, expected):
    assert classes(90, (90, 93, code)) == (9, 4, expected)


def test_one_kind_of_ice_takes_the_total():
    assert classes(50, (EMPTY, 84, 4)) == (5, 2, 3)


def test_partial_concentrations_of_one_class_are_merged():
    # 81 and 82 are both new ice, 6 and 7 both vast: 3 + 4 of 7 tenths.
    assert classes(70, (30, 81, 6), (40, 82, 7)) == (7, 1, 5)


def test_three_partial_concentrations_are_merged():
    assert classes(91, (40, 87, 3), (30, 88, 3), (30, 89, 3)) == (10, 3, 2)


def test_kinds_without_a_code_are_not_merged():
    assert classes(91, (40, EMPTY, 6), (40, EMPTY, 6), (20, 93, 6)) == (10, 255, 5)


@pytest.mark.parametrize(
    ("thick", "first", "second"),
    [
        (40, (255, 3), (255, 255)),
        (50, (255, 5), (255, 255)),
        (60, (255, 5), (255, 255)),
        (70, (4, 5), (4, 5)),
    ],
)
def test_the_two_presets(thick, first, second):
    ices = ((thick, 93, 6), (90 - thick, 84, 4), (10, 81, 2))
    assert classes(91, *ices, preset=SOD_70_FLOE_50)[1:] == first
    assert classes(91, *ices, preset=BOTH_65)[1:] == second


def test_seven_tenths_reach_the_first_preset():
    for total, part in ((91, 70), (70, 50), (30, 20)):
        share = polygon_codes.CONCENTRATION[part] / polygon_codes.CONCENTRATION[total]
        found = classes(total, (part, 93, 6), preset=SOD_70_FLOE_50)[1]
        assert (found == 4) == (share >= 0.7)


def test_among_equals_the_thicker_ice_counts():
    assert classes(60, (30, 93, 4), (30, 84, 6), preset=SOD_70_FLOE_50) == (6, 255, 3)


@pytest.mark.parametrize("code", [1, 8, 21, 22])
def test_a_masked_form_in_any_part_masks_the_floe_size(code):
    assert classes(91, (90, 93, 6), (10, 84, code)) == (10, 4, 255)


def test_an_unknown_form_in_a_small_part_does_not():
    assert classes(91, (90, 93, 6), (10, 84, 99)) == (10, 4, 5)


def test_water_polygons_are_open_water():
    assert classes(90, (90, 93, 6), kind="W") == (0, 0, 0)
    assert classes(EMPTY, kind="w") == (0, 0, 0)


def test_no_ice_is_open_water_in_all_charts():
    assert classes(1, (10, 93, 8)) == (0, 0, 0)


@pytest.mark.parametrize("total", [99, EMPTY])
def test_an_unknown_total_is_masked(total):
    assert classes(total, (90, 93, 6)) == (255, 255, 255)


def test_an_unknown_partial_concentration_does_not_dominate():
    assert classes(90, (99, 93, 6)) == (9, 255, 255)


def test_only_the_first_13_fields_are_numbers():
    text = row(90, (90, 93, 6)).replace(f";{EMPTY};I", ";4-5;I")
    (polygon,) = polygon_codes.parse([HEADER, text])
    assert polygon["CF"] == "4-5"
    assert polygon["CD"] == EMPTY


@pytest.mark.parametrize("rows", [[], ["a;b"], [HEADER, "1;2"], [HEADER, row("many")]])
def test_other_tables_are_errors(rows):
    with pytest.raises(InputError, match="polygon_codes: expected"):
        polygon_codes.parse(rows)


def test_a_raster_of_ids_becomes_charts():
    rows = [HEADER, row(92, (EMPTY, 93, 8), number=4), row(0, number=7, kind="W")]
    ids = np.array([[4.0, 7.0, np.nan], [7.0, 4.0, 9.0]])
    charts = polygon_codes.charts(ids, rows)
    np.testing.assert_array_equal(charts["SIC"], [[10, 0, 255], [0, 10, 255]])
    np.testing.assert_array_equal(charts["SOD"], [[4, 0, 255], [0, 4, 255]])
    np.testing.assert_array_equal(charts["FLOE"], [[255, 0, 255], [0, 255, 255]])
    assert {chart.dtype for chart in charts.values()} == {np.dtype(np.uint8)}
