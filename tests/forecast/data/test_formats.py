import numpy as np
import pytest

from seaice_tf.forecast.data.formats import Name
from seaice_tf.forecast.data.inventory import FORMATS
from seaice_tf.grids.polar import NORTH, SOUTH

NAMES = {
    "nt_201209_f17_v1.1_n.bin": Name(np.datetime64("2012-09"), "f17", NORTH),
    "nt_19870704_n07_v1.1_s.bin": Name(np.datetime64("1987-07-04"), "n07", SOUTH),
    "NSIDC0051_SEAICE_PS_N25km_202001_v2.0.nc": Name(np.datetime64("2020-01"), "", NORTH),
    "NSIDC0051_SEAICE_PS_S25km_19820220_v2.0.nc": Name(np.datetime64("1982-02-20"), "", SOUTH),
    "197811.npy": Name(np.datetime64("1978-11"), "", NORTH),
    "seaice_conc_monthly_nh_202112_f17_v04r00.nc": Name(np.datetime64("2021-12"), "f17", NORTH),
    "seaice_conc_monthly_sh_198001_n07_v04r00.nc": Name(np.datetime64("1980-01"), "n07", SOUTH),
}


@pytest.mark.parametrize("text", NAMES)
def test_one_format_knows_each_name(text):
    found = [name for form in FORMATS if (name := form.parse_name(text))]
    assert found == [NAMES[text]]
    assert found[0].daily == (found[0].month != found[0].date or len(found[0].digits) == 8)


@pytest.mark.parametrize(
    "text",
    [
        "201213.npy",
        "20120901.npy",
        "x201209.npy",
        "NSIDC0051_SEAICE_PS_N25km_19820230_v2.0.nc",
        "NSIDC0051_SEAICE_PS_N25km_202001_v2.0.nc.part",
        "seaice_conc_monthly_nh_f17_201003_v03r01.nc",
        "README.md",
    ],
)
def test_no_format_knows_another(text):
    assert not any(form.parse_name(text) for form in FORMATS)
