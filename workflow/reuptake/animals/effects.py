"""Effect sizes with their intervals: Hedges' g, omega squared, ratios of means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit
from scipy.stats import nct


@dataclass(frozen=True)
class Estimate:
    """A value with its limits; NaN limits and a reason where there are none."""

    value: float
    lower: float = np.nan
    upper: float = np.nan
    reason: str = ""


def hedges_g(values, control, confidence: float = 0.95) -> Estimate:
    """Standardised mean difference of two groups, corrected for small samples.

    .. math:: g = J \\, (\\bar x - \\bar x_0) / s_p, \\quad J = 1 - 3/(4\\nu - 1)

    with the SD pooled from the two groups and ν = n + n_0 - 2. The interval is
    J √(1/n + 1/n_0) times the limits of the noncentrality of t.

    Parameters
    ----------
    values, control : array_like
        The animals of the two groups.

    References
    ----------
    Hedges 1981, J Educ Stat 6:107; Cumming & Finch 2001, Educ Psychol Meas 61:532.
    """
    x, x0 = np.asarray(values, float), np.asarray(control, float)
    df = len(x) + len(x0) - 2
    if min(len(x), len(x0)) < 2:
        return Estimate(np.nan, reason="one animal in a group")
    pooled = (np.var(x, ddof=1) * (len(x) - 1) + np.var(x0, ddof=1) * (len(x0) - 1)) / df
    if not pooled > 0:
        return Estimate(np.nan, reason="no scatter in the two groups")
    j = 1 - 3 / (4 * df - 1)
    scale = np.sqrt(1 / len(x) + 1 / len(x0))
    d = (x.mean() - x0.mean()) / np.sqrt(pooled)
    low, high = noncentrality_interval(d / scale, df, confidence)
    return Estimate(j * d, j * scale * low, j * scale * high)


def noncentrality_interval(t: float, df: float, confidence: float = 0.95) -> tuple[float, float]:
    """The noncentralities for which `t` is the upper and the lower tail point."""
    tails = 0.5 + confidence / 2, 0.5 - confidence / 2
    reach = 10 + 2 * abs(t) * (1 + 10 / np.sqrt(df))

    def limit(probability: float) -> float:
        def excess(ncp: float) -> float:
            # by symmetry on the side of positive t, where the library keeps its accuracy
            return float(nct.cdf(t, df, ncp) if t >= 0 else nct.sf(-t, df, -ncp)) - probability

        return float(brentq(excess, t - reach, t + reach, xtol=1e-10))

    return limit(tails[0]), limit(tails[1])


def omega_squared(ss_between: float, ss_total: float, groups: int, msw: float) -> float:
    """Share of variance that the groups explain, ω² = (SS_b - (k-1) MSW) / (SS_t + MSW).

    References
    ----------
    Hays, Statistics for Psychologists, 1963.
    """
    return (ss_between - (groups - 1) * msw) / (ss_total + msw)


def fieller(a, b, var_a, var_b, cov_ab, df, confidence: float = 0.95) -> Estimate:
    """Ratio of two means with Fieller's interval.

    .. math:: \\frac{ab - t^2 C \\pm \\sqrt{(ab - t^2 C)^2 - (a^2 - t^2 V_a)(b^2 - t^2 V_b)}}
              {b^2 - t^2 V_b}

    Parameters
    ----------
    a, b : float
        Numerator and denominator.
    var_a, var_b, cov_ab : float
        Their variances and covariance.
    df : float
        Degrees of freedom of the variance estimate.

    Returns
    -------
    Estimate
        No limits, with the reason, unless b differs from zero (b² > t² V_b): the set of
        ratios that the data allow is then not an interval.

    References
    ----------
    Fieller 1954, J R Stat Soc B 16:175.
    """
    value = a / b if b else np.nan
    squared = stdtrit(df, 0.5 + confidence / 2) ** 2 if df > 0 else np.nan
    lead = b**2 - squared * var_b
    if not lead > 0:
        reason = "interval unbounded: the denominator cannot be told from zero"
        if not df > 0:
            reason = "no interval: no degrees of freedom"
        return Estimate(value, reason=reason)
    middle = a * b - squared * cov_ab
    root = np.sqrt(max(middle**2 - (a**2 - squared * var_a) * lead, 0.0))
    return Estimate(value, (middle - root) / lead, (middle + root) / lead)


def reduction_pct(mean, control, covariance, df, confidence: float = 0.95) -> Estimate:
    """Percentage reduction against control, 100 (1 - m / m_0), with Fieller's interval.

    Parameters
    ----------
    mean, control : float
        Group means m and m_0.
    covariance : ndarray, shape (2, 2)
        Of m and m_0, in this order.
    df : float
    """
    ratio = fieller(
        mean, control, covariance[0, 0], covariance[1, 1], covariance[0, 1], df, confidence
    )
    value, lower, upper = (100 * (1 - x) for x in (ratio.value, ratio.upper, ratio.lower))
    return Estimate(value, lower, upper, ratio.reason)


def antagonism_pct(drug, challenge, vehicle, covariance, df, confidence: float = 0.95) -> Estimate:
    """Percentage antagonism, 100 (D - C) / (V - C), with Fieller's interval.

    The challenge group stands in both differences: their covariance is its variance.

    Parameters
    ----------
    drug, challenge, vehicle : float
        Group means D, C and V.
    covariance : ndarray, shape (3, 3)
        Of D, C and V, in this order.
    df : float

    References
    ----------
    The usual form of the literature on p-chloroamphetamine (Fuller and co-workers).
    """
    to = np.array([[1.0, -1.0, 0.0], [0.0, -1.0, 1.0]])
    (a, b), spread = to @ [drug, challenge, vehicle], to @ covariance @ to.T
    ratio = fieller(a, b, spread[0, 0], spread[1, 1], spread[0, 1], df, confidence)
    return Estimate(100 * ratio.value, 100 * ratio.lower, 100 * ratio.upper, ratio.reason)
