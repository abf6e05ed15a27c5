"""The Tobit likelihood: worked numbers, what it becomes without censoring, and coverage."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm
from scipy.stats import t as student

from reuptake.censored import Sample, chi_square_cutoff, estimate, fit_tobit
from reuptake.potency import t_interval

EXACT, LIMIT = np.log10([5200.0, 7400.0]), np.log10(10000.0)
RIGHT = Sample(EXACT, np.array([[LIMIT, np.inf]] * 2))


def test_two_values_and_two_limits():
    """5200, 7400, > 10,000, > 10,000 nM; dropping gives 6203, substituting 7876."""
    fit = fit_tobit(RIGHT)
    assert fit.mu == pytest.approx(3.975499, abs=5e-7)
    assert 10**fit.mu == pytest.approx(9451.46, rel=1e-6)
    assert fit.sigma == pytest.approx(0.209275, abs=5e-7)


def test_its_profile_interval():
    fit = fit_tobit(RIGHT)
    low, high = fit.limits(chi_square_cutoff(0.95))
    assert (10**low, 10**high) == pytest.approx((4931, 50086), rel=1e-3)
    assert chi_square_cutoff(0.95) == pytest.approx(3.841459, rel=1e-6)


def test_left_censoring_is_the_mirror_image():
    mirror = Sample(-EXACT, np.array([[-np.inf, -LIMIT]] * 2))
    fit, right = fit_tobit(mirror), fit_tobit(RIGHT)
    assert (fit.mu, fit.sigma) == pytest.approx((-right.mu, right.sigma), rel=1e-9)
    low, high = fit.limits(3.0)
    assert (-high, -low) == pytest.approx(right.limits(3.0), rel=1e-9)


@pytest.mark.parametrize(
    "ranges",
    [
        [[0.5, np.inf], [-np.inf, -0.4]],
        [[0.1, 0.4], [0.3, np.inf]],
        [[-0.8, -0.2], [0.6, 0.9], [-np.inf, -1.0]],
    ],
)
def test_against_a_general_optimiser(ranges):
    """scipy's normal distribution and Nelder-Mead know nothing of the scores used here."""
    sample = Sample(np.array([-0.1, 0.2, 0.35]), np.array(ranges))

    def loss(p):
        z = (sample.exact - p[0]) / np.exp(p[1])
        a, b = (sample.ranges - p[0]).T / np.exp(p[1])
        with np.errstate(divide="ignore"):
            return -(norm.logpdf(z) - p[1]).sum() - np.log(norm.cdf(b) - norm.cdf(a)).sum()

    best = minimize(loss, [0.1, -1.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 0})
    fit = fit_tobit(sample)
    assert (fit.mu, np.log(fit.sigma)) == pytest.approx(best.x, abs=1e-6)
    assert sample.scores(fit.mu, fit.sigma)[0] == pytest.approx(-best.fun, abs=1e-10)
    other = 0.4
    at = minimize(
        lambda s: loss((other, s[0])), [-1.0], method="Nelder-Mead", options={"fatol": 1e-13}
    )
    assert fit.deviance(other) == pytest.approx(2 * (at.fun - best.fun), abs=1e-7)


@pytest.mark.parametrize("far", [8.0, 30.0])
def test_a_range_far_in_a_tail_keeps_its_digits(far):
    """log [Phi(far + 1) - Phi(far)] by quadrature of the scaled density."""
    scaled, _ = quad(lambda u: np.exp(-0.5 * u * u - far * u), 0, 1, epsabs=0, epsrel=1e-12)
    expected = np.log(scaled) - 0.5 * far**2 - 0.5 * np.log(2 * np.pi)
    for low, high in ((far, far + 1), (-far - 1, -far)):
        sample = Sample(np.empty(0), np.array([[low, high]]))
        assert sample.scores(0.0, 1.0)[0] == pytest.approx(expected, rel=1e-10)


def test_without_censoring_it_is_the_t_interval():
    x = np.log10([0.48, 0.58, 0.95])
    fit = fit_tobit(Sample(x))
    assert fit.limits(fit.cutoff(0.95)) == pytest.approx(t_interval(x)[1:], rel=1e-9)
    assert fit.sigma == pytest.approx(np.std(x))


def test_with_a_known_sd_and_no_censoring_it_is_the_interval_of_that_sd():
    x = np.array([1.0, 1.2, 1.4])
    fit = fit_tobit(Sample(x), 0.12, 19)
    half = student.ppf(0.975, 19) * 0.12 / np.sqrt(3)
    assert fit.mu == pytest.approx(1.2)
    assert fit.limits(fit.cutoff(0.95)) == pytest.approx((1.2 - half, 1.2 + half), rel=1e-9)


def test_when_it_may_be_used():
    one = Sample(np.log10([8000.0]), np.log10([[5000.0, np.inf]]))
    twice = Sample(np.log10([8000.0, 8000.0]), np.log10([[5000.0, np.inf]]))
    none = Sample(np.empty(0), np.log10([[5000.0, np.inf]]))
    for sample in (one, twice, none):
        with pytest.raises(ValueError, match="too few exact values"):
            fit_tobit(sample)
    assert estimate(none, 0.12, 19) == (None, "no exact value")
    fit, words = estimate(RIGHT, np.nan, np.nan)
    assert fit is None
    assert words == "fewer than 6 exact values and no established run chart"
    fit, words = estimate(one, 0.12, 19)
    assert (fit.sigma, fit.sigma_df) == (0.12, 19)
    assert words == "SD 0.12 log10 known from 19 df of the run chart"
    six = Sample(np.linspace(0, 1, 6), np.array([[1.0, np.inf]]))
    fit, words = estimate(six, 0.12, 19)
    assert np.isnan(fit.sigma_df)
    assert "biased low" in words


@pytest.mark.parametrize(
    ("n", "limit", "known"), [(3, 0.5, True), (4, -0.2, True), (12, 0.5, False)]
)
def test_coverage(n, limit, known):
    """Of all samples with an exact value for a known SD, of those with six for a fitted one."""
    rng = np.random.default_rng(20260302)
    held = []
    while len(held) < 600:
        x = rng.normal(0.0, 1.0, n)
        sd = np.sqrt(rng.chisquare(19) / 19)
        exact = x[x < limit]
        if len(exact) < (1 if known else 6):
            continue
        sample = Sample(exact, np.array([[limit, np.inf]] * (n - len(exact))).reshape(-1, 2))
        fit = fit_tobit(sample, sd, 19) if known else fit_tobit(sample)
        held.append(fit.deviance(0.0) <= fit.cutoff(0.95))
    assert 0.93 <= np.mean(held) <= 0.985
