import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from reuptake.binding.mass_balance import (
    bound_nM,
    counted_nM,
    free_radioligand_nM,
    free_transporter_nM,
)

# Sites 0.6 nM, radioligand 5.3 nM at a Kd of 5.3 nM, competitor with a Ki of 0.58 nM.
CASE = {"transporter_nM": 0.6, "ligand_nM": 5.3, "kd_nM": 5.3, "ki_nM": 0.58}


def ic50_nM(**case):
    half = bound_nM(**case) / 2
    return brentq(lambda i: bound_nM(**case, competitor_nM=i) - half, 1e-6, 1e6, xtol=1e-14)


def test_bound_over_six_decades():
    competitor = [0, 0.1, 1, 10, 100, 1e4]
    expected = [0.291516224, 0.275733970, 0.176976723, 0.032561642, 0.003458138, 3.479782e-5]
    np.testing.assert_allclose(bound_nM(**CASE, competitor_nM=competitor), expected, rtol=2e-7)


def test_stays_exact_where_the_closed_form_turns_negative():
    bound = bound_nM(**CASE, competitor_nM=[1e5, 1e6])
    np.testing.assert_allclose(bound, [3.479978e-6, 3.479998e-7], rtol=2e-7)


def test_ic50_of_the_total_competitor():
    assert ic50_nM(**CASE) == pytest.approx(1.4821695595953464, rel=1e-12)
    assert ic50_nM(**CASE, alpha=0.02) == pytest.approx(1.4709075, rel=5e-8)


@pytest.mark.parametrize(
    ("transporter_nM", "ligand_nM", "kd_nM", "expected_nM"),
    [
        (0.06, 5.3, 5.3, 1.1917),
        (0.24, 5.3, 5.3, 1.2875),
        (1.8, 5.3, 5.3, 2.1628),
        (0.6, 1.5, 1.5, 1.5516),
        (0.6, 0.05, 0.98, 1.3147),
        (0.24, 0.15, 0.15, 1.7846),
    ],
)
def test_ic50_across_radioligands(transporter_nM, ligand_nM, kd_nM, expected_nM):
    case = {"transporter_nM": transporter_nM, "ligand_nM": ligand_nM, "kd_nM": kd_nM}
    assert ic50_nM(**case, ki_nM=0.58) == pytest.approx(expected_nM, abs=6e-5)


def test_one_ligand_is_the_quadratic():
    # R² + (L_T + Kd - R_T)·R - Kd·R_T = 0
    total, ligand, kd = np.array([1e-3, 0.6, 40.0]), 5.3, np.array([0.01, 5.3, 2.0])
    b = ligand + kd - total
    root = 2 * kd * total / (b + np.sqrt(b * b + 4 * kd * total))
    np.testing.assert_allclose(free_transporter_nM(total, ligand, kd), root, rtol=1e-13)


def test_excess_ligands_follow_the_simple_isotherm():
    # R_T -> 0: bound = R_T·L/(L + Kd(1 + I/Ki)); 5.3/(5.3 + 5.3·3) = 1/4
    bound = bound_nM(1e-12, 5.3, 5.3, competitor_nM=2 * 0.58, ki_nM=0.58)
    assert bound == pytest.approx(0.25e-12, rel=1e-9)


def test_nonspecific_binding_is_in_proportion_to_free():
    # everything displaced: what is counted is α·L_T/(1 + α)
    assert counted_nM(**CASE, competitor_nM=1e9, alpha=0.02) == pytest.approx(
        5.3 * 0.02 / 1.02, rel=1e-6
    )


def test_any_broadcastable_shape():
    competitor = np.logspace(-3, 3, 7)
    grid = bound_nM(0.6, 5.3, 5.3, competitor, np.array([[0.58], [58.0]]))
    assert grid.shape == (2, 7)
    for row, ki in zip(grid, (0.58, 58.0), strict=True):
        np.testing.assert_allclose(row, bound_nM(0.6, 5.3, 5.3, competitor, ki), rtol=1e-13)


def test_the_unit_does_not_matter():
    in_molar = bound_nM(0.6e-9, 5.3e-9, 5.3e-9, 1e-9, 0.58e-9)
    assert in_molar == pytest.approx(0.176976723e-9, rel=2e-7)


positive = st.floats(-6, 6).map(lambda x: 10**x)


@given(total=positive, ligand=positive, kd=positive, competitor=positive, ki=positive)
def test_nothing_is_lost(total, ligand, kd, competitor, ki):
    arguments = (total, ligand, kd, competitor, ki, 0.01)
    r = free_transporter_nM(*arguments)
    free = free_radioligand_nM(*arguments)
    bound_competitor = competitor * (r / ki) / (1 + r / ki)
    assert 0 < r <= total
    assert r + bound_nM(*arguments) + bound_competitor == pytest.approx(total, rel=1e-12)
    assert free + counted_nM(*arguments) == pytest.approx(ligand, rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"transporter_nM": 0.0}, "transporter_nM"),
        ({"kd_nM": float("nan")}, "kd_nM"),
        ({"ki_nM": -1.0}, "ki_nM"),
        ({"ligand_nM": -5.3}, "ligand_nM"),
        ({"competitor_nM": float("inf")}, "competitor_nM"),
        ({"alpha": float("nan")}, "alpha"),
    ],
)
def test_impossible_arguments_are_refused(changed, name):
    with pytest.raises(ValueError, match=name):
        bound_nM(**{**CASE, **changed})
