"""IC50 to Ki, its guards, and what depletion does to it."""

import numpy as np
import pytest
from scipy.optimize import brentq

from reuptake.binding.cheng_prusoff import (
    bias_pct,
    cheng_prusoff_nM,
    competitor_depletion_pct,
    depleted_ic50_nM,
    depleted_ki_nM,
)
from reuptake.binding.mass_balance import bound_nM
from reuptake.binding.radiochemistry import transporter_nM

TRUE_KI_nM = 0.58

# radioligand, Kd, Bmax (15 ug in 250 uL): % bound, total IC50, Ki by Cheng-Prusoff and its
# error, Cheng-Prusoff with free radioligand, and with R_T/2 taken off the IC50
DEPLETION = [
    (5.3, 5.3, 1, 0.56, 1.1917, 0.5958, 2.7, 3.0, 0.1),
    (5.3, 5.3, 4, 2.24, 1.2875, 0.6437, 11.0, 12.2, 0.6),
    (5.3, 5.3, 10, 5.50, 1.4822, 0.7411, 27.8, 31.4, 1.9),
    (5.3, 5.3, 30, 15.55, 2.1628, 1.0814, 86.5, 102, 8.9),
    (1.5, 1.5, 10, 18.02, 1.5516, 0.7758, 33.8, 47.0, 7.9),
    (0.05, 0.98, 1, 5.52, 0.6735, 0.6408, 10.5, 10.8, 5.6),
    (0.05, 0.98, 4, 19.04, 0.8753, 0.8328, 43.6, 44.9, 23.9),
    (0.05, 0.98, 10, 37.24, 1.3147, 1.2508, 116, 120, 66.5),
    (0.98, 0.98, 10, 26.03, 1.6144, 0.8072, 39.2, 60.0, 13.3),
    (0.15, 0.15, 4, 51.94, 1.7846, 0.8923, 53.8, 108, 43.5),
]


def total_ic50_nM(transporter, ligand, kd, ki=TRUE_KI_nM, alpha=0.0):
    """Total competitor that halves the exact specific binding."""
    half = bound_nM(transporter, ligand, kd, alpha=alpha) / 2
    return brentq(
        lambda i: bound_nM(transporter, ligand, kd, i, ki, alpha) - half, 1e-9, 1e9, xtol=1e-13
    )


def error_pct(ki_nM):
    return 100 * (ki_nM / TRUE_KI_nM - 1)


def test_cheng_prusoff():
    assert cheng_prusoff_nM(12, 5.3, 5.3) == 6.0
    # the radioligand decayed by concentration for 45 days (T1/2 59.40 d): 0.98 x 0.5914894
    assert cheng_prusoff_nM(12, 0.98 * 0.5914894, 0.98) == pytest.approx(7.54011, rel=1e-6)
    assert cheng_prusoff_nM([12, 24], 5.3, 5.3).tolist() == [6.0, 12.0]


@pytest.mark.parametrize(
    ("ligand", "kd", "bmax", "bound", "ic50", "ki", "error", "free_error", "shifted_error"),
    DEPLETION,
)
def test_depletion_table(ligand, kd, bmax, bound, ic50, ki, error, free_error, shifted_error):
    sites = transporter_nM(bmax, 15, 250)
    assert sites == pytest.approx(0.06 * bmax)
    held = bound_nM(sites, ligand, kd)
    assert 100 * held / ligand == pytest.approx(bound, abs=0.006)
    found = total_ic50_nM(sites, ligand, kd)
    assert found == pytest.approx(ic50, abs=6e-5)
    plain = cheng_prusoff_nM(found, ligand, kd)
    assert plain == pytest.approx(ki, abs=6e-5)
    rounding = 0.6 if error > 100 else 0.06
    assert error_pct(plain) == pytest.approx(error, abs=rounding)
    # the usual repairs do not repair
    with_free = cheng_prusoff_nM(found, ligand - held, kd)
    assert error_pct(with_free) == pytest.approx(free_error, abs=0.6 if free_error > 100 else 0.06)
    shifted = cheng_prusoff_nM(found - sites / 2, ligand, kd)
    assert error_pct(shifted) == pytest.approx(shifted_error, abs=0.06)
    # the depleted conversion does, and so guard G5 is the error itself
    assert depleted_ki_nM(found, ligand, kd, sites) == pytest.approx(TRUE_KI_nM, rel=1e-9)
    assert bias_pct(found, ligand, kd, sites) == pytest.approx(error, abs=rounding)


