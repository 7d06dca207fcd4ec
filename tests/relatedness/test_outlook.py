"""Complexity outlook and gain: the toy network, alignment, limits."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import AlignmentError, NumericsWarning, OptionError
from agglo.relatedness import (
    CONVENTIONS,
    Convention,
    complexity,
    complexity_outlook,
    relatedness_density,
)
from tests.relatedness.world_trade import TOY, given

pytestmark = pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
WITHOUT = Convention(self_in_density=False)
# as the specification gives it: a sum of PCI in Atlas scaling
PLAIN = {"standardise": False, "index": "scaled"}


def test_toy_outlook():
    density = relatedness_density(given(TOY))
    got = complexity_outlook(density, complexity(given(TOY)), **PLAIN)
    np.testing.assert_allclose(
        got.outlook, [0, 0.197294, -0.641782, -0.115439], atol=1e-6
    )
    hundred = Convention(density_scale=100)
    same = relatedness_density(given(TOY), convention=hundred)
    np.testing.assert_allclose(
        complexity_outlook(same, complexity(given(TOY))).outlook, got.outlook
    )
    z = complexity_outlook(density, complexity(given(TOY)), standardise=True).outlook
    assert z.mean() == pytest.approx(0, abs=1e-12)
    assert z.std() == pytest.approx(1)


def test_toy_gain():
    index = complexity(given(TOY))
    source = complexity_outlook(relatedness_density(given(TOY)), index, **PLAIN)
    np.testing.assert_allclose(
        source.gain[1], [0.155707, 0, 0.436175, 0.512327], atol=1e-6
    )
    assert (source.gain[TOY == 1] == 0).all()
    alone = relatedness_density(given(TOY), convention=WITHOUT)
    target = complexity_outlook(alone, index, gain="target_norm")
    np.testing.assert_allclose(
        target.gain[1], [0.444531, 0, 0.313971, 0.234030], atol=1e-6
    )


def test_opportunity_gain_is_the_target_norm_less_the_density():
    index = complexity(given(TOY))
    alone = relatedness_density(given(TOY), convention=WITHOUT)
    target = complexity_outlook(alone, index, gain="target_norm").gain
    got = complexity_outlook(alone, index, gain="opportunity_gain").gain
    expected = target - alone.values * index.pci
    np.testing.assert_allclose(got[TOY == 0], expected[TOY == 0], atol=1e-12)
    own = complexity_outlook(
        relatedness_density(given(TOY)), index, gain="opportunity_gain", **PLAIN
    )
    np.testing.assert_allclose(own.gain, got, atol=1e-12)


def test_the_outlook_of_the_atlas_is_a_score_of_the_vector_before_centring():
    density, index = relatedness_density(given(TOY)), complexity(given(TOY))
    got = complexity_outlook(density, index)
    assert got.outlook.mean() == pytest.approx(0, abs=1e-12)
    assert got.outlook.std() == pytest.approx(1)
    raw = index.raw_pci / index.raw_eci.std()
    plain = (density.values * (1 - TOY)) @ raw
    np.testing.assert_allclose(
        got.outlook, (plain - plain.mean()) / plain.std(), atol=1e-12
    )
    # nobody lacks anything: there is no score, and that is said
    full = relatedness_density(given(np.ones((4, 4))))
    flat = complexity_outlook(full, index)
    assert np.isnan(flat.outlook).all()
    assert "no z-score" in flat.undefined[-1].reason
    raw_flat = complexity_outlook(full, index, standardise=False)
    assert raw_flat.outlook.tolist() == [0.0] * 4


def test_activities_are_joined_by_label():
    density = relatedness_density(given(TOY))
    index = complexity(given(TOY[:, :3]), component="largest")
    got = complexity_outlook(density, index, **PLAIN)
    assert got.provenance.warnings[-1] == "1 activities without an index are skipped"
    expected = (density.values * (1 - TOY))[:, :3] @ index.pci
    np.testing.assert_allclose(got.outlook, expected, atol=1e-12)
    assert ("P4", "no complexity: skipped") in {
        (u.activity, u.reason) for u in got.undefined
    }


def test_an_activity_that_is_nowhere_has_no_gain():
    wide = np.column_stack([TOY, np.zeros(4)])
    got = complexity_outlook(relatedness_density(given(wide)), complexity(given(wide)))
    base = complexity_outlook(relatedness_density(given(TOY)), complexity(given(TOY)))
    assert np.isnan(got.gain[:, 4]).all()
    np.testing.assert_allclose(got.gain[:, :4], base.gain, atol=1e-9)
    np.testing.assert_allclose(got.outlook, base.outlook, atol=1e-9)


def test_bad_input():
    density, index = relatedness_density(given(TOY)), complexity(given(TOY))
    with pytest.raises(OptionError, match="gain"):
        complexity_outlook(density, index, gain="source")
    held = relatedness_density(given(TOY), subset="held")
    with pytest.raises(OptionError, match="subset='all'"):
        complexity_outlook(held, index)
    full = relatedness_density(given(np.ones((3, 4))))
    with pytest.raises(OptionError, match="standardise"):
        complexity_outlook(full, index, standardise=True)
    other = given(np.ones((2, 2)))
    renamed = relatedness_density(other)
    object.__setattr__(renamed, "activity", np.array(["x", "y"]))
    with pytest.raises(AlignmentError, match="none of the 2"):
        complexity_outlook(renamed, index)


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("atlas", "source_norm"),
        ("datawheel", "opportunity_gain"),
        ("econcomplex", "target_norm"),
    ],
)
def test_presets_choose_their_gain(name, gain):
    rule = CONVENTIONS[name]
    near = relatedness_density(given(TOY), convention=rule)
    index = _quiet(given(TOY))
    assert complexity_outlook(near, index).kind == gain
    again = complexity_outlook(near, index, gain=gain, standardise=False)
    np.testing.assert_array_equal(complexity_outlook(near, index).gain, again.gain)


def test_the_outlook_of_a_convention_is_standardised():
    rule = Convention(coi="zscore")
    near = relatedness_density(given(TOY), convention=rule)
    got = complexity_outlook(near, _quiet(given(TOY))).outlook
    assert (got.mean(), got.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))


def _quiet(held):
    with pytest.warns(NumericsWarning):
        return complexity(held)
