"""Comparisons under weaker assumptions, shown beside Dunnett's and never in its place.

Own code where scipy has none: it has neither Dunn's test, nor Dunnett's T3, nor the
comparison with a control alone. Games-Howell is scipy's.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import ndtr

from reuptake.animals.dunnett import tail

_COLUMNS = ("group", "versus", "estimate", "statistic", "df", "p")


def dunn_against_control(groups, names, control: str, family) -> pd.DataFrame:
    """Dunn's rank comparisons with a control, p adjusted by Holm.

    .. math:: z = (\\bar R_i - \\bar R_0) \\Big/ \\sqrt{\\Big(\\frac{N(N+1)}{12}
              - \\frac{\\sum (t^3 - t)}{12 (N-1)}\\Big) \\Big(\\frac1{n_i} + \\frac1{n_0}\\Big)}

    with ranks over all groups, t the sizes of ties. `estimate` is the difference of mean ranks.

    Parameters
    ----------
    groups : sequence of ndarray
    names : sequence of str
        All groups: those beside the family take part in the ranking.
    control : str
    family : sequence of str
        Groups compared with the control; Holm's adjustment is for these.

    References
    ----------
    Dunn 1964, Technometrics 6:241; Holm 1979, Scand J Stat 6:65.
    """
    everything = np.concatenate(groups)
    n = len(everything)
    ranks = np.split(stats.rankdata(everything), np.cumsum([len(x) for x in groups])[:-1])
    ties = np.unique(everything, return_counts=True)[1].astype(float)
    variance = n * (n + 1) / 12 - np.sum(ties**3 - ties) / (12 * (n - 1))
    of_group = dict(zip(names, ranks, strict=True))
    zero = of_group[control]
    rows = []
    for name in family:
        mine = of_group[name]
        difference = mine.mean() - zero.mean()
        se = np.sqrt(variance * (1 / len(mine) + 1 / len(zero)))
        z = difference / se if se > 0 else np.nan
        rows.append((name, control, difference, z, np.nan, 2 * ndtr(-abs(z))))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["p"] = holm(frame["p"])
    return frame


def holm(p) -> np.ndarray:
    """Holm's step-down adjustment of p values. Holm 1979, Scand J Stat 6:65."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty_like(p)
    out[order] = np.minimum(stepped, 1.0)
    return out


def t3_against_control(groups, names, control: str) -> pd.DataFrame:
    """Dunnett's T3 against a control: unequal variances, studentised maximum modulus.

    Each t has its own standard error and Welch's degrees of freedom; p is the chance that the
    largest of as many independent moduli as there are comparisons exceeds it.

    References
    ----------
    Dunnett 1980, J Am Stat Assoc 75:796.
    """
    usable = _usable(groups, names)
    if control not in usable:
        return pd.DataFrame(columns=_COLUMNS)
    others = [name for name in usable if name != control]
    independent = np.zeros(len(others))
    rows = []
    for name in others:
        difference, t, df = _welch_t(usable[name], usable[control])
        rows.append((name, control, difference, t, df, tail(abs(t), independent, df)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def games_howell(groups, names) -> pd.DataFrame:
    """Games-Howell: all pairs, unequal variances, studentised range.

    References
    ----------
    Games & Howell 1976, J Educ Stat 1:113; scipy.stats.tukey_hsd.
    """
    usable = _usable(groups, names)
    if len(usable) < 2:
        return pd.DataFrame(columns=_COLUMNS)
    result = stats.tukey_hsd(*usable.values(), equal_var=False)
    rows = []
    for (i, a), (j, b) in combinations(enumerate(usable), 2):
        difference, t, df = _welch_t(usable[b], usable[a])
        rows.append((b, a, difference, t, df, float(result.pvalue[j, i])))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _usable(groups, names) -> dict[str, np.ndarray]:
    """Groups that have a variance of their own."""
    return {name: x for name, x in zip(names, groups, strict=True) if len(x) > 1 and np.ptp(x) > 0}


def _welch_t(x, x0) -> tuple[float, float, float]:
    v, v0 = np.var(x, ddof=1) / len(x), np.var(x0, ddof=1) / len(x0)
    df = (v + v0) ** 2 / (v**2 / (len(x) - 1) + v0**2 / (len(x0) - 1))
    difference = float(np.mean(x) - np.mean(x0))
    return difference, float(difference / np.sqrt(v + v0)), float(df)
