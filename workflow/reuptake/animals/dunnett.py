"""Dunnett's comparisons of several groups with one control, exactly and reproducibly.

The joint distribution of the comparisons is integrated on a fixed grid; nothing is drawn
at random, so a p value is the same in every run and keeps its relative accuracy far out in
the tail. scipy's own `dunnett` integrates by randomised quasi-Monte Carlo instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, stdtrit
from scipy.stats import nct

_LARGEST_GROUP = 1_000_000


@dataclass(frozen=True)
class Comparisons:
    """Every group against the control.

    Attributes
    ----------
    difference, se, t, p, lower, upper : ndarray, shape (k,)
        Mean minus control mean, its standard error, their quotient, the single-step adjusted
        p value and the simultaneous limits.
    critical : float
        Critical value of abs(t) at the confidence asked for.
    df : float
    """

    difference: np.ndarray
    se: np.ndarray
    t: np.ndarray
    p: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    critical: float
    df: float


def weights(n, n_control) -> np.ndarray:
    """The factors λ of the correlations ρ_ij = λ_i λ_j, λ_i = √(n_i / (n_i + n_0))."""
    n = np.asarray(n, dtype=float)
    return np.sqrt(n / (n + n_control))


def tail(critical, lam, df, shift=0.0) -> float:
    """Probability that any abs(T_i) exceeds a value, for correlations λ_i λ_j.

    .. math:: 1 - \\int_0^\\infty f_\\nu(s) \\int \\varphi(z) \\prod_i
              [\\Phi(b_i) - \\Phi(a_i)] \\, dz \\, ds, \\quad
              a_i, b_i = \\frac{\\mp c s - \\delta_i - \\lambda_i z}{\\sqrt{1 - \\lambda_i^2}}

    `s` being the pooled SD over its true value. The complement is what is integrated, so a
    small probability is as accurate as a large one.

    Parameters
    ----------
    critical : float
        The value c.
    lam : array_like, shape (k,)
        λ, each in [0, 1); 0 for independent numerators (studentised maximum modulus).
    df : float
        Degrees of freedom of the pooled SD; inf allowed.
    shift : array_like, shape (k,)
        True differences in standard errors, for power; 0 under the null hypothesis.

    References
    ----------
    Dunnett 1955, J Am Stat Assoc 50:1096; Genz & Bretz, Computation of Multivariate Normal
    and t Probabilities, Springer 2009, section 2.
    """
    lam, shift = np.broadcast_arrays(np.atleast_1d(np.asarray(lam, float)), shift)
    root = np.sqrt(1.0 - lam**2)

    def given(s):
        """The probability for each pooled SD in `s`."""
        edge = critical * s[:, None, None]
        step = min(0.1, 0.4 * float(np.min(root / np.maximum(lam, 1e-9))))
        z = np.arange(-12.0, 12.0 + step, step)[:, None] if lam.any() else np.zeros((1, 1))
        mass = np.exp(-0.5 * z[:, 0] ** 2)
        middle = shift + lam * z
        outside = ndtr((middle - edge) / root) + ndtr((-middle - edge) / root)
        inside = np.log1p(-np.minimum(outside, 1.0 - 1e-16)).sum(axis=-1)
        return -np.expm1(inside) @ mass / mass.sum()

    return over_scale(given, df)


def over_scale(given: Callable[[np.ndarray], np.ndarray], df: float) -> float:
    """The mean of a function of s = √(χ²_ν/ν), by the trapezoidal rule in log s.

    Parameters
    ----------
    given : callable
        From scales, shape (m,), to values, shape (m,).
    df : float
        ν; inf for a known standard deviation.
    """
    if np.isinf(df):
        return float(given(np.ones(1))[0])
    step = min(0.1, 0.4 / np.sqrt(2 * df))
    # the density of log s falls as exp(ν log s) below and faster above: e^-100 at the ends
    u = np.arange(-min(100.0 / df + np.sqrt(100 / df), 100.0), np.sqrt(100 / df) + 1.0, step)
    log_density = df * u - 0.5 * df * np.expm1(2 * u)
    mass = np.exp(log_density - log_density.max())
    use = mass > 0
    parts = np.array_split(np.flatnonzero(use), max(1, int(use.sum()) // 64))
    return float(sum(given(np.exp(u[part])) @ mass[part] for part in parts) / mass.sum())


def critical_value(lam, df, confidence: float = 0.95) -> float:
    """The value that no abs(T_i) exceeds with probability `confidence`."""
    alpha = 1.0 - confidence
    k = np.size(lam)
    low = stdtrit(df, 1 - alpha / 2)
    if k == 1:
        return float(low)
    high = stdtrit(df, 1 - alpha / (2 * k)) + 1e-6  # Bonferroni
    return float(brentq(lambda c: tail(c, lam, df) - alpha, low, high, xtol=1e-10))


def dunnett(means, n, mean_control, n_control, msw, df, confidence=0.95) -> Comparisons:
    """Two-sided single-step comparisons with a control; the groups may be of any sizes.

    Parameters
    ----------
    means, n : array_like, shape (k,)
        Group means and numbers of animals.
    mean_control, n_control : float
    msw, df : float
        Pooled within-group variance and its degrees of freedom.

    References
    ----------
    Dunnett 1955, J Am Stat Assoc 50:1096; 1964, Biometrics 20:482.
    """
    n = np.asarray(n, dtype=float)
    difference = np.asarray(means, dtype=float) - mean_control
    se = np.sqrt(msw * (1 / n + 1 / n_control))
    return compared(difference, se, weights(n, n_control), df, confidence)


def compared(difference, se, lam, df, confidence=0.95) -> Comparisons:
    """The comparisons of given differences, standard errors and factors λ."""
    t = difference / se
    p = np.array([min(1.0, tail(abs(value), lam, df)) for value in t])
    critical = critical_value(lam, df, confidence)
    half = critical * se
    return Comparisons(difference, se, t, p, difference - half, difference + half, critical, df)


def power(difference, sd, n, n_control, confidence=0.95) -> tuple[float, np.ndarray]:
    """Power of Dunnett's test.

    Parameters
    ----------
    difference : array_like, shape (k,)
        True mean differences from control.
    sd : float
        True within-group standard deviation.
    n : array_like, shape (k,)
        Animals in each group.
    n_control : int

    Returns
    -------
    any_pair : float
        Probability of finding at least one difference.
    each : ndarray, shape (k,)
        Probability of finding the difference of each group.
    """
    difference, n = np.broadcast_arrays(
        np.atleast_1d(np.asarray(difference, float)), np.asarray(n, float)
    )
    df = float(n.sum() + n_control - n.size - 1)
    if df < 1:
        raise ValueError("power needs at least one degree of freedom: more animals")
    lam = weights(n, n_control)
    critical = critical_value(lam, df, confidence)
    shift = difference / (sd * np.sqrt(1 / n + 1 / n_control))
    each = nct.sf(critical, df, shift) + nct.cdf(-critical, df, shift)
    return min(1.0, tail(critical, lam, df, shift)), each


def animals_per_group(difference, sd, groups, power_wanted=0.8, confidence=0.95) -> int:
    """Animals in every group, control included, to find one stated difference.

    Parameters
    ----------
    difference : float
        Smallest difference from control worth finding.
    sd : float
        Within-group standard deviation, in the same unit.
    groups : int
        Groups compared with the control.
    power_wanted : float
        Probability of finding the difference of that one group.

    Raises
    ------
    ValueError
        If the difference is zero, or would need more than a million animals a group.
    """
    if difference == 0 or not sd > 0:
        raise ValueError("give a difference other than zero and an SD above zero")

    def reached(n: int) -> bool:
        lam = weights(np.full(groups, n), n)
        df = float((groups + 1) * (n - 1))
        critical = critical_value(lam, df, confidence)
        shift = difference / (sd * np.sqrt(2 / n))
        return nct.sf(critical, df, shift) + nct.cdf(-critical, df, shift) >= power_wanted

    low, high = 1, 2
    while not reached(high):
        low, high = high, 2 * high
        if high > _LARGEST_GROUP:
            raise ValueError("the difference is too small against the SD for any experiment")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
