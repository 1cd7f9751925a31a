import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.icechart.data import decision as ice_decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES


def charts(sic, sod, floe):
    return {c: np.array(v, np.uint8) for c, v in zip(CHARTS, (sic, sod, floe))}


def fields(water, sic=3.4):
    """Pixels whose likeliest class is open water in SOD, and 2 in what is left."""
    sod = [water, 0.0, 1 - water, 0, 0, 0]
    floe = [water, (1 - water) * 0.4, (1 - water) * 0.6, 0, 0, 0, 0]
    return {
        "concentration": np.array([sic]),
        "SIC_probabilities": np.array([[water, 1 - water, *9 * [0.0]]]),
        "SOD_probabilities": np.array([sod]),
        "FLOE_probabilities": np.array([floe]),
    }


def test_charts_that_agree_follow_the_chance_of_open_water():
    for water, expected in ((0.6, (0, 0, 0)), (0.4, (3, 2, 2))):
        found = ice_decision.decide(fields(water), agree=True)
        assert tuple(int(found[chart][0]) for chart in CHARTS) == expected
    found = ice_decision.decide(fields(0.4, sic=0.1), agree=True)
    assert found["SIC"] == [1]  # ice of less than half a tenth is still ice


def test_charts_on_their_own_do_not():
    found = ice_decision.decide(fields(0.6, sic=0.1), agree=False)
    assert [int(found[chart][0]) for chart in CHARTS] == [0, 0, 0]
    found = ice_decision.decide(fields(0.6), agree=False)
    assert [int(found[chart][0]) for chart in CHARTS] == [3, 0, 0]


def test_uncertainty_runs_from_certain_to_all_alike():
    certain, alike = (
        fields(1.0),
        {n: np.full((1, k), 1 / k) for n, k in zip(ice_decision.CHANCES, (11, 6, 7))},
    )
    for kind in ("entropy", "top"):
        np.testing.assert_allclose(ice_decision.uncertainty(certain, kind), 0, atol=1e-6)
    np.testing.assert_allclose(ice_decision.uncertainty(alike, "entropy"), 1, atol=1e-6)
    np.testing.assert_allclose(
        ice_decision.uncertainty(alike, "top"), [[10 / 11, 5 / 6, 6 / 7]], atol=1e-6
    )


def member(water, sic):
    found = fields(water, sic)
    doubt = ice_decision.uncertainty(found, "entropy")
    return {**ice_decision.decide(found, True), **found, "uncertainty": doubt}


def test_members_are_merged_by_the_mean_of_their_probabilities():
    sure, doubtful = member(0.9, 2.0), member(0.3, 4.0)
    found = ice_decision.merged([sure, doubtful], agree=True)
    assert [int(found[chart][0]) for chart in CHARTS] == [0, 0, 0]  # 0.6 of open water
    found = ice_decision.merged([sure, doubtful, doubtful], agree=True)
    assert [int(found[chart][0]) for chart in CHARTS] == [3, 2, 2]
    np.testing.assert_allclose(found["SOD_probabilities"][0, :3], [0.5, 0, 0.5], atol=1e-6)


def test_one_member_is_itself_packed_or_not():
    one = member(0.4, 3.0)
    packed = {
        name: values if values.dtype == np.uint8 else ice_decision.packed(values)
        for name, values in one.items()
    } | {"concentration": one["concentration"].astype(np.float16)}
    for only in (one, packed):
        for name, values in ice_decision.merged([only], agree=True).items():
            assert values.dtype == only[name].dtype
            np.testing.assert_allclose(values, only[name], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.floats(0.01, 50), st.booleans())
def test_any_probabilities_give_classes_and_an_uncertainty_from_0_to_1(seed, sharpness, agree):
    rng = np.random.default_rng(seed)
    fields = {"concentration": rng.uniform(-1, 12, 40)}
    water = rng.random(40).astype(np.float32)
    for chart, kinds in CLASSES.items():
        chances = rng.random((40, len(kinds))) ** sharpness + 1e-9
        chances[0] = 1
        chances = (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)
        if agree:
            others = chances[:, 1:] / chances[:, 1:].sum(axis=1, keepdims=True)
            chances = np.column_stack([water, (1 - water)[:, None] * others])
        fields[f"{chart}_probabilities"] = chances
    charts = ice_decision.decide(fields, agree)
    for chart, kinds in CLASSES.items():
        assert charts[chart].dtype == np.uint8
        assert (charts[chart] < len(kinds)).all()
    if agree:
        for chart in CHARTS:
            np.testing.assert_array_equal(charts[chart] == 0, water > 0.5)
    for kind in ("entropy", "top"):
        doubt = ice_decision.uncertainty(fields, kind)
        assert ((doubt >= 0) & (doubt <= 1)).all()
        back = ice_decision.unpacked(ice_decision.packed(doubt))
        np.testing.assert_allclose(back, doubt, atol=0.5 / ice_decision.PACKED + 1e-6)
