"""Inhibition of uptake: from IC50 to Ki, with transporter that holds part of the inhibitor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reuptake.curves.groups import Batch
from reuptake.curves.mechanistic import MechanisticFit, fit


def remaining_uptake(
    transporter_nM: ArrayLike, inhibitor_nM: ArrayLike, apparent_ki_nM: ArrayLike
) -> NDArray[np.float64]:
    """Uptake left by a tight-binding inhibitor, as a fraction of the uninhibited.

    v/v0 = 1 - [(E + I + K') - √((E + I + K')² - 4EI)]/(2E), written without cancellation:
    with d = E - I - K', v/v0 = (d + √(d² + 4EK'))/(2E), and for d < 0 its conjugate
    2K'/(√(d² + 4EK') - d).

    Parameters
    ----------
    transporter_nM, inhibitor_nM : array_like
        Total E and I, nM.
    apparent_ki_nM : array_like
        K' = Ki(1 + S/Km), nM.

    Returns
    -------
    ndarray

    References
    ----------
    Morrison J.F. (1969) Biochim. Biophys. Acta 185:269-286.
    """
    e, i, k = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (transporter_nM, inhibitor_nM, apparent_ki_nM))
    )
    d = e - i - k
    root = np.sqrt(d * d + 4 * e * k)
    return np.where(d >= 0, (d + root) / (2 * e), 2 * k / (root + np.abs(d)))


def floor_nM(transporter_nM: ArrayLike) -> NDArray[np.float64]:
    """The lowest IC50 that a well can show, half its transporter: E/2."""
    return np.asarray(transporter_nM, dtype=float) / 2.0


def ki_from_ic50_nM(
    ic50_nM: ArrayLike, substrate_nM: ArrayLike, km_nM: ArrayLike, transporter_nM: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """Ki of a competitive inhibitor of uptake.

    .. math:: K_i = (IC_{50} - E/2) / (1 + S/K_m)

    Parameters
    ----------
    ic50_nM : array_like
        Total inhibitor at half the uptake.
    substrate_nM, km_nM : array_like
    transporter_nM : array_like
        E; 0 for a transporter far below the IC50.

    Returns
    -------
    ndarray
        NaN where the IC50 does not exceed its floor E/2: Ki is not told by it.

    References
    ----------
    Cheng & Prusoff 1973, Biochem Pharmacol 22:3099; Morrison 1969, Biochim Biophys Acta
    185:269; Copeland, Evaluation of Enzyme Inhibitors in Drug Discovery, on tight binding.
    """
    apparent = np.asarray(ic50_nM, dtype=float) - floor_nM(transporter_nM)
    shift = 1.0 + np.asarray(substrate_nM, dtype=float) / km_nM
    return np.where(apparent > 0, apparent, np.nan) / shift


def fit_morrison(
    batch: Batch,
    transporter_nM: ArrayLike,
    substrate_nM: ArrayLike,
    km_nM: ArrayLike,
    *,
    transporter_sd: ArrayLike = 0.0,
    substrate_sd: ArrayLike = 0.0,
    km_sd: ArrayLike = 0.0,
) -> MechanisticFit:
    """Ki from uptake curves by Morrison's equation.

    Parameters
    ----------
    batch : Batch
        Curves with the weights that they are to be fitted with.
    transporter_nM, substrate_nM, km_nM : array_like, shape (m,) or scalar
        Transporter E in the well, substrate S and its Km.
    transporter_sd, substrate_sd, km_sd : array_like
        Relative errors, as standard deviations of the natural logarithm: 0 holds the value,
        inf for E leaves it to the curve.

    Returns
    -------
    MechanisticFit
        `log10_k` is log10 Ki in nM; rows of `constants` are E, S and Km.

    Raises
    ------
    ValueError
        If a constant is not above zero or an error is negative.

    References
    ----------
    Morrison 1969, Biochim Biophys Acta 185:269.
    """
    m = len(batch.curve)

    def rows(*values):
        return np.stack([np.broadcast_to(np.asarray(a, dtype=float), m) for a in values])

    constants = rows(transporter_nM, substrate_nM, km_nM)
    return fit(batch, _uptake, constants, rows(transporter_sd, substrate_sd, km_sd))


def _uptake(inhibitor_nM, logs):
    """v/v0 and its derivatives by the logarithms of Ki, E, S and Km.

    With E_I = I d/(1 + d)², d = (free transporter)/K', the derivative of bound inhibitor by
    the logarithm of free transporter R: dR/dln K' = R E_I/(R + E_I), dR/dln E = R E/(R + E_I).
    """
    ki, transporter, substrate, km = np.exp(logs)
    apparent_ki = ki * (1.0 + substrate / km)
    left = remaining_uptake(transporter, inhibitor_nM, apparent_ki)
    free = transporter * left
    d = free / apparent_ki
    held = inhibitor_nM * d / (1.0 + d) ** 2
    by_k = left * held / (free + held)
    by_transporter = left * (transporter / (free + held) - 1.0)
    by_substrate = by_k * substrate / (km + substrate)
    return left, np.stack([by_k, by_transporter, by_substrate, -by_substrate])
