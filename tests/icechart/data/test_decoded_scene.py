import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import decoded_scene
from seaice_tf.icechart.data.charts import CHARTS


def test_a_real_decoded_scene(real_data):
    scene = decoded_scene.read(real_data / "ai4arctic/20180607T184326_dmi_decoded_332x318.npz")
    assert scene.name.short == "20180607T184326_dmi"
    assert {array.shape for array in (*scene.greys.values(), *scene.charts.values())} == {
        (318, 332)
    }
    assert (scene.charts["SIC"][scene.sea] != 255).all()
    assert (scene.charts["SIC"][~scene.sea] == 255).all()
    open_water = scene.charts["SIC"] == 0
    assert (scene.charts["SOD"][open_water] == 0).mean() > 0.95


def test_missing_arrays_are_errors(tmp_path):
    path = tmp_path / "20180607T184326_dmi_decoded_2x2.npz"
    np.savez(path, HH=np.zeros((2, 2), np.uint8))
    with pytest.raises(InputError, match="expected an array 'HV', got HH"):
        decoded_scene.read(path)


SOUND = dict.fromkeys((*decoded_scene.GREYS, *CHARTS, "mask"), np.ones((2, 3), np.uint8))
DECODED = {
    "another type": ({"HV": np.ones((2, 3))}, r"expected HV as uint8 .*, got float64 \(2, 3\)"),
    "another shape": ({"HH": np.ones((3, 2), np.uint8)}, r"\(2, 3\) pixels of mask, got uint8"),
    "not a class": ({"SOD": np.full((2, 3), 6, np.uint8)}, "expected classes of SOD"),
}


@pytest.mark.parametrize(("change", "message"), DECODED.values(), ids=DECODED)
def test_other_arrays_are_errors(tmp_path, change, message):
    path = tmp_path / "20180607T184326_dmi_decoded_3x2.npz"
    np.savez(path, **{**SOUND, **change})
    with pytest.raises(InputError, match=message):
        decoded_scene.read(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="expected an npz file"):
        decoded_scene.read(path)
