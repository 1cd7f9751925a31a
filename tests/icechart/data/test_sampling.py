import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import sampling
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.names import FACTORS

AREAS = ["north", "north", "north", "south", "south", "east"] * 5
MONTHS = ["01", "02", "03", "01", "02"] * 6


def test_two_factors_are_met_at_once():
    factors = {"area": sampling.membership(AREAS), "month": sampling.membership(MONTHS)}
    targets = {"area": {"north": 0.2, "south": 0.5, "east": 0.3}, "month": {"01": 0.6, "02": 0.4}}
    weights = sampling.rake(factors, targets, keep=0.0, bound=1000)
    assert weights.mean() == pytest.approx(1)
    for name, (kinds, members) in factors.items():
        found = sampling.frequencies(kinds, members, weights)
        assert sampling.distance(found, targets[name]) < 2e-3


def test_one_factor_is_a_ratio_of_frequencies():
    weights = sampling.rake(
        {"area": sampling.membership(["a", "a", "a", "b"])},
        {"area": {"a": 0.5, "b": 0.5}},
        keep=0.0,
    )
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


def test_labels_without_a_scene_are_distributed_over_the_others():
    weights = sampling.rake(
        {"area": sampling.membership(["a", "b"])}, {"area": {"a": 0.3, "c": 0.4, "b": 0.3}}
    )
    np.testing.assert_allclose(weights, [1, 1])


def test_fractions_of_pixels_can_be_a_factor():
    members = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    weights = sampling.rake(
        {"ice": (["water", "ice"], members)}, {"ice": {"ice": 0.7, "water": 0.3}}, keep=0.0
    )
    assert sampling.frequencies(["water", "ice"], members, weights)["ice"] == pytest.approx(0.7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.floats(1, 30))
def test_bounded_weights_keep_their_order_and_mean(values, bound):
    values = np.array(values)
    weights = sampling.bounded(values, bound)
    assert weights.mean() == pytest.approx(1, rel=1e-6)
    assert 1 / bound <= weights.min() <= weights.max() <= bound
    assert (np.diff(weights[np.argsort(values)]) >= 0).all()


def test_unreachable_targets_are_errors():
    with pytest.raises(InputError, match="leave the factor area out"):
        sampling.rake({"area": sampling.membership(["a"])}, {"area": {"b": 1.0}})
    with pytest.raises(InputError, match="at least one factor"):
        sampling.rake({}, {})
    with pytest.raises(InputError, match="bound of at least 1"):
        sampling.rake({"area": sampling.membership(["a"])}, {"area": {"a": 1.0}}, bound=0.5)


def test_the_effective_number_of_scenes():
    assert sampling.effective_number(np.ones(7)) == 7
    assert sampling.effective_number(np.array([1.0, 0, 0])) == 1


@pytest.fixture
def lists(real_data):
    return [
        sampling.read_list(real_data / f"ai4arctic/{which}set.json") for which in ("data", "test")
    ]


def test_a_folder_gives_names_areas_and_histograms(scene_folder):
    scenes = sampling.read_folder(scene_folder)
    paths = sar_scene.find(scene_folder)
    assert [name.prep for name in scenes.names] == [path.name for path in paths]
    charts = sar_scene.read_charts(sar_scene.describe(paths[0]))
    for chart in CHARTS:
        assert scenes.pixels[chart].shape[0] == 5
        assert scenes.pixels[chart][0].sum() == (charts[chart] != 255).sum()
        kinds, members = scenes.factor(chart)
        np.testing.assert_allclose(members.sum(axis=1), 1)
        assert kinds[-1] == "masked"
    assert "unknown" not in scenes.areas


def test_weights_match_the_composition_of_the_real_lists(lists):
    train, target = lists
    assert (len(train.names), len(target.names)) == (512, 20)
    weights = sampling.sampling_weights(train, target)
    assert weights.mean() == pytest.approx(1)
    assert 0.1 <= weights.min() <= weights.max() <= 10
    assert sampling.effective_number(weights) > 100
    for row in sampling.compare(train, target, weights=weights):
        before, after = row.distances
        assert after < 0.12 * before
    (area,) = sampling.compare(train, target, ["area"])
    assert area.train == area.weighted
    assert area.target["SGRDIEA"] == 0.3


