from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data import split as scene_split


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
def test_each_service_and_season_has_its_share(seed):
    kinds = strata(200)
    chosen = scene_split.spread(kinds, 0.15, seed)
    assert chosen.sum() == 30
    for length in (1, 2):
        there = Counter(kind[:length] for kind in kinds)
        taken = Counter(kind[:length] for kind, here in zip(kinds, chosen) if here)
        for kind, count in there.items():
            assert abs(taken[kind] - 0.15 * count) <= 1


def test_another_seed_chooses_others():
    kinds = strata(60)
    drawn = {scene_split.spread(kinds, 0.2, seed).tobytes() for seed in range(6)}
    assert len(drawn) == 6


@pytest.mark.parametrize(("number", "expected"), [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_few_scenes_are_still_split(number, expected):
    assert scene_split.spread(strata(number), 0.1, 0).sum() == expected


def test_december_and_january_are_one_season():
    first, second = (scene_names.parse(f"2018{m}24T194759_dmi_prep.nc") for m in ("12", "01"))
    assert scene_split.stratum(first, "A") == scene_split.stratum(second, "A") == ("dmi", 0, "A")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["cis", "dmi"]), st.integers(0, 3), st.just("")), max_size=40
    ),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_some_and_never_all_are_chosen(strata, share, seed):
    chosen = scene_split.spread(strata, share, seed)
    number = len(strata)
    assert chosen.shape == (number,)
    assert chosen.sum() == (min(max(round(share * number), 1), number - 1) if number > 1 else 0)
    for stratum in set(strata):
        of = np.array([each == stratum for each in strata])
        if 1 <= share * number <= number - 1:
            assert abs(chosen[of].sum() - of.sum() * chosen.sum() / number) < 1 + 1e-9
