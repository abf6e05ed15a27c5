"""One saturable component and one in proportion: the isotherm behind Kd, Bmax, Km and Vmax.

Labelled ligand h and unlabelled ligand c, which bind alike, at one kind of site:

    Y = Bmax·h/(Kd + h + c) + NS·h + bg      and      Y = NS·h + bg   where the sites are blocked

Saturation has c = 0, homologous competition a constant h, transport at rising substrate the
same form with Km and Vmax. Where the sites hold a fair part of the ligand, h and c are free
concentrations that differ from the added ones; with s the response of 1 nM in the well,
α = NS/s, R_T = Bmax/s, T = h + c as added and a = R/Kd for free sites R,

    Kd·a + T·a/(1 + α + a) = R_T,      Y = s·h·(a + α)/(1 + α + a) + bg

which is the quadratic of one depleted ligand with proportional non-specific binding.

References
----------
GraphPad Prism 8 guide, "One site -- Total and nonspecific binding"; Prism 7 guide, "One site
-- Homologous competition" with two hot concentrations. Swillens 1995, Mol Pharmacol 47:1197,
for depletion by non-specific binding too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reuptake.curves.least_squares import ConstantsFit, Weight, fit

# Kd is first sought from the lowest ligand over this to the highest times this
_START_BEYOND = 30.0
_STARTS = 40
# where ligand is depleted the plain Kd is too high by up to R_T/2
_DEPLETED_STARTS = (1.0, 0.3, 0.1, 0.01)


def isotherm(hot_nM, cold_nM, blocked, kd_nM, bmax, ns, background, per_nM=None):
    """Response and its derivatives by (ln Kd, ln Bmax, NS, background).

    Parameters
    ----------
    hot_nM, cold_nM : ndarray, shape (n,)
        Labelled and unlabelled ligand; as added if `per_nM` is given, else free.
    blocked : ndarray of bool, shape (n,)
        Wells whose sites are blocked: non-specific wells.
    kd_nM : float
    bmax : float
        In the unit of the response.
    ns : float
        Response of non-specific binding per nM of free labelled ligand.
    background : float
        Response without any ligand.
    per_nM : float, optional
        Response of 1 nM of labelled ligand in the well: depletion is then accounted for.

    Returns
    -------
    response : ndarray, shape (n,)
    derivatives : ndarray, shape (n, 4)
    """
    hot, open_sites = np.asarray(hot_nM, dtype=float), np.where(blocked, 0.0, 1.0)
    total = hot + cold_nM
    ones = np.ones_like(hot)
    if per_nM is None:
        bound = open_sites * bmax * hot / (kd_nM + total)
        derivatives = (-bound * kd_nM / (kd_nM + total), bound, hot, ones)
        return bound + ns * hot + background, np.stack(derivatives, axis=1)
    alpha, sites = ns / per_nM, bmax / per_nM
    a = open_sites * free_sites_nM(sites, total, kd_nM * (1.0 + alpha)) / kd_nM
    q = 1.0 + alpha + a
    stiffness = kd_nM + total * (1.0 + alpha) / q**2
    slope = per_nM * hot / q**2
    derivatives = (
        -slope * kd_nM * a / stiffness,
        slope * open_sites * sites / stiffness,
        slope * (1.0 + total * a / q**2 / stiffness) / per_nM,
        ones,
    )
    return per_nM * hot * (a + alpha) / q + background, np.stack(derivatives, axis=1)


def free_sites_nM(sites_nM, ligand_nM, kd_nM):
    """Free sites R at equilibrium with one depleted ligand.

    The root of :math:`R^2 + (K + L_T - R_T) R - K R_T = 0`, without cancellation.

    Parameters
    ----------
    sites_nM, ligand_nM, kd_nM : array_like
        Total sites R_T, added ligand L_T, and Kd (1 + alpha).

    Returns
    -------
    ndarray
    """
    b = np.asarray(kd_nM) + ligand_nM - sites_nM
    root = np.sqrt(b * b + 4.0 * np.asarray(kd_nM) * sites_nM)
    return np.where(b > 0, 2.0 * kd_nM * sites_nM / (root + np.abs(b)), (root - b) / 2.0)


def fit_isotherm(
    hot_nM: ArrayLike,
    response: ArrayLike,
    *,
    cold_nM: ArrayLike = 0.0,
    blocked: ArrayLike = False,
    names: tuple[str, str, str, str],
    nonspecific: bool,
    background: bool,
    per_nM: float | None = None,
    weight: Weight | None = None,
) -> ConstantsFit:
    """Fit the isotherm to the wells of one run.

    Parameters
    ----------
    hot_nM, response : array_like, shape (n,)
        Labelled ligand (see :func:`isotherm`) and response of each well.
    cold_nM, blocked : array_like
        Broadcast to the wells.
    names : tuple of str
        What Kd, Bmax, NS and background are called.
    nonspecific, background : bool
        Whether NS and the background are fitted; otherwise they are 0.
    per_nM : float, optional
        Response of 1 nM in the well; given, depletion is accounted for.
    weight : ndarray or callable, optional
        As :func:`reuptake.curves.least_squares.fit` takes it.

    Returns
    -------
    ConstantsFit

    Raises
    ------
    ValueError
        If a concentration is negative or missing, no well has ligand and open sites, the
        wells are too few, or there is no saturable component in them.
    """
    hot, response, cold = (np.asarray(a, dtype=float) for a in (hot_nM, response, cold_nM))
    cold, blocked = np.broadcast_to(cold, hot.shape), np.broadcast_to(blocked, hot.shape)
    if not np.all(np.isfinite(hot) & (hot >= 0) & np.isfinite(cold) & (cold >= 0)):
        raise ValueError("a concentration is missing, negative or infinite")
    if len(np.unique((hot + cold)[(hot > 0) & ~blocked])) < 3:
        raise ValueError(
            f"{names[0]} and {names[1]} need at least three ligand concentrations "
            "in wells without a blocker"
        )
    free = np.array([True, True, nonspecific, background])

    def model(theta):
        values = np.zeros(4)
        values[free] = theta
        kd, bmax = np.exp(values[:2])
        mean, derivatives = isotherm(hot, cold, blocked, kd, bmax, *values[2:], per_nM)
        return mean, derivatives[:, free]

    fixed = np.ones_like(hot) if weight is None or callable(weight) else np.asarray(weight)
    kd, *rest = _start(hot, cold, blocked, response, fixed, free, names)
    factors = (1.0,) if per_nM is None else _DEPLETED_STARTS
    return fit(
        model,
        response,
        [[kd * factor, *rest] for factor in factors],
        [name for name, is_free in zip(names, free, strict=True) if is_free],
        np.array([True, True, False, False])[free],
        weight,
    )


def _start(hot, cold, blocked, response, weight, free, names):
    """Constants to start from: for a row of Kd the others follow by linear least squares."""
    ligand = (hot + cold)[hot > 0]
    best = None
    root = np.sqrt(weight)
    span = np.geomspace(ligand.min() / _START_BEYOND, ligand.max() * _START_BEYOND, _STARTS)
    for kd in span:
        bound = np.where(blocked, 0.0, hot / (kd + hot + cold))
        columns = np.stack([bound, hot, np.ones_like(hot)], axis=1)[:, free[1:]]
        linear = np.linalg.lstsq(root[:, None] * columns, root * response, rcond=None)[0]
        ss = np.sum(weight * (response - columns @ linear) ** 2)
        if linear[0] > 0 and (best is None or ss < best[0]):
            best = ss, [kd, *linear]
    if best is None:
        raise ValueError(
            f"no saturable component: {names[1]} would be negative at every {names[0]}"
        )
    return best[1]
