import json
from collections import Counter
from itertools import chain

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import synthetic_scenes

CANADIAN = (
    "S1B_EW_GRDM_1SDH_20180623T114935_20180623T115035_011500_01521F_BF56_icechart_cis_"
    "SGRDIFOXE_20180623T1150Z_pl_a.nc"
)
DANISH = (
    "S1A_EW_GRDM_1SDH_20180124T194759_20180124T194859_020301_022AA4_1F75_icechart_dmi_"
    "201801241950_SouthEast_RIC.nc"
)


def test_a_raw_name_of_either_service():
    name = scene_names.parse(CANADIAN)
    assert name.time == np.datetime64("2018-06-23T11:49:35")
    assert (name.service, name.satellite, name.area) == ("cis", "S1B", "SGRDIFOXE")
    name = scene_names.parse(f"some/folder/{DANISH}")
    assert (name.service, name.satellite, name.area) == ("dmi", "S1A", "SouthEast")
    assert (name.prep, name.year, name.month) == ("20180124T194759_dmi_prep.nc", 2018, 1)


@pytest.mark.parametrize(("raw", "area"), [(CANADIAN, "SGRDIFOXE"), (DANISH, "SouthEast")])
def test_the_raw_name_of_a_test_scene(raw, area):
    test = scene_names.parse(raw.replace(".nc", "_testdata.nc"))
    assert test == scene_names.parse(raw)
    assert test.area == area


@pytest.mark.parametrize(
    "ending", ["", "_prep", "_prep.nc", "_reference.nc", "_prep_reference.nc", ".nc"]
)
def test_the_short_forms(ending):
    name = scene_names.parse(f"20180124T194759_dmi{ending}")
    assert name.short == "20180124T194759_dmi"
    assert name.area == name.satellite == "unknown"


@pytest.mark.parametrize(
    "name", ["", "ice.nc", "20181324T194759_dmi_prep.nc", "20180124T194759_nic_prep.nc"]
)
def test_other_names_are_errors(name):
    with pytest.raises(InputError, match="scene name: expected"):
        scene_names.parse(name)


def test_all_real_names(real_data):
    lists = [
        json.loads((real_data / f"ai4arctic/{n}set.json").read_text()) for n in ("data", "test")
    ]
    for raw in chain(*lists):
        name = scene_names.parse(raw)
        assert name.prep == f"{raw[17:32]}_{raw[77:80]}_prep.nc"
        assert "unknown" not in (name.area, name.satellite)
    areas = Counter(scene_names.factor(map(scene_names.parse, lists[1]), "area"))
    assert areas["SGRDIEA"] == 6
    assert areas["CapeFarewell"] == 2


def test_synthetic_names_have_the_form_of_real_ones():
    labels = synthetic_scenes.labels(60, seed=3)
    names = [label.name for label in labels]
    for label in labels:
        assert label.name.prep == f"{label.raw[17:32]}_{label.raw[77:80]}_prep.nc"
    assert {name.month for name in names} == set(range(1, 13))
    assert {name.service for name in names} == {"cis", "dmi"}
    assert len({name.short for name in names}) == 60
    assert labels == synthetic_scenes.labels(60, seed=3)
    assert labels[:9] == synthetic_scenes.labels(9, seed=3)
