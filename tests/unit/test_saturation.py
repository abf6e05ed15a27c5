"""Saturation and homologous competition: published fits, depletion, identities."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, brentq
from scipy.stats import f as f_distribution

from reuptake.binding.homologous import fit_homologous, from_ic50
from reuptake.binding.isotherm import free_sites_nM, isotherm
from reuptake.binding.mass_balance import counted_nM, free_transporter_nM
from reuptake.binding.saturation import fit_saturation
from reuptake.curves.least_squares import counting

L_nM = np.array([0.25, 0.5, 1, 2, 4, 8, 16, 32])
TOTAL = np.array([88.7, 161.7, 307.7, 520.9, 856.5, 1188.8, 1573.5, 1929.4])
NONSPECIFIC = np.array([2.7, 5.61, 11.16, 21.78, 44.44, 86.68, 177.76, 352.0])
LIGAND, BOUND = np.tile(L_nM, 2), np.r_[TOTAL, NONSPECIFIC]
BLOCKED = np.repeat([False, True], 8)


@pytest.mark.parametrize(
    ("weight", "bmax", "bmax_se", "kd", "kd_se", "ns", "ns_se", "ss"),
    [
        (None, 1841.4219, 12.187, 5.234430, 0.084941, 10.983342, 0.185107, 631.79841),
        (
            BOUND**-2.0,
            *(1841.2638, 28.179, 5.246827, 0.117046, 11.011572, 0.064158, 0.003532122),
        ),
    ],
)
def test_published_saturation(weight, bmax, bmax_se, kd, kd_se, ns, ns_se, ss):
    found = fit_saturation(LIGAND, BOUND, BLOCKED, background=False, weight=weight)
    assert found["bmax"].value == pytest.approx(bmax, rel=3e-8)
    assert found["kd"].value == pytest.approx(kd, rel=1e-7)
    assert found["ns"].value == pytest.approx(ns, rel=5e-8)
    assert found["bmax"].se == pytest.approx(bmax_se, rel=2e-5)
    assert found["kd"].se == pytest.approx(kd_se, rel=1e-5)
    assert found["ns"].se == pytest.approx(ns_se, rel=5e-6)
    assert found.ss == pytest.approx(ss, rel=2e-7)
    assert found.df == 13
    # with Kd held the rest is linear: an independent profile
    for limit in (found["kd"].lower, found["kd"].upper):
        columns = np.stack([np.where(BLOCKED, 0, LIGAND / (limit + LIGAND)), LIGAND], 1)
        root = np.ones(16) if weight is None else np.sqrt(weight)
        _, profiled, *_ = np.linalg.lstsq(root[:, None] * columns, root * BOUND, rcond=None)
        threshold = found.ss * (1 + f_distribution.ppf(0.95, 1, 13) / 13)
        assert profiled[0] == pytest.approx(threshold, rel=1e-7)


def test_unit_and_order_do_not_matter():
    found = fit_saturation(LIGAND, BOUND, BLOCKED, background=False)
    order = np.random.default_rng(1).permutation(16)
    other = fit_saturation(
        LIGAND[order] * 1e-9, BOUND[order] * 1e6, BLOCKED[order], background=False
    )
    assert other["kd"].value == pytest.approx(found["kd"].value * 1e-9, rel=1e-9)
    assert other["kd"].upper == pytest.approx(found["kd"].upper * 1e-9, rel=1e-8)
    assert other["bmax"].value == pytest.approx(found["bmax"].value * 1e6, rel=1e-9)


def test_background_is_told_by_blanks():
    ligand, blocked = np.r_[LIGAND, 0, 0], np.r_[BLOCKED, True, True]
    y = np.r_[BOUND, 0, 0] + 40.0
    found = fit_saturation(ligand, y, blocked)
    assert found["background"].lower < 40 < found["background"].upper
    assert found["kd"].lower < 5.234 < found["kd"].upper


def test_free_sites_are_the_root_of_the_general_solver():
    rng = np.random.default_rng(2)
    sites, ligand, kd = 10 ** rng.uniform(-4, 4, (3, 200))
    found = free_sites_nM(sites, ligand, kd)
    np.testing.assert_allclose(found, free_transporter_nM(sites, ligand, kd), rtol=1e-9)


@pytest.mark.parametrize("per_nM", [None, 2.0e3])
def test_derivatives(per_nM):
    hot, cold = np.array([0, 0.3, 2, 9.0]), np.array([0.5, 0, 3, 0.1])
    blocked = np.array([False, False, False, True])
    theta = np.array([np.log(2.0), np.log(900.0), 30.0, 12.0])

    def mean(theta):
        kd, bmax = np.exp(theta[:2])
        return isotherm(hot, cold, blocked, kd, bmax, theta[2], theta[3], per_nM)[0]

    kd, bmax = np.exp(theta[:2])
    _, derivatives = isotherm(hot, cold, blocked, kd, bmax, theta[2], theta[3], per_nM)
    np.testing.assert_allclose(derivatives, approx_fprime(theta, mean, 1e-7), rtol=2e-5, atol=2e-4)


@pytest.mark.parametrize("sites_nM", [0.01, 0.6, 5.0, 60.0])
def test_depleted_saturation_returns_the_truth(sites_nM):
    """Wells by the general mass balance: Kd 1.5, alpha 0.02, 1 nM reads 18 648 cpm."""
    per_nM, kd, alpha = 18648.0, 1.5, 0.02
    added = np.r_[0.1, 0.3, 0.6, 1.2, 2.5, 5, 10, 20, 60]
    total = per_nM * counted_nM(sites_nM, added, kd, alpha=alpha) + 25
    nonspecific = per_nM * alpha * added / (1 + alpha) + 25
    wells = np.tile(added, 2), np.r_[total, nonspecific], np.repeat([False, True], len(added))
    found = fit_saturation(*wells, per_nM=per_nM)
    assert found["kd"].value == pytest.approx(kd, rel=1e-7)
    assert found["bmax"].value == pytest.approx(sites_nM * per_nM, rel=1e-7)
    assert found["ns"].value == pytest.approx(alpha * per_nM, rel=1e-7)
    assert found["background"].value == pytest.approx(25, rel=1e-5)
    # taking the added ligand for the free one puts Kd up by about R_T/2
    plain = fit_saturation(*wells)
    assert plain["kd"].value > kd + 0.3 * sites_nM


def test_depleted_saturation_covers_the_truth():
    per_nM, kd, sites, alpha = 18648.0, 1.5, 1.0, 0.01
    added = np.tile(np.repeat([0.1, 0.3, 0.6, 1.2, 2.5, 5, 10, 20], 3), 2)
    blocked = np.repeat([False, True], 24)
    level = np.where(
        blocked,
        per_nM * alpha * added / (1 + alpha),
        per_nM * counted_nM(sites, added, kd, alpha=alpha),
    )
    rng = np.random.default_rng(3)
    held = []
    for _ in range(60):
        y = level + rng.standard_normal(48) * np.sqrt(level + (0.05 * level) ** 2)
        found = fit_saturation(
            added, y, blocked, background=False, per_nM=per_nM, weight=counting(1.0, 0.05)
        )
        held.append(
            [
                c.lower <= truth <= c.upper
                for c, truth in zip((found["kd"], found["bmax"]), (kd, sites * per_nM), strict=True)
            ]
        )
    # binomial: 57 of 60 expected, 52 or more in all but 3 of 1000 series
    assert np.min(np.sum(held, axis=0)) >= 52


HOT = np.repeat([0.5, 2.0], 12)
COLD = np.tile(np.r_[0, 0, 10.0 ** np.arange(-1, 4, 0.5)], 2)


def test_homologous_isotherm():
    kd, bmax, ns = 3.0, 5000.0, 40.0
    y = bmax * HOT / (kd + HOT + COLD) + ns * HOT
    for part in (slice(None), HOT == 0.5):
        found = fit_homologous(HOT[part], COLD[part], y[part])
        assert found["kd"].value == pytest.approx(kd, rel=1e-8)
        assert found["bmax"].value == pytest.approx(bmax, rel=1e-8)
        assert found["ns"].value == pytest.approx(ns, rel=1e-7)
    found = fit_homologous(HOT, COLD, y + 15, background=True)
    assert found["kd"].value == pytest.approx(kd, rel=1e-7)
    assert found["background"].value == pytest.approx(15, rel=1e-5)


def test_homologous_identities():
    """Kd = IC50 - L and Bmax = B0 IC50/L, from the half-way point found by bisection."""
    kd, bmax, hot = 3.0, 5000.0, 0.5

    def specific(cold):
        return bmax * hot / (kd + hot + cold)

    ic50 = brentq(lambda c: specific(c) - specific(0) / 2, 0, 100, xtol=1e-13)
    assert from_ic50(ic50, hot, specific(0)) == pytest.approx((kd, bmax), rel=1e-10)
    assert np.isnan(from_ic50([0.4, 0.5], hot, specific(0))).all()


def test_depleted_homologous_returns_the_truth():
    """Hot ligand is the part h/(h + c) of what the mass balance says of both."""
    per_nM, kd, sites, alpha = 18648.0, 0.4, 0.6, 0.005
    counted = counted_nM(sites, HOT + COLD, kd, alpha=alpha) * HOT / (HOT + COLD)
    found = fit_homologous(HOT, COLD, per_nM * counted, per_nM=per_nM)
    assert found["kd"].value == pytest.approx(kd, rel=1e-7)
    assert found["bmax"].value == pytest.approx(sites * per_nM, rel=1e-7)
    plain = fit_homologous(HOT, COLD, per_nM * counted)
    assert plain["kd"].value > 1.5 * kd


def test_homologous_intervals_hold_the_truth():
    kd, bmax, ns = 3.0, 5000.0, 40.0
    level = bmax * HOT / (kd + HOT + COLD) + ns * HOT
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(60):
        y = level * (1 + 0.05 * rng.standard_normal(len(level)))
        found = fit_homologous(HOT, COLD, y, weight=counting(0.0, 0.05))["kd"]
        held += found.lower <= kd <= found.upper
    assert held >= 52


def test_what_cannot_be_fitted_is_said():
    with pytest.raises(ValueError, match="told apart"):
        fit_homologous(0.5, COLD[:12], np.ones(12), background=True)
    with pytest.raises(ValueError, match="three ligand concentrations"):
        fit_saturation([1, 1, 2, 2, 1, 2], np.arange(6.0), [False] * 4 + [True] * 2)
    with pytest.raises(ValueError, match="negative"):
        fit_saturation([-1, 1, 2, 4, 8], np.arange(5.0), [False] * 5)
    with pytest.raises(ValueError, match="no saturable component"):
        fit_saturation(LIGAND, 1e-3 * LIGAND**2 * np.where(BLOCKED, 1, 0.5), BLOCKED)
