import numpy as np
import pytest

from seaice_tf.geopose.data import doctor as geopose_doctor
from seaice_tf.geopose.data import tiles as geopose_tiles


def test_the_doctor_reports_all_problems_and_statistics_of_the_rest(folder):
    tiles = geopose_tiles.read_labelled(folder)
    (folder / "train" / f"{tiles[1].id}_VFLOW.json").write_text("{}")
    agl = folder / "train" / f"{tiles[2].id}_AGL.tif"
    agl.write_bytes(agl.read_bytes()[:-400])
    found = geopose_doctor.examine(folder)
    assert [tile.city for tile in found.tiles] == ["ARG", "OMA"]
    assert len(found.problems) == 2
    text = "\n".join(found.lines())
    assert "ATL: no tile" in text
    assert "2 of 48 x 48" in text
    known = geopose_tiles.read_agl(tiles[0])
    assert f"heights mean {np.nanmean(known):.1f} m" in text
    top = float(text.split("highest ")[1].split(",")[0])
    assert top == pytest.approx(np.nanmax(known), abs=0.11)


def test_the_doctor_of_a_valid_folder_and_of_one_without_labels(made, folder):
    assert not geopose_doctor.examine(made).problems
    (folder / geopose_tiles.LABELLED_TABLE).unlink()
    found = geopose_doctor.examine(folder)
    assert (len(found.tiles), found.statistics) == (1, ())
    assert "heights" not in "\n".join(found.lines())
