"""Exact equilibrium of a radioligand and one competitor at a limited number of sites.

Neither ligand is assumed to be in excess of the transporter. With R the free transporter,

    R + R·L_f/Kd + R·I_f/Ki = R_T,    L_f = L_T/(1 + α + R/Kd),    I_f = I_T/(1 + R/Ki)

where α·L_f is the radioligand bound non-specifically. The left side rises with R, so there is
exactly one root, and it is found by bracketing in u = ln R. The closed form (the cubic's
trigonometric solution) loses all its digits at high competitor and is not used.

References
----------
Munson P.J. and Rodbard D. (1988) J. Recept. Res. 8:533-546.
Wang Z.-X. (1995) FEBS Lett. 360:111-114.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_TOLERANCE = 1e-14  # in u = ln R, that is, relative in R
_MAX_STEPS = 200  # bisection alone needs about 55


def free_transporter_nM(
    transporter_nM: ArrayLike,
    ligand_nM: ArrayLike,
    kd_nM: ArrayLike,
    competitor_nM: ArrayLike = 0.0,
    ki_nM: ArrayLike = np.inf,
    alpha: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Free transporter R at equilibrium, exact in both ligands.

    Solves ln(R·(1 + L_f/Kd + I_f/Ki)) = ln R_T for u = ln R by Newton steps that are kept
    inside a shrinking bracket, from ln(R_T/(1 + L_T/(Kd(1 + α)) + I_T/Ki)) to ln R_T.

    Parameters
    ----------
    transporter_nM : array_like
        Total binding sites R_T, nM in the well; above zero.
    ligand_nM, competitor_nM : array_like
        Total (added) radioligand L_T and competitor I_T, nM.
    kd_nM, ki_nM : array_like
        Dissociation constants of radioligand and competitor, nM; above zero, Ki may be inf.
    alpha : array_like
        Non-specifically bound radioligand as a fraction of the free.

    Returns
    -------
    ndarray
        R in nM, with the broadcast shape of the arguments. Any other unit will do as well,
        if it is the same throughout.

    Raises
    ------
    ValueError
        If an argument is negative or not a number, R_T, Kd or Ki is zero, or anything but Ki
        is infinite.

    References
    ----------
    Munson and Rodbard (1988) J. Recept. Res. 8:533; Wang (1995) FEBS Lett. 360:111.
    """
    total, ligand, kd, competitor, ki, alpha = np.broadcast_arrays(
        *(
            np.asarray(a, dtype=float)
            for a in (transporter_nM, ligand_nM, kd_nM, competitor_nM, ki_nM, alpha)
        )
    )
    for name, array in (("transporter_nM", total), ("kd_nM", kd), ("ki_nM", ki)):
        if not np.all(array > 0):
            raise ValueError(f"{name} must be above zero")
    for name, array in (("ligand_nM", ligand), ("competitor_nM", competitor), ("alpha", alpha)):
        if not np.all(array >= 0):
            raise ValueError(f"{name} must not be negative")
    for name, array in (
        ("transporter_nM", total),
        ("ligand_nM", ligand),
        ("kd_nM", kd),
        ("competitor_nM", competitor),
        ("alpha", alpha),
    ):
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name} must be finite")

    upper = np.log(total)
    lower = upper - np.log1p(ligand / (kd * (1 + alpha)) + competitor / ki)
    u, step, arrived = lower, upper - lower, np.zeros(lower.shape, dtype=bool)
    for _ in range(_MAX_STEPS):
        r = np.exp(u)
        bound_ligand = ligand * (r / kd) / (1 + alpha + r / kd)
        bound_competitor = competitor * (r / ki) / (1 + r / ki)
        occupied = r + bound_ligand + bound_competitor
        excess = np.log(occupied / total)
        lower = np.where(excess <= 0, u, lower)
        upper = np.where(excess >= 0, u, upper)
        slope = (
            r + bound_ligand * (1 + alpha) / (1 + alpha + r / kd) + bound_competitor / (1 + r / ki)
        ) / occupied
        newton = u - excess / slope
        # bisect where Newton leaves the bracket or does not at least halve the last step
        slow = (newton < lower) | (newton > upper) | (2 * abs(newton - u) > abs(step))
        following = np.where(slow, (lower + upper) / 2, newton)
        # what has arrived stays, so that no element's last digits depend on the others
        step = np.where(arrived, 0.0, following - u)
        u = u + step
        arrived = (abs(step) <= _TOLERANCE) | (upper - lower <= _TOLERANCE)
        if np.all(arrived):
            break
    return np.exp(u)


