import numpy as np

from seaice_tf.transforms import ice_decision
from seaice_tf.transforms.icechart import CHARTS


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
        {n: np.full((1, k), 1 / k) for n, k in zip(ice_decision.FIELDS, (11, 6, 7))},
    )
    for kind in ("entropy", "top"):
        np.testing.assert_allclose(ice_decision.uncertainty(certain, kind), 0, atol=1e-6)
    np.testing.assert_allclose(ice_decision.uncertainty(alike, "entropy"), 1, atol=1e-6)
    np.testing.assert_allclose(
        ice_decision.uncertainty(alike, "top"), [[10 / 11, 5 / 6, 6 / 7]], atol=1e-6
    )


def test_a_vote_by_hand():
    members = [charts([0, 4, 9], [0, 2, 5], [0, 1, 5]), charts([0, 7, 0], [0, 2, 0], [0, 2, 0])]
    found = ice_decision.vote([*members, charts([3, 4, 0], [1, 3, 0], [1, 1, 0])])
    assert found["SIC"].tolist() == [0, 5, 0]
    assert found["SOD"].tolist() == [0, 2, 0]
    assert found["FLOE"].tolist() == [0, 1, 0]


def test_a_vote_of_one_is_that_one():
    one = charts([0, 10, 1], [0, 5, 1], [0, 6, 1])
    for chart, classes in ice_decision.vote([one]).items():
        np.testing.assert_array_equal(classes, one[chart])
