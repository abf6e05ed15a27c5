"""Tail of the largest of several correlated t statistics, for any correlation matrix.

Dunnett's correlations factorise and are integrated exactly in `dunnett`; trend contrasts and
group means adjusted for blocks do not, and come here. scipy's multivariate t draws points at
random and gives 1 - p, which loses a small p altogether.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from reuptake.animals.dunnett import over_scale

_POINTS = 2039  # a prime; with the tent transform the error is of the order of 1e-5 of p
_PRIMES = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71.0])
LARGEST = len(_PRIMES)


def tail(critical: float, correlation, df: float, *, two_sided: bool) -> float:
    """Probability that any T_i (or abs T_i) exceeds a value.

    .. math:: \\sum_j P(T_j > c, \\; T_i \\le c \\; \\forall i < j)

    Every term is a small number times a probability, so nothing cancels. Given the pooled
    SD, a term is integrated by Genz's sequential conditioning on a fixed lattice
    (square roots of primes, tent transform).

    Parameters
    ----------
    critical : float
        The value c; for two-sided statistics not negative.
    correlation : ndarray, shape (k, k)
        May be singular. At most 20 statistics.
    df : float
        Degrees of freedom of the pooled SD; inf allowed.
    two_sided : bool

    References
    ----------
    Genz 1992, J Comput Graph Stat 1:141; Genz & Bretz, Computation of Multivariate Normal
    and t Probabilities, Springer 2009.
    """
    correlation = np.asarray(correlation, dtype=float)
    k = len(correlation)
    if k > LARGEST:
        raise ValueError(f"{k} comparisons; at most {LARGEST} can be adjusted together")
    factors = [_factor(correlation, j) for j in range(k)]

    def given(s):
        edge = critical * s[:, None]
        return sum(_term(factor, edge, two_sided) for factor in factors)

    return min(1.0, over_scale(given, df))


def _factor(correlation, j: int):
    """Lower triangular factor of statistics j, 0, ..., j-1, in this order."""
    order = [j, *range(j)]
    part = correlation[np.ix_(order, order)]
    out = np.zeros_like(part)
    for i in range(len(order)):
        rest = part[i, i] - out[i, :i] @ out[i, :i]
        out[i, i] = np.sqrt(max(rest, 1e-14))
        below = part[i + 1 :, i] - out[i + 1 :, :i] @ out[i, :i]
        out[i + 1 :, i] = below / out[i, i] if rest > 1e-12 else 0.0
    return out


def _term(factor, edge, two_sided: bool):
    """P(T_j > c, others within) for each scale, shape (m,)."""
    size = len(factor)
    first = ndtr(-edge)
    sides = 2.0 if two_sided else 1.0
    if size == 1:
        return sides * first[:, 0]
    points = np.modf(np.arange(1, _POINTS + 1) * np.sqrt(_PRIMES[: size - 1, None]))[0]
    points = np.clip(np.abs(2 * points - 1), 1e-15, 1 - 1e-15)
    x = [-ndtri(points[0] * first)]
    mass = np.ones_like(x[0])
    for i in range(1, size):
        middle = sum(factor[i, j] * x[j] for j in range(i))
        high = ndtr((edge - middle) / factor[i, i])
        low = ndtr((-edge - middle) / factor[i, i]) if two_sided else 0.0
        mass = mass * (high - low)
        if i < size - 1:
            inside = low + points[i] * (high - low)
            x.append(ndtri(np.clip(inside, 1e-300, 1 - 1e-16)))
    return sides * first[:, 0] * mass.mean(axis=1)
