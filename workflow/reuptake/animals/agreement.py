"""Agreement of scorers who judged the same animals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import fdtri, stdtrit

from reuptake.animals.effects import Estimate

# Koo & Li 2016, J Chiropr Med 15:155
_BANDS = ((0.5, "poor"), (0.75, "moderate"), (0.9, "good"), (np.inf, "excellent"))


def _mean_squares(scores):
    scores = np.asarray(scores, dtype=float)
    n, k = scores.shape
    if n < 2 or k < 2:
        raise ValueError("agreement needs two animals or more, each with two scorers or more")
    grand = scores.mean()
    between = k * np.sum((scores.mean(axis=1) - grand) ** 2)
    scorers = n * np.sum((scores.mean(axis=0) - grand) ** 2)
    total = np.sum((scores - grand) ** 2)
    error = max(total - between - scorers, 0.0)
    return n, k, between / (n - 1), scorers / (k - 1), error / ((n - 1) * (k - 1))


def icc_agreement(scores, confidence: float = 0.95) -> Estimate:
    """ICC(2,1): absolute agreement of single scores, scorers a random sample.

    .. math:: \\frac{BMS - EMS}{BMS + (k - 1) EMS + k (JMS - EMS) / n}

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        One row an animal, one column a scorer, nothing missing.

    Returns
    -------
    Estimate
        NaN with a reason where the scores do not vary.

    References
    ----------
    Shrout & Fleiss 1979, Psychol Bull 86:420 (with the interval, Satterthwaite's degrees of
    freedom); McGraw & Wong 1996, Psychol Methods 1:30.
    """
    n, k, bms, jms, ems = _mean_squares(scores)
    below = bms + (k - 1) * ems + k * (jms - ems) / n
    if not below > 0:
        return Estimate(np.nan, reason="the scores do not vary")
    icc = (bms - ems) / below
    if ems == 0 and jms == 0:
        return Estimate(icc, icc, icc)
    upper_tail = 0.5 + confidence / 2
    # the degrees of freedom of the scorers' and error mean squares together, divided by EMS²
    # at the head and foot so that scores without error need no division by zero
    a, b = k * icc, n * (1 + (k - 1) * icc) - k * icc
    head = (k - 1) * (n - 1) * (a * jms + b * ems) ** 2
    foot = (n - 1) * a**2 * jms**2 + b**2 * ems**2
    df = head / foot
    f_low, f_high = fdtri(n - 1, df, upper_tail), fdtri(df, n - 1, upper_tail)
    rest = k * jms + (k * n - k - n) * ems
    return Estimate(
        icc,
        n * (bms - f_low * ems) / (f_low * rest + n * bms),
        n * (f_high * bms - ems) / (rest + n * f_high * bms),
    )


def icc_one_way(scores) -> float:
    """ICC(1,1): every animal judged by scorers of its own. Shrout & Fleiss 1979."""
    n, k, bms, jms, ems = _mean_squares(scores)
    within = ((k - 1) * jms + (n - 1) * (k - 1) * ems) / (n * (k - 1))
    below = bms + (k - 1) * within
    return (bms - within) / below if below > 0 else np.nan


def icc_consistency(scores) -> float:
    """ICC(3,1): the scorers' own differences left out of account. Shrout & Fleiss 1979."""
    _, k, bms, _, ems = _mean_squares(scores)
    below = bms + (k - 1) * ems
    return (bms - ems) / below if below > 0 else np.nan


def band(icc: float) -> str:
    """Koo & Li's word for an ICC: poor, moderate, good or excellent."""
    return next(word for limit, word in _BANDS if icc < limit) if icc == icc else ""


def bland_altman(scores, scorers, confidence: float = 0.95) -> pd.DataFrame:
    """Bias and 95 % limits of agreement of every two scorers.

    .. math:: \\bar d \\pm 1.96 s_d, \\quad
        SE = s_d \\sqrt{1/n + 1.96^2 / (2 (n - 1))}

    with SE that of each limit.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Nothing missing.
    scorers : sequence of str, length k

    Returns
    -------
    DataFrame
        One row a pair: first, second, n, bias (first minus second), bias_lower, bias_upper
        (its t interval), limit_lower, limit_upper, limits_half_width (of the t interval of
        either limit).

    References
    ----------
    Bland & Altman 1986, Lancet 327:307; 1999, Stat Methods Med Res 8:135.
    """
    scores = np.asarray(scores, dtype=float)
    rows = []
    for i, j in combinations(range(len(scorers)), 2):
        d = scores[:, i] - scores[:, j]
        bias, sd, n = d.mean(), d.std(ddof=1), len(d)
        t = stdtrit(n - 1, 0.5 + confidence / 2)
        half = t * sd / np.sqrt(n)
        rows.append(
            {
                "first": scorers[i],
                "second": scorers[j],
                "n": n,
                "bias": bias,
                "bias_lower": bias - half,
                "bias_upper": bias + half,
                "limit_lower": bias - 1.96 * sd,
                "limit_upper": bias + 1.96 * sd,
                "limits_half_width": t * sd * np.sqrt(1 / n + 1.96**2 / (2 * (n - 1))),
            }
        )
    return pd.DataFrame(rows)
