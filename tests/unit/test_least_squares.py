"""Fits of one data set against certified and published values."""

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.stats import f as f_distribution

from reuptake.curves.least_squares import counting, fit

LN10 = np.log(10)

# NIST StRD nonlinear regression, Misra1a: y = b1 (1 - exp(-b2 x))
MISRA1A_Y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02]
MISRA1A_Y += [44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
MISRA1A_X = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8]
MISRA1A_X += [378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]

# one-site competition, log10 M and cpm
X = np.arange(-11, -5.4, 0.5)
CPM = np.array([4815, 4627, 4581, 3878, 2985, 1751, 1091, 768, 639, 635, 599, 602.0])


def misra1a(theta):
    b1, b2 = np.exp(theta)
    x = np.array(MISRA1A_X)
    rest = np.exp(-b2 * x)
    return b1 * (1 - rest), np.stack([b1 * (1 - rest), b1 * b2 * x * rest], axis=1)


def one_site(theta):
    location, top, bottom = theta
    phi = 1 / (1 + 10 ** (X - location))
    slope = LN10 * phi * (1 - phi) * (top - bottom)
    return bottom + (top - bottom) * phi, np.stack([slope, phi, 1 - phi], axis=1)


def fit_one_site(weight):
    return fit(one_site, CPM, [(-9, 5000, 500)], ("log_ic50", "top", "bottom"), [False] * 3, weight)


@pytest.mark.parametrize("start", [(500, 1e-4), (250, 5e-4)])
def test_certified_values(start):
    found = fit(misra1a, MISRA1A_Y, [start], ("b1", "b2"), [True, True])
    assert found["b1"].value == pytest.approx(2.3894212918e2, rel=1e-9)
    assert found["b2"].value == pytest.approx(5.5015643181e-4, rel=1e-9)
    assert found["b1"].se == pytest.approx(2.7070075241, rel=1e-8)
    assert found["b2"].se == pytest.approx(7.2668688436e-6, rel=1e-8)
    assert found.ss == pytest.approx(1.2455138894e-1, rel=1e-9)
    assert found.df == 12
    assert found.converged


@pytest.mark.parametrize(
    ("weight", "log_ic50", "se", "lower", "upper", "ss"),
    [
        (None, -8.90700, 0.01992, -8.9521, -8.8618, 26178.4),
        (counting(1.0, 0.0), -8.90566, 0.01652, -8.9432, -8.8683, 7.94837),
        (counting(0.0, 1.0), -8.90255, 0.01655, -8.9403, -8.8651, 0.00381582),
        (counting(1.0, 0.02), -8.90490, 0.01580, -8.9408, -8.8692, 3.74051),
    ],
)
def test_published_weighted_competition(weight, log_ic50, se, lower, upper, ss):
    found = fit_one_site(weight)
    constant = found["log_ic50"]
    assert constant.value == pytest.approx(log_ic50, abs=6e-6)
    assert constant.se == pytest.approx(se, abs=6e-6)
    assert constant.lower == pytest.approx(lower, abs=6e-5)
    assert constant.upper == pytest.approx(upper, abs=6e-5)
    assert found.ss == pytest.approx(ss, rel=2e-6)


def test_counting_weights_stand_at_the_fit():
    found = fit_one_site(counting(1.0, 0.02))
    variance = found.fitted + (0.02 * found.fitted) ** 2
    np.testing.assert_allclose(found.weight, 1 / variance, rtol=1e-9)
    values, covariance = curve_fit(
        lambda x, a, b, c: one_site((a, b, c))[0], X, CPM, (-9, 5000, 500), np.sqrt(variance)
    )
    assert [c.value for c in found.constants.values()] == pytest.approx(values, rel=1e-6)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-4)


def test_counting_weights_well_by_well():
    """A response that is twice the counts has twice the counting variance per unit."""
    factor = np.where(np.arange(12) % 2, 2.0, 1.0)
    weight = counting(factor, 0.05)(100.0 * factor)
    # counts 100: variance 100 + 25, times the square of the factor
    assert weight == pytest.approx(1 / (125 * factor**2))


def test_limits_are_where_the_profile_reaches_its_threshold():
    found = fit_one_site(None)
    for limit in (found["log_ic50"].lower, found["log_ic50"].upper):
        phi = 1 / (1 + 10 ** (X - limit))
        _, ss, *_ = np.linalg.lstsq(np.stack([phi, 1 - phi], 1), CPM, rcond=None)
        assert ss[0] == pytest.approx(found.ss * (1 + f_distribution.ppf(0.95, 1, 9) / 9), rel=1e-7)


def test_an_open_profile():
    """Concentrations that stop at the upper bend tell no lower plateau."""
    keep = X < -8.9

    def model(theta):
        mean, derivatives = one_site((theta[0] / LN10, theta[1], theta[2]))
        return mean[keep], (derivatives / [LN10, 1, 1])[keep]

    found = fit(
        model, CPM[keep], [(10**-9.0, 5000, 0)], ("ic50", "top", "bottom"), [True, False, False]
    )
    assert found["ic50"].upper == np.inf
    assert found["bottom"].lower == -np.inf
    assert 0 < found["ic50"].lower < found["ic50"].value
    inverse = np.linalg.inv(found.covariance)
    dependency = 1 - 1 / (np.diag(found.covariance) * np.diag(inverse))
    assert found.dependency == pytest.approx(dependency.max(), rel=1e-6)
    assert found.dependency > 0.95


def test_exact_data_have_no_width():
    y, _ = misra1a(np.log([238.0, 5.5e-4]))
    found = fit(misra1a, y, [(500, 1e-4)], ("b1", "b2"), [True, True])
    assert found["b1"].value == pytest.approx(238.0, rel=1e-10)
    assert found["b1"].lower == pytest.approx(238.0, rel=1e-6)
    assert found["b1"].upper == pytest.approx(238.0, rel=1e-6)


def test_what_cannot_be_fitted_is_said():
    with pytest.raises(ValueError, match="at least 4"):
        fit(one_site, CPM[:3], [(-9, 5000, 500)], ("log_ic50", "top", "bottom"), [False] * 3)
    with pytest.raises(ValueError, match="weight"):
        fit_one_site(np.r_[0.0, np.ones(11)])
    with pytest.raises(ValueError, match="missing"):
        fit(one_site, np.r_[np.nan, CPM[1:]], [(-9, 5e3, 500)], ("a", "b", "c"), [False] * 3)