def free_radioligand_nM(
    transporter_nM: ArrayLike,
    ligand_nM: ArrayLike,
    kd_nM: ArrayLike,
    competitor_nM: ArrayLike = 0.0,
    ki_nM: ArrayLike = np.inf,
    alpha: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Free radioligand L_f = L_T/(1 + α + R/Kd), nM.

    Parameters, errors and sources as in :func:`free_transporter_nM`.
    """
    r = free_transporter_nM(transporter_nM, ligand_nM, kd_nM, competitor_nM, ki_nM, alpha)
    return np.asarray(ligand_nM) / (1 + np.asarray(alpha) + r / np.asarray(kd_nM))


def bound_nM(
    transporter_nM: ArrayLike,
    ligand_nM: ArrayLike,
    kd_nM: ArrayLike,
    competitor_nM: ArrayLike = 0.0,
    ki_nM: ArrayLike = np.inf,
    alpha: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Specifically bound radioligand R·L_f/Kd, nM.

    Parameters, errors and sources as in :func:`free_transporter_nM`.
    """
    r = free_transporter_nM(transporter_nM, ligand_nM, kd_nM, competitor_nM, ki_nM, alpha)
    kd = np.asarray(kd_nM)
    return np.asarray(ligand_nM) * (r / kd) / (1 + np.asarray(alpha) + r / kd)


def counted_nM(
    transporter_nM: ArrayLike,
    ligand_nM: ArrayLike,
    kd_nM: ArrayLike,
    competitor_nM: ArrayLike = 0.0,
    ki_nM: ArrayLike = np.inf,
    alpha: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Radioligand on the filter, specific and non-specific: R·L_f/Kd + α·L_f, nM.

    Parameters, errors and sources as in :func:`free_transporter_nM`.
    """
    r = free_transporter_nM(transporter_nM, ligand_nM, kd_nM, competitor_nM, ki_nM, alpha)
    kd, alpha = np.asarray(kd_nM), np.asarray(alpha)
    return np.asarray(ligand_nM) * (r / kd + alpha) / (1 + alpha + r / kd)


def bound_and_derivatives_nM(
    transporter_nM: ArrayLike,
    ligand_nM: ArrayLike,
    kd_nM: ArrayLike,
    competitor_nM: ArrayLike = 0.0,
    ki_nM: ArrayLike = np.inf,
    alpha: ArrayLike = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Specifically bound radioligand B, and its derivatives by the logarithms of the constants.

    By implicit differentiation of the mass balance: with E_L and E_I the derivatives of bound
    radioligand and competitor by ln R and D = R + E_L + E_I,

        dB/dln Ki = E_L·E_I/D,   dB/dln R_T = E_L·R_T/D,
        dB/dln Kd = E_L·(E_L/D - 1),   dB/dln L_T = B·(1 - E_L/D)

    Parameters, errors and sources as in :func:`free_transporter_nM`.

    Returns
    -------
    bound : ndarray
    derivatives : ndarray
        By (ln Ki, ln R_T, ln Kd, ln L_T) along a new first axis; nM.
    """
    total, ligand, kd, competitor, ki, alpha = (
        np.asarray(a, dtype=float)
        for a in (transporter_nM, ligand_nM, kd_nM, competitor_nM, ki_nM, alpha)
    )
    r = free_transporter_nM(total, ligand, kd, competitor, ki, alpha)
    a, d = r / kd, r / ki
    bound = ligand * a / (1 + alpha + a)
    by_r_ligand = bound * (1 + alpha) / (1 + alpha + a)
    by_r_competitor = competitor * d / (1 + d) ** 2
    stiffness = r + by_r_ligand + by_r_competitor
    share = by_r_ligand / stiffness
    derivatives = (
        share * by_r_competitor,
        share * total,
        by_r_ligand * (share - 1),
        bound * (1 - share),
    )
    return bound, np.stack(np.broadcast_arrays(*derivatives))
