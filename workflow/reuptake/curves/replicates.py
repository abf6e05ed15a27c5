"""Wells that lie apart from their replicates, judged by the scatter of the whole run.

Within one triplicate no test can tell: Grubbs' largest possible G at n = 3 is 1.154701 and its
critical value 1.154305 (Grubbs 1969, Technometrics 11:1). The run's other replicate sets know
the scatter far better. A well found here is flagged and kept.
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from reuptake.curves.outliers import discoveries

# with fewer degrees of freedom the run does not know its own scatter
MIN_DF = 10
MIN_REPLICATES = 3
_MAX_ROUNDS = 20


def apart(replicate_set: np.ndarray, y: np.ndarray, poisson_per_unit: float | None = None):
    """Which wells of a run lie apart from the others of their set.

    For the well farthest from the mean :math:`\\bar y_{-i}` of the other n - 1 of its set,

    .. math:: t = \\frac{|y_i - \\bar y_{-i}|}{s \\sqrt{1 + 1/(n - 1)}}

    where :math:`s^2` is pooled over the run's *other* sets: their variance, or with counting
    weights :math:`k \\bar y_{-i} + (c \\bar y_{-i})^2` with *c* of the other sets. Of the p
    values times n, those that pass a false discovery rate of 1 % (Benjamini & Hochberg 1995) are
    called apart; their sets then leave the pool, until no further one is found.

    Parameters
    ----------
    replicate_set : ndarray of int, shape (n,)
        Set of each well, from 0.
    y : ndarray, shape (n,)
    poisson_per_unit : float, optional
        k/t, counting variance per unit of y (:mod:`reuptake.curves.weights`); without it the
        variance is the same at every level.

    Returns
    -------
    ndarray of bool, shape (n,)
        At most one well a set; all false where the run has too few replicates to know.

    References
    ----------
    The pooled variance: Snedecor & Cochran, Statistical methods, 8th ed., 1989, ch. 6.
    """
    n = np.bincount(replicate_set)
    mean = np.bincount(replicate_set, y) / np.maximum(n, 1)
    deviation = y - mean[replicate_set]
    ss = np.bincount(replicate_set, deviation**2)
    df = np.maximum(n - 1, 0)

    # of each set the well farthest from its mean
    order = np.lexsort((np.abs(deviation), replicate_set))
    last = np.r_[replicate_set[order][1:] != replicate_set[order][:-1], True]
    farthest = np.zeros(len(n), dtype=int)
    farthest[replicate_set[order][last]] = order[last]
    with np.errstate(divide="ignore", invalid="ignore"):
        others = (n * mean - y[farthest]) / (n - 1)
        if poisson_per_unit is None:
            scatter = ss
        else:
            scatter = np.where(mean > 0, (ss - df * poisson_per_unit * mean) / mean**2, 0.0)
            df = np.where(mean > 0, df, 0)

    candidate = (n >= MIN_REPLICATES) & (df > 0)
    found = np.zeros(len(n), dtype=bool)
    for _ in range(_MAX_ROUNDS):
        pool = ~found
        df_rest = (df * pool).sum() - np.where(pool, df, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = ((scatter * pool).sum() - np.where(pool, scatter, 0.0)) / df_rest
            if poisson_per_unit is None:
                variance = rest
            else:
                variance = poisson_per_unit * others + np.maximum(rest, 0.0) * others**2
            t = np.abs(y[farthest] - others) / np.sqrt(variance * (1.0 + 1.0 / (n - 1)))
        able = candidate & (df_rest >= MIN_DF) & np.isfinite(t)
        if not able.any():
            break
        p = np.minimum(2.0 * n[able] * stdtr(df_rest[able], -t[able]), 1.0)
        new = np.zeros(len(n), dtype=bool)
        new[able] = discoveries(p[None])[0]
        if not (new & ~found).any():
            break
        found |= new
    wells = np.zeros(len(y), dtype=bool)
    wells[farthest[found]] = True
    return wells
