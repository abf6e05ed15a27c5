"""Potencies of which some are only bounds: the Tobit likelihood on log10."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, log_ndtr, stdtrit

# with fewer exact values the maximum-likelihood SD is too uncertain for its own interval
MIN_EXACT_FOR_SD = 6
_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
# in SD: beyond this the likelihood is called open
_FAR = 1e4


@dataclass(frozen=True)
class Sample:
    """Results of independent experiments on log10, some known only to lie in a range.

    Attributes
    ----------
    exact : ndarray
        log10 values.
    ranges : ndarray, shape (k, 2)
        Lower and upper end of each censored one: (c, inf) for "> c", (-inf, c) for "< c".
    """

    exact: np.ndarray
    ranges: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))

    def __len__(self) -> int:
        return len(self.exact) + len(self.ranges)

    @cached_property
    def _exact(self) -> list[float]:
        return self.exact.tolist()

    @cached_property
    def _ranges(self) -> list[list[float]]:
        return self.ranges.tolist()

    @property
    def distinct(self) -> int:
        """How many distinct exact values there are."""
        return len(np.unique(self.exact))

    def scores(self, mu: float, sigma: float) -> tuple[float, float, float]:
        """Log-likelihood and its derivatives by mu and by ln sigma.

        .. math:: \\log L = \\sum_{exact} \\log \\frac{\\phi(z)}{\\sigma}
                  + \\sum_{ranges} \\log [\\Phi(z_b) - \\Phi(z_a)], \\quad z = (x - \\mu)/\\sigma

        References
        ----------
        Tobin 1958, Econometrica 26:24; Amemiya 1984, J Econometrics 24:3.
        """
        # plain numbers: a sample holds a handful, for which arrays cost ten times as much
        value, by_mu, by_log_sigma = -len(self._exact) * math.log(sigma), 0.0, 0.0
        for x in self._exact:
            z = (x - mu) / sigma
            value -= 0.5 * z * z + _LOG_SQRT_2PI
            by_mu += z / sigma
            by_log_sigma += z * z - 1.0
        for low, high in self._ranges:
            a, b = (low - mu) / sigma, (high - mu) / sigma
            log_p = _log_probability(a, b)
            at_a, at_b = (math.exp(-0.5 * z * z - _LOG_SQRT_2PI - log_p) for z in (a, b))
            value += log_p
            by_mu += (at_a - at_b) / sigma
            by_log_sigma += (a * at_a if at_a else 0.0) - (b * at_b if at_b else 0.0)
        return value, by_mu, by_log_sigma

    def best_mu(self, sigma: float) -> float:
        """The mu of greatest likelihood at a given sigma; the likelihood is concave in it."""
        ends = self.ranges[np.isfinite(self.ranges)]
        points = np.concatenate([self.exact, ends])
        return _root(
            lambda mu: self.scores(mu, sigma)[1], points.min() - sigma, points.max() + sigma, sigma
        )

    def best_sigma(self, mu: float | None = None) -> float:
        """The sigma of greatest likelihood at `mu`, or at the best mu of each sigma.

        In 1/sigma and mu/sigma the likelihood is concave (Olsen 1978, Econometrica 46:1211),
        so there is one.
        """

        def slope(log_sigma: float) -> float:
            sigma = math.exp(log_sigma)
            return self.scores(self.best_mu(sigma) if mu is None else mu, sigma)[2]

        points = np.concatenate([self.exact, self.ranges[np.isfinite(self.ranges)]])
        spread = np.std(self.exact) + (0.0 if mu is None else float(np.max(np.abs(points - mu))))
        start = math.log(spread)
        return math.exp(_root(slope, start - 1.0, start + 1.0, 1.0))


def _log_probability(a: float, b: float) -> float:
    """log [Phi(b) - Phi(a)], in the tail where the difference does not cancel."""
    if a > 0:
        a, b = -b, -a
    log_b = float(log_ndtr(b))
    return log_b + math.log1p(-math.exp(float(log_ndtr(a)) - log_b)) if a > -np.inf else log_b


def _root(falling, low: float, high: float, step: float) -> float:
    """Root of a falling function, the bracket widened as needed."""
    while falling(low) < 0:
        low, step = low - step, 2 * step
    while falling(high) > 0:
        high, step = high + step, 2 * step
    return brentq(falling, low, high, xtol=1e-13, rtol=1e-13)


@dataclass(frozen=True)
class Tobit:
    """A fitted Tobit model.

    Attributes
    ----------
    sample : Sample
    mu, sigma : float
        log10 estimate and SD between experiments.
    sigma_df : float
        Degrees of freedom of a sigma known from elsewhere; NaN where it was fitted, and then
        it is biased low.
    """

    sample: Sample
    mu: float
    sigma: float
    sigma_df: float = np.nan

    @cached_property
    def _best(self) -> float:
        return self.sample.scores(self.mu, self.sigma)[0]

    def deviance(self, mu: float) -> float:
        """2 (max log L - log L at `mu`), with sigma fitted again where it is not known."""
        sigma = self.sigma if np.isfinite(self.sigma_df) else self.sample.best_sigma(mu)
        return max(2.0 * (self._best - self.sample.scores(mu, sigma)[0]), 0.0)

    def cutoff(self, confidence: float) -> float:
        """What the deviance may reach inside a two-sided interval.

        With a known sigma :math:`t^2` of its degrees of freedom; with a fitted one
        :math:`n \\ln(1 + t_{n-1}^2/(n - 1))`. Where nothing is censored these give exactly
        :math:`\\bar x \\pm t \\sigma/\\sqrt n` and the t interval.
        """
        p = 0.5 + confidence / 2
        if np.isfinite(self.sigma_df):
            return float(stdtrit(self.sigma_df, p) ** 2)
        n = len(self.sample)
        return float(n * np.log1p(stdtrit(n - 1, p) ** 2 / (n - 1)))

    def limits(self, cutoff: float) -> tuple[float, float]:
        """Both ends of the mu whose deviance is within `cutoff`; infinite where open."""
        return self.limit(cutoff, -1), self.limit(cutoff, +1)

    def limit(self, cutoff: float, side: int) -> float:
        """One end: `side` -1 for the lower, +1 for the upper."""
        if cutoff <= 0:
            return self.mu
        step = self.sigma
        while self.deviance(self.mu + side * step) < cutoff:
            step *= 2
            if step > _FAR * self.sigma:
                return side * np.inf
        # the start differs from the estimate by far less than the answer is good for
        return self.mu + side * brentq(
            lambda d: self.deviance(self.mu + side * d) - cutoff, 0.0, step, xtol=1e-12
        )


def fit_tobit(sample: Sample, sigma: float = np.nan, sigma_df: float = np.nan) -> Tobit:
    """Maximum likelihood of a sample with censored values.

    Parameters
    ----------
    sample : Sample
    sigma, sigma_df : float
        SD between experiments known from elsewhere (a run chart) and its degrees of freedom;
        without them it is fitted.

    Raises
    ------
    ValueError
        Where the likelihood has no maximum: without an exact value, and with a sigma to be
        fitted without two distinct ones.
    """
    known = np.isfinite(sigma)
    if sample.distinct < (1 if known else 2):
        raise ValueError("too few exact values for a Tobit estimate")
    if not known:
        sigma = sample.best_sigma()
    return Tobit(sample, sample.best_mu(sigma), sigma, sigma_df if known else np.nan)


def estimate(sample: Sample, sigma: float, sigma_df: float) -> tuple[Tobit | None, str]:
    """The Tobit fit of a censored sample where one may be used, and how it was made or why not.

    With six exact values or more sigma is fitted; with fewer it must be known from the run
    chart: an interval from a handful of values with a fitted sigma covers anything.

    Returns
    -------
    fit : Tobit or None
    words : str
    """
    if not len(sample.exact):
        return None, "no exact value"
    if len(sample.exact) >= MIN_EXACT_FOR_SD and sample.distinct >= 2:
        return fit_tobit(sample), "SD fitted, biased low"
    if np.isfinite(sigma):
        words = f"SD {sigma:.3g} log10 known from {sigma_df:.0f} df of the run chart"
        return fit_tobit(sample, sigma, sigma_df), words
    return None, f"fewer than {MIN_EXACT_FOR_SD} exact values and no established run chart"


def chi_square_cutoff(confidence: float) -> float:
    """The asymptotic cut-off of the deviance, chi-square with one degree of freedom."""
    return float(chdtri(1, 1 - confidence))
