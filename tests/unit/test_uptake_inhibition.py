"""Uptake IC50 to Ki, tight binding, and the fit of Morrison's equation."""

import numpy as np
import pytest
from scipy.optimize import brentq, curve_fit
from simulated_curves import batch_of

from reuptake.binding.mass_balance import free_transporter_nM
from reuptake.binding.radiochemistry import transporter_on_cells_nM
from reuptake.curves.groups import batches
from reuptake.uptake.inhibition import (
    _uptake,
    fit_morrison,
    floor_nM,
    ki_from_ic50_nM,
    remaining_uptake,
)

E_nM = 0.4151348
KM_nM = 463.0
DOSES = 10 ** np.arange(-2, 3, 0.5)


@pytest.mark.parametrize(("substrate", "ki"), [(15, 0.5617992), (10, 0.5677378), (20, 0.5559834)])
def test_published_substrate_correction(substrate, ki):
    assert ki_from_ic50_nM(0.58, substrate, KM_nM) == pytest.approx(ki, rel=1e-7)


def test_published_tight_binding():
    sites = transporter_on_cells_nM(5e4, 1e6, 200)
    assert sites == pytest.approx(E_nM, rel=1e-7)
    assert floor_nM(sites) == pytest.approx(0.2075674, rel=1e-6)
    assert ki_from_ic50_nM(0.58, 0, KM_nM, sites) == pytest.approx(0.3724326, rel=1e-6)
    assert ki_from_ic50_nM(0.58, 15, KM_nM, sites) == pytest.approx(0.3607454, rel=1e-6)
    twice = transporter_on_cells_nM(1e5, 1e6, 200)
    assert ki_from_ic50_nM(0.58, 15, KM_nM, twice) == pytest.approx(0.1596916, rel=1e-6)


def test_an_ic50_at_its_floor_tells_no_ki():
    assert np.isnan(ki_from_ic50_nM([0.1, 0.2], 15, KM_nM, [0.2, 0.5])).all()


def test_half_uptake_is_at_k_plus_half_the_transporter():
    ic50 = brentq(lambda i: remaining_uptake(E_nM, i, 0.3724326) - 0.5, 1e-6, 10, xtol=1e-14)
    assert ic50 == pytest.approx(0.58, rel=1e-6)


def test_remaining_uptake_is_the_mass_balance():
    rng = np.random.default_rng(1)
    sites, inhibitor, k = 10 ** rng.uniform(-4, 4, (3, 200))
    # a trace of a ligand that hardly binds
    free = free_transporter_nM(sites, 1e-15, 1e6, inhibitor, k)
    np.testing.assert_allclose(remaining_uptake(sites, inhibitor, k), free / sites, rtol=1e-9)


def test_derivatives():
    rng = np.random.default_rng(2)
    logs = np.log(10 ** rng.uniform([[-2], [-2], [0], [1]], [[1], [1], [3], [3]], (4, 50)))
    inhibitor = 10 ** rng.uniform(-2, 2, 50)
    _, derivatives = _uptake(inhibitor, logs)
    for j in range(4):
        step = np.zeros((4, 1))
        step[j] = 1e-5
        numeric = (_uptake(inhibitor, logs + step)[0] - _uptake(inhibitor, logs - step)[0]) / 2e-5
        np.testing.assert_allclose(derivatives[j], numeric, rtol=1e-5, atol=1e-10)


def test_exact_curve_returns_its_ki():
    y = 900 + 8000 * remaining_uptake(E_nM, DOSES, 0.3607454 * (1 + 15 / KM_nM))
    batch = batch_of(np.log10(DOSES), y)
    found = fit_morrison(batch, E_nM, 15, KM_nM)
    assert 10 ** found.log10_k[0] == pytest.approx(0.3607454, rel=1e-8)
    assert (found.top[0], found.bottom[0]) == pytest.approx((8900, 900), rel=1e-8)
    # with the transporter left to the curve, it is found as well
    found = fit_morrison(batch, 1.0, 15, KM_nM, transporter_sd=np.inf)
    assert 10 ** found.log10_k[0] == pytest.approx(0.3607454, rel=1e-5)
    assert found.constants[0, 0] == pytest.approx(E_nM, rel=1e-5)


def test_noisy_curve_against_curve_fit():
    rng = np.random.default_rng(3)
    x = np.r_[np.repeat(np.log10(DOSES), 3), np.full(8, -np.inf), np.full(6, np.inf)]
    dose = np.where(np.isposinf(x), 1e12, 10**x)

    def model(dose, log_ki, top, bottom):
        k = np.exp(log_ki) * (1 + 15 / KM_nM)
        return bottom + (top - bottom) * remaining_uptake(E_nM, dose, k)

    y = model(dose, np.log(0.36), 8900, 900) + 150 * rng.standard_normal(len(x))
    (batch,) = batches(np.zeros(len(x), int), x, y)
    found = fit_morrison(batch, E_nM, 15, KM_nM)
    values, covariance = curve_fit(model, dose, y, (0, 9000, 1000), xtol=1e-14, ftol=1e-14)
    assert found.log10_k[0] == pytest.approx(values[0] / np.log(10), abs=1e-6)
    assert found.log10_k_se[0] == pytest.approx(np.sqrt(covariance[0, 0]) / np.log(10), rel=1e-4)
    assert (found.top[0], found.bottom[0]) == pytest.approx(values[1:], rel=1e-5)


def test_unknown_copies_widen_the_interval_of_a_tight_inhibitor_only():
    widths = {}
    for ki in (0.05, 500.0):
        rng = np.random.default_rng(4)
        dose = DOSES * (0.3 if ki < 1 else 500)
        x = np.repeat(np.log10(dose), 3)
        y = 8000 * remaining_uptake(E_nM, 10**x, ki) * (1 + 0.04 * rng.standard_normal(len(x)))
        (batch,) = batches(np.zeros(len(x), int), x, y)
        for sd in (0.0, 0.5):
            found = fit_morrison(batch, E_nM, 15, KM_nM, transporter_sd=sd)
            widths[ki, sd] = (found.log10_upper - found.log10_lower)[0]
    assert widths[0.05, 0.5] > 1.3 * widths[0.05, 0.0]
    assert widths[500.0, 0.5] == pytest.approx(widths[500.0, 0.0], rel=0.01)


def test_coverage_with_an_uncertain_transporter():
    rng = np.random.default_rng(5)
    n, sd = 300, 0.5
    ki = 10 ** rng.uniform(-1, 1, n)
    told = E_nM * np.exp(sd * rng.standard_normal(n))
    x = np.hstack([np.repeat(np.log10(ki[:, None] + E_nM / 2) + np.arange(-2.25, 2.5, 0.5), 3, 1)])
    k = ki[:, None] * (1 + 15 / KM_nM)
    y = 900 + 8000 * remaining_uptake(E_nM, 10**x, k) + 200 * rng.standard_normal(x.shape)
    (batch,) = batches(np.repeat(np.arange(n), x.shape[1]), x.ravel(), y.ravel())
    found = fit_morrison(batch, told, 15, KM_nM, transporter_sd=sd)
    truth = np.log10(ki)
    held = (found.log10_lower <= truth) & (truth <= found.log10_upper)
    assert found.converged.all()
    # two standard errors of a share of 300 are 0.025
    assert 0.925 <= held.mean() <= 0.98
