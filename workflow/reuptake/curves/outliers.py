"""Outlying wells by ROUT: a robust fit, then a test of every well against its scatter.

An outlier is flagged and the IC50 without it given beside the other; no well is removed.

References
----------
Motulsky & Brown 2006, BMC Bioinformatics 7:123.
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from reuptake.curves import engine
from reuptake.curves.engine import Fit
from reuptake.curves.groups import Batch

FALSE_DISCOVERY_RATE = 0.01
# a well with a deleted residual more probable than this, over all wells, is not looked at
_SUSPICION = 0.2
_MAX_ROUNDS = 200
_TOLERANCE = 1e-10


def suspicious(residual, n_parameters) -> np.ndarray:
    """Whether a least-squares fit has a well that is worth a robust fit.

    .. math:: t = r \\sqrt{(\\nu - 1) / (SS - r^2)}, \\quad N p(t) < 0.2

    for the largest residual *r*, with N - K - 1 degrees of freedom. A robust fit costs as much
    as fifty others and is spared where no well stands out at all.

    Parameters
    ----------
    residual : ndarray, shape (m, n)
    n_parameters : ndarray, shape (m,)
    """
    n = residual.shape[1]
    df = np.maximum(n - n_parameters - 1, 1)
    squares = residual**2
    largest, total = squares.max(axis=1), squares.sum(axis=1)
    rest = np.maximum(total - largest, 1e-12 * total)
    t = np.sqrt(np.divide(df * largest, rest, out=np.zeros_like(rest), where=rest > 0))
    return 2.0 * n * stdtr(df, -t) < _SUSPICION


def robust_sd(residual, n_parameters) -> np.ndarray:
    """RSDR: the 68.27th percentile of the absolute residuals, times N / (N - K).

    Parameters
    ----------
    residual : ndarray, shape (m, n)
    n_parameters : ndarray, shape (m,)
    """
    n = residual.shape[1]
    return np.percentile(np.abs(residual), 68.27, axis=1) * n / (n - n_parameters)


def discoveries(p, rate: float = FALSE_DISCOVERY_RATE) -> np.ndarray:
    """Which of the p values of each row are significant by Benjamini & Hochberg (1995)."""
    ordered = np.sort(p, axis=1)
    n = p.shape[1]
    passed = np.where(ordered <= rate * np.arange(1, n + 1) / n, ordered, -1.0)
    return p <= passed.max(axis=1)[:, None]


def rout(wells: Batch, fitted: Fit, n_parameters, *, free_hill: bool) -> tuple[np.ndarray, Fit]:
    """Outlying wells, and the least-squares fit without them.

    The robust fit minimises :math:`\\sum \\ln(1 + (r / RSDR)^2)` by reweighted least squares,
    fit and RSDR in turn until RSDR stands still; :math:`t = |r| / RSDR` with N - K degrees of
    freedom gives every well its p.

    Parameters
    ----------
    wells : Batch
        One column a well.
    fitted : Fit
        Least-squares fit of the same wells.
    n_parameters : ndarray, shape (m,)
    free_hill : bool

    Returns
    -------
    outlying : ndarray of bool, shape (m, n)
    cleaned : Fit
    """
    weight = wells.weight
    # below this a residual is rounding
    least = 1e-11 * np.abs(wells.mean * np.sqrt(weight)).max(axis=1)

    def residual_of(rows, fit: Fit):
        return np.sqrt(weight[rows]) * (wells.mean[rows] - fit.at(wells.x[rows]))

    moving = np.arange(len(least))
    residual = residual_of(moving, fitted)
    scale = np.maximum(robust_sd(residual, n_parameters), least)
    for _ in range(_MAX_ROUNDS):
        robust = weight[moving] / (1.0 + (residual[moving] / scale[moving, None]) ** 2)
        fitted = engine.minimise(
            wells.select(moving),
            robust,
            fitted.log10_ic50,
            np.log(fitted.hill),
            free_location=True,
            free_hill=free_hill,
        )
        residual[moving] = residual_of(moving, fitted)
        before = scale[moving]
        scale[moving] = np.maximum(robust_sd(residual[moving], n_parameters[moving]), least[moving])
        going = np.abs(scale[moving] - before) > _TOLERANCE * scale[moving]
        moving, fitted = moving[going], fitted.select(going)
        if not len(moving):
            break
    df = wells.x.shape[1] - n_parameters
    p = 2.0 * stdtr(df[:, None], -np.abs(residual) / scale[:, None])
    outlying = discoveries(p)
    return outlying, engine.fit(wells, np.where(outlying, 0.0, weight), free_hill=free_hill)