@pytest.mark.parametrize("factor", FACTORS)
def test_one_factor_gives_equal_weights_to_equal_labels(lists, factor):
    train, target = lists
    weights = sampling.sampling_weights(train, target, [factor])
    values = np.argmax(train.factor(factor)[1], axis=1)
    for value in np.unique(values):
        assert np.ptp(weights[values == value]) < 1e-9


def test_real_histograms_are_a_factor_too(lists, real_data):
    train = lists[0]
    with pytest.raises(InputError, match="got names alone"):
        train.factor("SIC")
    pixels = sampling.read_histograms(
        real_data / "ai4arctic/scene_label_histograms.json", train.names
    )
    counted = sampling.SceneList(train.names, train.areas, pixels)
    kinds, members = counted.factor("SOD")
    assert members.shape == (512, len(kinds))
    goals = dict.fromkeys(kinds[1:-1], 0.2)
    weights = sampling.rake({"SOD": (kinds, members)}, {"SOD": goals})
    found = sampling.frequencies(kinds, members, weights)
    assert found["open water"] < members[:, 0].mean()


def test_other_lists_are_errors(tmp_path):
    path = tmp_path / "list.json"
    with pytest.raises(InputError, match=r"expected a JSON list of names, or .* no such file; "):
        sampling.read_list(path)
    for text in ("[", "{}", "[1]", "[]"):
        path.write_text(text)
        with pytest.raises(InputError, match="expected a JSON list of names"):
            sampling.read_list(path)
    path.write_text(json.dumps(["photo.jpg"]))
    with pytest.raises(InputError, match="scene name"):
        sampling.read_list(path)


@pytest.mark.parametrize(
    "text",
    ["[", "[1]", '{"20180124T194759_dmi": 1}', '{"20180124T194759_dmi": {"SIC": {"0": "x"}}}'],
)
def test_other_histograms_are_errors(tmp_path, text):
    path, names = tmp_path / "h.json", [scene_names.parse("20180124T194759_dmi")]
    path.write_text('{"20180124T194759_dmi": {"SIC": {"3": 7}}}')
    assert sampling.read_histograms(path, names)["SIC"][0, 3] == 7
    path.write_text(text)
    with pytest.raises(InputError, match="expected JSON of scene, chart, class and pixels"):
        sampling.read_histograms(path, names)


def strata(number, seed=0):
    rng = np.random.default_rng(seed)
    services, areas = (
        rng.choice(["cis", "dmi"], number, p=[0.3, 0.7]),
        rng.choice(list("ABC"), number),
    )
    return [
        (str(s), int(q), str(a)) for s, q, a in zip(services, rng.integers(4, size=number), areas)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_each_service_and_season_is_represented(seed):
    kinds = strata(200)
    chosen = sampling.stratified_sample(kinds, 0.15, seed)
    assert chosen.sum() == 30
    for length in (1, 2):
        total = Counter(kind[:length] for kind in kinds)
        drawn = Counter(kind[:length] for kind, here in zip(kinds, chosen) if here)
        for kind, count in total.items():
            assert abs(drawn[kind] - 0.15 * count) <= 1


def test_another_seed_draws_other_scenes():
    kinds = strata(60)
    drawn = {sampling.stratified_sample(kinds, 0.2, seed).tobytes() for seed in range(6)}
    assert len(drawn) == 6


@pytest.mark.parametrize(("number", "expected"), [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_few_scenes_can_be_split(number, expected):
    assert sampling.stratified_sample(strata(number), 0.1, 0).sum() == expected


def test_december_and_january_are_one_season():
    first, second = (scene_names.parse(f"2018{m}24T194759_dmi_prep.nc") for m in ("12", "01"))
    assert sampling.stratum(first, "A") == sampling.stratum(second, "A") == ("dmi", 0, "A")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["cis", "dmi"]), st.integers(0, 3), st.just("")), max_size=40
    ),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_some_and_never_all_scenes_are_drawn(strata, fraction, seed):
    chosen = sampling.stratified_sample(strata, fraction, seed)
    number = len(strata)
    assert chosen.shape == (number,)
    assert chosen.sum() == (min(max(round(fraction * number), 1), number - 1) if number > 1 else 0)
    for stratum in set(strata):
        of = np.array([each == stratum for each in strata])
        if 1 <= fraction * number <= number - 1:
            assert abs(chosen[of].sum() - of.sum() * chosen.sum() / number) < 1 + 1e-9
