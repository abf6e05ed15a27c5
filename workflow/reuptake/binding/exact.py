"""Ki of a competition curve by the exact mass balance of radioligand and competitor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reuptake.binding.mass_balance import bound_and_derivatives_nM
from reuptake.curves.groups import Batch
from reuptake.curves.mechanistic import MechanisticFit, fit


def fit_exact(
    batch: Batch,
    ligand_nM: ArrayLike,
    kd_nM: ArrayLike,
    transporter_nM: ArrayLike,
    alpha: ArrayLike = 0.0,
    *,
    ligand_sd: ArrayLike = 0.0,
    kd_sd: ArrayLike = 0.0,
    transporter_sd: ArrayLike = 0.0,
) -> MechanisticFit:
    """Ki from competition curves in which either ligand may be depleted.

    The counted radioligand is specific and, in proportion to what is free, non-specific;
    as free and specifically bound add up, it is a straight line in the bound fraction B/L_T
    of :func:`reuptake.binding.mass_balance.bound_nM`, between the plateaus without
    competitor and at full block. What alpha does to B is done by a Kd of Kd (1 + alpha).

    Parameters
    ----------
    batch : Batch
        Curves with the weights that they are to be fitted with.
    ligand_nM, kd_nM, transporter_nM : array_like, shape (m,) or scalar
        Added radioligand, its Kd, and the sites R_T in the well.
    alpha : array_like
        Proportional non-specific binding per free radioligand.
    ligand_sd, kd_sd, transporter_sd : array_like
        Relative errors, as standard deviations of the natural logarithm: 0 holds the value,
        inf for R_T leaves it to the curve.

    Returns
    -------
    MechanisticFit
        `log10_k` is log10 Ki in nM; rows of `constants` are R_T, Kd (1 + alpha) and L_T.

    Raises
    ------
    ValueError
        If a constant is not above zero or an error is negative.

    References
    ----------
    Munson and Rodbard (1988) J. Recept. Res. 8:533; Wang (1995) FEBS Lett. 360:111.
    """
    m = len(batch.curve)
    rows = (transporter_nM, np.asarray(kd_nM) * (1.0 + np.asarray(alpha)), ligand_nM)
    constants = np.stack([np.broadcast_to(np.asarray(a, dtype=float), m) for a in rows])
    sds = (transporter_sd, kd_sd, ligand_sd)
    sd = np.stack([np.broadcast_to(np.asarray(a, dtype=float), m) for a in sds])
    return fit(batch, _bound_fraction, constants, sd)


def _bound_fraction(competitor_nM, logs):
    """B/L_T and its derivatives by the logarithms of Ki, R_T, Kd and L_T."""
    ki, transporter, kd, ligand = np.exp(logs)
    bound, derivatives = bound_and_derivatives_nM(transporter, ligand, kd, competitor_nM, ki)
    derivatives[3] -= bound
    return bound / ligand, derivatives / ligand
