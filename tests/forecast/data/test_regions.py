import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.cases import EvaluateOptions, PredictOptions, cases
from seaice_tf.forecast.data import regions
from seaice_tf.grids.polar import EASE_SOUTH, NORTH, SOUTH

MASK_2021 = "RegionMask_NH_ps25km_304x448_2021.bin"
WHERE = {  # a place well inside each sea, from any atlas: latitude and longitude
    "central_arctic": (87, 0),
    "beaufort": (72, -140),
    "chukchi": (70, -170),
    "east_siberian": (72, 163),
    "laptev": (76, 125),
    "kara": (75, 70),
    "barents": (74, 40),
    "east_greenland": (74, -12),
    "baffin_labrador": (73, -67),
    "st_lawrence": (48, -62),
    "hudson": (60, -85),
    "canadian_archipelago": (74, -105),
    "bering": (60, -178),
    "okhotsk": (54, 149),
    "japan": (42, 136),
    "bohai_yellow": (39, 120),
    "baltic": (62, 19.5),
    "gulf_of_alaska": (58, -147),
}
SECTORS = {  # of the older mask, where they differ
    "okhotsk_japan": (54, 149),
    "greenland": (74, -12),
    "kara_barents": (74, 40),
    "arctic_ocean": (87, 0),
}


def nearest(latitude: float, longitude: float, grid=NORTH) -> tuple:
    """Row and column of the cell nearest to a place."""
    lat, lon = np.radians(grid.latitude_longitude())
    there = np.radians([latitude, longitude])
    closeness = np.sin(lat) * np.sin(there[0])
    closeness += np.cos(lat) * np.cos(there[0]) * np.cos(lon - there[1])
    return np.unravel_index(closeness.argmax(), lat.shape)


@pytest.mark.parametrize(("file", "size"), [(MASK_2021, 18), ("region_n.msk", 9)])
def test_every_sea_is_where_an_atlas_puts_it(real_data, file, size):
    masks = regions.read(real_data / "psn25" / file)
    assert len(masks) == size
    for name, mask in masks.items():
        assert mask[nearest(*(WHERE | SECTORS)[name])], name
    assert sum(masks.values()).max() == 1


def test_the_seas_share_the_ice_of_the_north(real_data):
    """Nearly all cells of the older sectors lie in a sea of the newer mask; coasts differ."""
    masks = [regions.read(real_data / "psn25" / file) for file in (MASK_2021, "region_n.msk")]
    new, old = (sum(mask.values()).astype(bool) for mask in masks)
    assert (new & old).sum() / old.sum() > 0.95


def test_a_header_is_no_region(tmp_path):
    codes = np.zeros((448, 304), np.uint8)
    codes[3, 5] = 7
    old, new = tmp_path / "region_n.msk", tmp_path / "2021.bin"
    old.write_bytes(b"\x02" * 300 + codes.tobytes())
    new.write_bytes(codes.tobytes())
    assert np.argwhere(regions.read(old)["kara_barents"]).tolist() == [[3, 5]]
    assert np.argwhere(regions.read(new)["barents"]).tolist() == [[3, 5]]
    assert not regions.read(old)["okhotsk_japan"].any()


@pytest.mark.parametrize("options", [EvaluateOptions, PredictOptions])
def test_a_mask_that_is_no_file_is_refused_with_the_options(options, tmp_path):
    for path, got in ((tmp_path / "none", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"^{path}: expected a region mask of .* got {got}; "):
            options(regions=str(path))
        with pytest.raises(InputError, match="expected a region mask"):
            regions.read(path)


@pytest.mark.parametrize("by", [("region",), ()])
def test_a_mask_that_cannot_be_read_is_found_with_the_cases(by, tmp_path, unet_settings):
    (tmp_path / "mask.bin").write_bytes(b"no mask")
    with pytest.raises(InputError, match=r"mask\.bin: expected 136192 bytes"):
        cases(unet_settings, EvaluateOptions(by=by, regions=str(tmp_path / "mask.bin")))


@pytest.mark.parametrize("content", [b"", b"\x00" * 136192, b"\x01" * 1000])
def test_what_is_no_mask_is_refused(tmp_path, content):
    path = tmp_path / "mask.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected"):
        regions.read(path)


PLACES = {  # from any atlas
    "weddell": (-70, -45),
    "indian_ocean": (-65, 70),
    "western_pacific": (-65, 140),
    "ross": (-75, -178),
    "bellingshausen_amundsen": (-72, -110),
}


@pytest.mark.parametrize("grid", [SOUTH, EASE_SOUTH], ids=lambda grid: grid.code)
def test_the_sectors_share_the_south_and_lie_where_an_atlas_puts_them(grid):
    masks = regions.of_grid(grid)
    assert (sum(mask.astype(int) for mask in masks.values()) == 1).all()
    for name, place in PLACES.items():
        assert masks[name][nearest(*place, grid)], name


def test_a_region_mask_is_of_the_north_alone(tmp_path):
    assert regions.of_grid(NORTH) == {}
    with pytest.raises(InputError, match=r"expected data of the north on .* got the south on"):
        regions.of_grid(SOUTH, tmp_path / "mask.bin")
