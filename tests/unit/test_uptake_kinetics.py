"""Km and Vmax, linearity in time."""

import numpy as np
import pytest
from scipy.stats import linregress, t

from reuptake.curves.least_squares import counting
from reuptake.uptake.kinetics import (
    consumed_pct,
    fit_michaelis_menten,
    linearity,
    mixture_specific_activity,
)

S_nM = 25 * 2.0 ** np.arange(8)
RATE = np.array([3.272, 5.922, 11.178, 18.329, 29.024, 40.057, 47.364, 54.434])


def test_published_michaelis_menten():
    found = fit_michaelis_menten(S_nM, RATE)
    assert found["vmax"].value == pytest.approx(61.95144, rel=1e-7)
    assert found["km"].value == pytest.approx(458.98867, rel=2e-8)
    assert found["km"].se == pytest.approx(13.99, abs=0.005)
    weighted = fit_michaelis_menten(S_nM, RATE, weight=RATE**-2.0)
    assert weighted["vmax"].value == pytest.approx(61.96675, rel=1e-7)
    assert weighted["km"].value == pytest.approx(460.57566, rel=2e-8)
    # the double reciprocal line is another answer
    line = linregress(1 / S_nM, 1 / RATE)
    assert 1 / line.intercept == pytest.approx(58.476, abs=0.001)
    assert line.slope / line.intercept == pytest.approx(426.05, abs=0.01)


def test_puromycin():
    """Treated cells of R's data set Puromycin: nls() and its profile limits."""
    conc = np.repeat([0.02, 0.06, 0.11, 0.22, 0.56, 1.10], 2)
    rate = [76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200]
    found = fit_michaelis_menten(conc, rate)
    assert found["vmax"].value == pytest.approx(212.7, abs=0.05)
    assert found["km"].value == pytest.approx(0.06412, abs=5e-6)
    assert found["vmax"].se == pytest.approx(6.947, abs=5e-4)
    assert found["km"].se == pytest.approx(0.00828, abs=5e-6)
    assert found["vmax"].lower == pytest.approx(197.302, abs=0.02)
    assert found["vmax"].upper == pytest.approx(229.290, abs=0.02)
    assert found["km"].lower == pytest.approx(0.046925, rel=1e-3)
    assert found["km"].upper == pytest.approx(0.086160, rel=1e-3)


def test_isotopic_dilution():
    """20 nM labelled, diluted to 3200 nM: the counts fall, the rate rises."""
    unlabelled = S_nM - 20
    per_fmol = 2.22 * 0.4
    activity = mixture_specific_activity(30.0, 20.0, unlabelled)
    assert activity[0] == pytest.approx(30 * 20 / 25)
    true_rate = 60 * S_nM / (460 + S_nM)
    cpm = true_rate * activity * per_fmol
    assert np.all(np.diff(cpm) < 0)
    found = fit_michaelis_menten(S_nM, cpm / (activity * per_fmol))
    assert found["km"].value == pytest.approx(460, rel=1e-9)
    # counting variance cpm becomes rate/(activity per_fmol) on the scale of the rate
    weight = counting(1 / (activity * per_fmol), 0.05)
    by_rate = weight(true_rate)
    by_counts = (activity * per_fmol) ** 2 / (cpm + (0.05 * cpm) ** 2)
    np.testing.assert_allclose(by_rate, by_counts, rtol=1e-12)
    assert fit_michaelis_menten(S_nM, true_rate, weight=weight)["km"].value == pytest.approx(460)


def test_nonspecific_uptake_is_fitted_beside():
    blocked = np.repeat([False, True], 8)
    substrate = np.tile(S_nM, 2)
    rate = np.where(blocked, 0, 60 * substrate / (460 + substrate)) + 0.01 * substrate
    found = fit_michaelis_menten(substrate, rate, nonspecific=blocked)
    assert found["km"].value == pytest.approx(460, rel=1e-8)
    assert found["vmax"].value == pytest.approx(60, rel=1e-8)
    assert found["ns"].value == pytest.approx(0.01, rel=1e-8)
    # left in, it raises both
    assert fit_michaelis_menten(S_nM, rate[:8])["km"].value > 700


TIME = np.repeat([1, 2, 4, 6, 8, 10, 15.0], 3)


def test_linear_uptake():
    rng = np.random.default_rng(5)
    calls = [linearity(TIME, 7 * TIME + rng.normal(0, 1.5, 21)) for _ in range(400)]
    # a test at 5 % rejects 5 % of straight lines: 20 of 400, standard deviation 4.4
    assert 7 <= sum(not call.linear for call in calls) <= 33
    assert np.mean([call.rate for call in calls]) == pytest.approx(7, rel=0.01)


def test_saturating_uptake_is_not_linear():
    rng = np.random.default_rng(6)
    uptake = 60 * -np.expm1(-0.1 * TIME) + rng.normal(0, 0.3, 21)
    found = linearity(TIME, uptake)
    assert not found.linear
    assert found.quadratic < 0
    assert 1 < found.linear_to_min < 6
    # the same by the textbook: t of b in u = a t + b t²
    design = np.stack([TIME, TIME**2], 1)
    coefficients, ss, *_ = np.linalg.lstsq(design, uptake, rcond=None)
    se = np.sqrt(ss[0] / 19 * np.linalg.inv(design.T @ design)[1, 1])
    assert found.quadratic == pytest.approx(coefficients[1], rel=1e-9)
    assert found.quadratic_se == pytest.approx(se, rel=1e-9)
    assert found.p == pytest.approx(2 * t.sf(abs(coefficients[1] / se), 19), rel=1e-6)


def test_exact_lines_and_exact_bends():
    assert linearity([1, 2, 4, 8], [3, 6, 12, 24]).linear
    assert linearity([1, 2, 4, 8], [3, 6, 12, 24]).linear_to_min == 8
    bent = linearity([1, 2, 4, 8], [0.9, 1.6, 2.4, 1.6])  # t - t²/10
    assert not bent.linear
    assert bent.rate == pytest.approx(1)
    assert np.isnan(bent.linear_to_min)


def test_too_few_times():
    with pytest.raises(ValueError, match="three wells"):
        linearity([5, 5, 5], [1, 2, 3])
    with pytest.raises(ValueError, match="above zero"):
        linearity([0, 5, 10], [0, 2, 3])


def test_consumed_substrate():
    # 150 fmol of 15 nM in 200 uL (3000 fmol)
    assert consumed_pct(150, 15, 200) == pytest.approx(5)
