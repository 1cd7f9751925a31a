import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES


def charts(sic, sod, floe):
    return {c: np.array(v, np.uint8) for c, v in zip(CHARTS, (sic, sod, floe))}


def fields(water, sic=3.4):
    """A pixel with the given probability of open water, else of class 2 of SOD and FLOE."""
    sod = [water, 0.0, 1 - water, 0, 0, 0]
    floe = [water, (1 - water) * 0.4, (1 - water) * 0.6, 0, 0, 0, 0]
    return {
        "concentration": np.array([sic]),
        "SIC_probabilities": np.array([[water, 1 - water, *9 * [0.0]]]),
        "SOD_probabilities": np.array([sod]),
        "FLOE_probabilities": np.array([floe]),
    }


def test_consistent_charts_follow_the_probability_of_open_water():
    for water, expected in ((0.6, (0, 0, 0)), (0.4, (3, 2, 2))):
        found = decision.decide(fields(water), consistent=True)
        assert tuple(int(found[chart][0]) for chart in CHARTS) == expected
    found = decision.decide(fields(0.4, sic=0.1), consistent=True)
    assert found["SIC"] == [1]  # ice of less than half a tenth remains ice


def test_independent_charts_do_not():
    found = decision.decide(fields(0.6, sic=0.1), consistent=False)
    assert [int(found[chart][0]) for chart in CHARTS] == [0, 0, 0]
    found = decision.decide(fields(0.6), consistent=False)
    assert [int(found[chart][0]) for chart in CHARTS] == [3, 0, 0]


def test_uncertainty_of_certain_and_of_equal_probabilities():
    certain, alike = (
        fields(1.0),
        {n: np.full((1, k), 1 / k) for n, k in zip(decision.PROBABILITIES, (11, 6, 7))},
    )
    for kind in ("entropy", "least_confidence"):
        np.testing.assert_allclose(decision.uncertainty(certain, kind), 0, atol=1e-6)
    np.testing.assert_allclose(decision.uncertainty(alike, "entropy"), 1, atol=1e-6)
    np.testing.assert_allclose(
        decision.uncertainty(alike, "least_confidence"), [[10 / 11, 5 / 6, 6 / 7]], atol=1e-6
    )


def member(water, sic):
    found = fields(water, sic)
    uncertainty = decision.uncertainty(found, "entropy")
    return {**decision.decide(found, True), **found, "uncertainty": uncertainty}


def test_an_ensemble_is_the_mean_of_the_probabilities():
    sure, uncertain = member(0.9, 2.0), member(0.3, 4.0)
    found = decision.ensemble_mean([sure, uncertain], consistent=True)
    assert [int(found[chart][0]) for chart in CHARTS] == [0, 0, 0]  # 0.6 of open water
    found = decision.ensemble_mean([sure, uncertain, uncertain], consistent=True)
    assert [int(found[chart][0]) for chart in CHARTS] == [3, 2, 2]
    np.testing.assert_allclose(found["SOD_probabilities"][0, :3], [0.5, 0, 0.5], atol=1e-6)


def test_an_ensemble_of_one_is_its_member_packed_or_not():
    one = member(0.4, 3.0)
    packed = {
        name: values if values.dtype == np.uint8 else decision.packed(values)
        for name, values in one.items()
    } | {"concentration": one["concentration"].astype(np.float16)}
    for only in (one, packed):
        for name, values in decision.ensemble_mean([only], consistent=True).items():
            assert values.dtype == only[name].dtype
            np.testing.assert_allclose(values, only[name], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.floats(0.01, 50), st.booleans())
def test_any_probabilities_give_classes_and_uncertainties_in_0_to_1(seed, sharpness, consistent):
    rng = np.random.default_rng(seed)
    fields = {"concentration": rng.uniform(-1, 12, 40)}
    water = rng.random(40).astype(np.float32)
    for chart, kinds in CLASSES.items():
        probabilities = rng.random((40, len(kinds))) ** sharpness + 1e-9
        probabilities[0] = 1
        probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(
            np.float32
        )
        if consistent:
            others = probabilities[:, 1:] / probabilities[:, 1:].sum(axis=1, keepdims=True)
            probabilities = np.column_stack([water, (1 - water)[:, None] * others])
        fields[f"{chart}_probabilities"] = probabilities
    charts = decision.decide(fields, consistent)
    for chart, kinds in CLASSES.items():
        assert charts[chart].dtype == np.uint8
        assert (charts[chart] < len(kinds)).all()
    if consistent:
        for chart in CHARTS:
            np.testing.assert_array_equal(charts[chart] == 0, water > 0.5)
    for kind in ("entropy", "least_confidence"):
        uncertainty = decision.uncertainty(fields, kind)
        assert ((uncertainty >= 0) & (uncertainty <= 1)).all()
        back = decision.unpacked(decision.packed(uncertainty))
        np.testing.assert_allclose(back, uncertainty, atol=0.5 / decision.PACKED + 1e-6)
