"""Group means where some levels lie below the limit of quantification."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr

from reuptake.animals.groups import GroupModel, fit_groups


def fit_censored(values, below, group) -> GroupModel:
    """Means and a common variance by maximum likelihood, some values left-censored.

    .. math:: \\log L = \\sum_{exact} \\log\\frac{\\varphi((x - \\mu_g)/\\sigma)}{\\sigma}
              + \\sum_{below} \\log \\Phi((c - \\mu_g)/\\sigma)

    The variance is multiplied by N/(N - g), as without censoring.

    Parameters
    ----------
    values : array_like, shape (n,)
        The level, or the limit c it lies below.
    below : array_like of bool, shape (n,)
    group : sequence of str, shape (n,)
        Every group has a level that is not below its limit.

    Raises
    ------
    ValueError
        If a group has no exact level, or the exact levels have no scatter.

    References
    ----------
    Tobin 1958, Econometrica 26:24.
    """
    y, below = np.asarray(values, float), np.asarray(below, bool)
    plain = fit_groups(y, group)
    cells = np.array([[label == name for name in plain.groups] for label in group], float)
    exact = ~below
    if np.any(cells[exact].sum(axis=0) == 0):
        raise ValueError("a group has no level above its limit")
    start = fit_groups(y[exact], np.asarray(group, dtype=object)[exact])
    if not start.msw > 0:
        raise ValueError("the levels above the limit have no scatter")
    scale = np.sqrt(start.msw)
    order = [start.at(name) for name in plain.groups]

    def minus_log_likelihood(p):
        # scale-free: means in units of the starting SD
        sigma = np.exp(p[-1])
        z = (y / scale - cells @ p[:-1]) / sigma
        inside = -0.5 * z[exact] ** 2 - p[-1]
        return -(inside.sum() + log_ndtr(z[below]).sum())

    def gradient(p):
        sigma = np.exp(p[-1])
        z = (y / scale - cells @ p[:-1]) / sigma
        hazard = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(z))
        slope = np.where(below, -hazard, z)
        d_sigma = np.where(below, -hazard * z, z**2 - 1)
        return -np.append(cells.T @ slope / sigma, d_sigma.sum())

    first = np.append(start.mean[order] / scale, 0.0)
    found = minimize(minus_log_likelihood, first, jac=gradient, method="BFGS", tol=1e-10)
    steps = 1e-5 * np.eye(len(first))
    hessian = np.array([(gradient(found.x + h) - gradient(found.x - h)) / 2e-5 for h in steps])
    g, n = len(plain.groups), len(y)
    df = float(n - g)
    inflate = n / df
    covariance = np.linalg.inv((hessian + hessian.T) / 2)[:g, :g] * scale**2 * inflate
    mean = found.x[:-1] * scale
    msw = (np.exp(found.x[-1]) * scale) ** 2 * inflate
    contrast = np.column_stack([-np.ones(g - 1), np.eye(g - 1)])
    d = contrast @ mean
    f = float(d @ np.linalg.solve(contrast @ covariance @ contrast.T, d)) / (g - 1)
    share = float(np.mean(below))
    note = f"{int(below.sum())} of {n} animals below the limit of quantification: means by "
    note += "maximum likelihood with left-censoring; the variance is approximate"
    if share > 0.25:
        note += f" ({share:.0%} censored: read with care)"
    residuals = np.where(below, np.nan, y - cells @ mean)
    return replace(
        plain,
        mean=mean,
        covariance=covariance,
        msw=float(msw),
        df=df,
        residuals=residuals[exact],
        f=f,
        f_df=g - 1.0,
        omega2=np.nan,
        notes=(note,),
        n_censored=int(below.sum()),
    )