def test_point_conversion_of_a_total_ic50():
    assert depleted_ki_nM(1.4821695595953464, 5.3, 5.3, 0.6) == pytest.approx(0.58, rel=1e-9)
    with_nonspecific = depleted_ki_nM(1.4709075, 5.3, 5.3, 0.6, alpha=0.02)
    assert with_nonspecific == pytest.approx(0.58, rel=1e-6)


def test_point_conversion_against_the_half_displacement_form():
    """Ki = [I]50 / ([L]50/Kd + [P]0/Kd + 1), all free (Nikolovska-Coleska et al. 2004)."""
    sites, ligand, kd = 0.6, 5.3, 5.3
    ic50 = 1.4821695595953464
    held = bound_nM(sites, ligand, kd)
    free_sites = sites - held
    free_ligand50 = ligand - held / 2
    free_sites50 = held / 2 * kd / free_ligand50
    free_competitor = ic50 - (sites - held / 2 - free_sites50)
    other = free_competitor / (free_ligand50 / kd + free_sites / kd + 1)
    assert depleted_ki_nM(ic50, ligand, kd, sites) == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.02, 0.3])
def test_point_conversion_returns_the_ki_of_exact_simulations(alpha):
    rng = np.random.default_rng(1)
    for _ in range(30):
        sites, ligand, kd, ki = 10 ** rng.uniform([-2, -1.5, -1, -1], [1, 1, 1, 3])
        ic50 = total_ic50_nM(sites, ligand, kd, ki, alpha)
        assert depleted_ki_nM(ic50, ligand, kd, sites, alpha) == pytest.approx(ki, rel=1e-7)


def test_competitor_depletion_guard():
    # R_T 0.6: (0.6/2)/1.4822 = 0.2024; the examples 0.025, 0.093, 0.20 go with 2.7, 11, 28 %
    ic50 = np.array([1.1917, 1.2875, 1.4822])
    fraction = competitor_depletion_pct(np.array([0.06, 0.24, 0.60]), ic50)
    assert fraction == pytest.approx([2.5, 9.3, 20.2], abs=0.06)


def test_two_guards_can_pass_while_the_bias_fails():
    """[125I]RTI-55 0.05/0.98 with R_T 0.06: 5.52 % bound, G2 4.45 %, and 10.48 % too high."""
    ic50 = total_ic50_nM(0.06, 0.05, 0.98)
    assert 100 * bound_nM(0.06, 0.05, 0.98) / 0.05 == pytest.approx(5.52, abs=0.006)
    assert competitor_depletion_pct(0.06, ic50) == pytest.approx(4.45, abs=0.006)
    assert bias_pct(ic50, 0.05, 0.98, 0.06) == pytest.approx(10.48, abs=0.006)


def test_cheng_prusoff_can_be_too_low_where_ligand_exceeds_twice_kd():
    ic50 = total_ic50_nM(2, 5.3, 1.06, ki=3400)
    assert cheng_prusoff_nM(ic50, 5.3, 1.06) == pytest.approx(3219.6, abs=0.06)
    assert bias_pct(ic50, 5.3, 1.06, 2) == pytest.approx(100 * (3219.6 / 3400 - 1), abs=0.006)


def test_cheng_prusoff_is_an_upper_bound_up_to_twice_kd():
    rng = np.random.default_rng(2)
    for _ in range(60):
        sites, kd, ki = 10 ** rng.uniform([-2, -1, -1], [1, 1, 4])
        ligand = kd * rng.uniform(0.01, 2.0)
        assert cheng_prusoff_nM(total_ic50_nM(sites, ligand, kd, ki), ligand, kd) >= ki * (1 - 1e-9)


def test_bias_is_unbounded_where_the_sites_alone_would_hold_the_competitor():
    assert bias_pct(0.05, 5.3, 5.3, 0.6) == np.inf


def test_the_ic50_of_a_depleted_competitor():
    """R_T 0.6, L = Kd = 5.3, Ki 0.58: IC50 1.4821695595953464 nM; with alpha 0.02 1.4709075."""
    assert depleted_ic50_nM(0.58, 5.3, 5.3, 0.6) == pytest.approx(1.4821695595953464, rel=1e-12)
    assert depleted_ic50_nM(0.58, 5.3, 5.3, 0.6, 0.02) == pytest.approx(1.4709075, rel=1e-7)
