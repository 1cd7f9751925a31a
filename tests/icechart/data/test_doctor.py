import json

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import decoded_scene, sampling, synthetic_scenes
from seaice_tf.icechart.data import doctor as scene_doctor
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.names import FACTORS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    synthetic_scenes.write(folder, 5, (200, 210), tests=1)
    return folder


@pytest.fixture
def lists(real_data):
    return [
        scene_doctor.read_list(real_data / f"ai4arctic/{which}set.json")
        for which in ("data", "test")
    ]


def test_a_folder_tells_what_names_and_charts_tell(folder):
    scenes = scene_doctor.read_folder(folder)
    paths = sar_scene.find(folder)
    assert [name.prep for name in scenes.names] == [path.name for path in paths]
    charts = sar_scene.read_charts(sar_scene.describe(paths[0]))
    for chart in CHARTS:
        assert scenes.pixels[chart].shape[0] == 5
        assert scenes.pixels[chart][0].sum() == (charts[chart] != 255).sum()
        kinds, members = scenes.factor(chart)
        np.testing.assert_allclose(members.sum(axis=1), 1)
        assert kinds[-1] == "masked"
    assert "unknown" not in scenes.areas


def test_a_scene_whose_name_tells_no_area_lies_in_a_box(folder):
    scene = sar_scene.describe(sar_scene.find(folder)[0])
    unknown = type(scene.name)(scene.name.time, scene.name.service)
    moved = type(scene)(
        **{
            **vars(scene),
            "name": unknown,
            "latitude": np.full((21, 21), 66.0),
            "longitude": np.full((21, 21), -41.0),
        }
    )
    assert scene_doctor.area(moved) == "65N 60W"


def test_weights_bring_the_real_lists_together(lists):
    train, target = lists
    assert (len(train.names), len(target.names)) == (512, 20)
    weights = scene_doctor.weights(train, target)
    assert weights.mean() == pytest.approx(1)
    assert 0.1 <= weights.min() <= weights.max() <= 10
    assert sampling.effective_number(weights) > 100
    for row in scene_doctor.compare(train, target, drawn=weights):
        before, after = row.distances
        assert after < 0.12 * before
    (area,) = scene_doctor.compare(train, target, ["area"])
    assert area.train == area.weighted
    assert area.target["SGRDIEA"] == 0.3


@pytest.mark.parametrize("factor", FACTORS)
def test_one_factor_leaves_no_other_touched(lists, factor):
    train, target = lists
    weights = scene_doctor.weights(train, target, [factor])
    values = np.argmax(train.factor(factor)[1], axis=1)
    for value in np.unique(values):
        assert np.ptp(weights[values == value]) < 1e-9


def test_real_histograms_are_a_factor_too(lists, real_data):
    train = lists[0]
    with pytest.raises(InputError, match="got names alone"):
        train.factor("SIC")
    pixels = scene_doctor.read_histograms(
        real_data / "ai4arctic/scene_label_histograms.json", train.names
    )
    counted = scene_doctor.SceneList(train.names, train.areas, pixels)
    kinds, members = counted.factor("SOD")
    assert members.shape == (512, len(kinds))
    aims = dict.fromkeys(kinds[1:-1], 0.2)
    weights = sampling.rake({"SOD": (kinds, members)}, {"SOD": aims})
    found = sampling.weighted_shares(kinds, members, weights)
    assert found["open water"] < members[:, 0].mean()


def test_lists_that_are_none_are_refused(tmp_path):
    path = tmp_path / "list.json"
    for text in ("[", "{}", "[1]", "[]"):
        path.write_text(text)
        with pytest.raises(InputError, match="expected a JSON list of names"):
            scene_doctor.read_list(path)
    path.write_text(json.dumps(["photo.jpg"]))
    with pytest.raises(InputError, match="scene name"):
        scene_doctor.read_list(path)


def test_the_real_scene_of_a_figure(real_data):
    scene = decoded_scene.read(real_data / "ai4arctic/20180607T184326_dmi_decoded_332x318.npz")
    assert scene.name.short == "20180607T184326_dmi"
    assert {array.shape for array in (*scene.greys.values(), *scene.charts.values())} == {
        (318, 332)
    }
    assert (scene.charts["SIC"][scene.sea] != 255).all()
    assert (scene.charts["SIC"][~scene.sea] == 255).all()
    open_water = scene.charts["SIC"] == 0
    assert (scene.charts["SOD"][open_water] == 0).mean() > 0.95


def test_other_arrays_are_refused(tmp_path):
    path = tmp_path / "20180607T184326_dmi_decoded_2x2.npz"
    np.savez(path, HH=np.zeros((2, 2), np.uint8))
    with pytest.raises(InputError, match="expected an array 'HV', got HH"):
        decoded_scene.read(path)


SOUND = dict.fromkeys((*decoded_scene.GREYS, *CHARTS, "mask"), np.ones((2, 3), np.uint8))
DECODED = {
    "another type": ({"HV": np.ones((2, 3))}, r"expected HV as uint8 .*, got float64 \(2, 3\)"),
    "another shape": ({"HH": np.ones((3, 2), np.uint8)}, r"\(2, 3\) pixels of mask, got uint8"),
    "no class": ({"SOD": np.full((2, 3), 6, np.uint8)}, "expected classes of SOD"),
}


@pytest.mark.parametrize(("change", "message"), DECODED.values(), ids=DECODED)
def test_decoded_scenes_that_do_not_fit_are_refused(tmp_path, change, message):
    path = tmp_path / "20180607T184326_dmi_decoded_3x2.npz"
    np.savez(path, **{**SOUND, **change})
    with pytest.raises(InputError, match=message):
        decoded_scene.read(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="expected an npz file"):
        decoded_scene.read(path)


@pytest.mark.parametrize(
    "text",
    ["[", "[1]", '{"20180124T194759_dmi": 1}', '{"20180124T194759_dmi": {"SIC": {"0": "x"}}}'],
)
def test_histograms_that_are_none_are_refused(tmp_path, text):
    path, names = tmp_path / "h.json", [scene_names.parse("20180124T194759_dmi")]
    path.write_text('{"20180124T194759_dmi": {"SIC": {"3": 7}}}')
    assert scene_doctor.read_histograms(path, names)["SIC"][0, 3] == 7
    path.write_text(text)
    with pytest.raises(InputError, match="expected JSON of scene, chart, class and pixels"):
        scene_doctor.read_histograms(path, names)
