"""Trend over doses: Williams-type contrasts, one-sided in a direction fixed beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reuptake.animals.multivariate_t import tail


@dataclass(frozen=True)
class Trend:
    """Williams-type contrasts, from the highest dose alone to all doses together.

    Attributes
    ----------
    estimate, t, p : ndarray, shape (k,)
        Weighted mean of the highest doses minus control; its t; the single-step adjusted
        one-sided p value.
    df : float
    """

    estimate: np.ndarray
    t: np.ndarray
    p: np.ndarray
    df: float


def contrasts(n) -> np.ndarray:
    """Williams-type contrast matrix, shape (k, k + 1), control first, doses ascending.

    Row j compares the mean of the j + 1 highest doses, weighted by animals, with the control.
    """
    n = np.asarray(n, dtype=float)
    k = len(n) - 1
    out = np.zeros((k, k + 1))
    out[:, 0] = -1.0
    for j in range(k):
        out[j, k - j :] = n[k - j :] / n[k - j :].sum()
    return out


def williams(
    means, covariance, n, df: float, direction: Literal["less", "greater"] = "less"
) -> Trend:
    """Williams-type contrasts with single-step adjusted one-sided p values.

    Parameters
    ----------
    means : array_like, shape (k + 1,)
        Control first, then the doses in ascending order.
    covariance : ndarray, shape (k + 1, k + 1)
        Of the means; MSW/n on the diagonal for independent groups.
    n : array_like, shape (k + 1,)
        Animals.
    df : float
        Of the pooled variance.
    direction : {"less", "greater"}
        Whether the effect sought lowers or raises the readout.

    References
    ----------
    Williams 1971, Biometrics 27:103; Bretz 2006, Comput Stat Data Anal 50:1735; Jaki &
    Hothorn 2013, Arch Toxicol 87:1901.
    """
    matrix = contrasts(n)
    estimate = matrix @ np.asarray(means, dtype=float)
    spread = matrix @ np.asarray(covariance, dtype=float) @ matrix.T
    se = np.sqrt(np.diag(spread))
    t = estimate / se
    correlation = spread / np.outer(se, se)
    towards = -t if direction == "less" else t
    p = np.array([tail(value, correlation, df, two_sided=False) for value in towards])
    return Trend(estimate, t, p, df)
