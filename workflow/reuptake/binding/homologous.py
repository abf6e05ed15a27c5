"""Homologous competition: Kd and Bmax from the same substance, labelled and unlabelled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reuptake.binding.isotherm import fit_isotherm
from reuptake.curves.least_squares import ConstantsFit, Weight


def fit_homologous(
    hot_nM: ArrayLike,
    cold_nM: ArrayLike,
    response: ArrayLike,
    *,
    nonspecific: ArrayLike = False,
    background: bool = False,
    per_nM: float | None = None,
    weight: Weight | None = None,
) -> ConstantsFit:
    """Kd, Bmax and non-specific binding from one or more hot concentrations together.

    .. math:: Y = B_{max} h / (K_d + h + c) + NS \\, h + bg

    Parameters
    ----------
    hot_nM, cold_nM : array_like, shape (n,)
        Labelled and unlabelled ligand: as added if `per_nM` is given, else free. `hot_nM`
        may be one number for all wells.
    response : array_like, shape (n,)
    nonspecific : array_like of bool
        Wells with another definer in excess.
    background : bool
        Whether a background is fitted; that takes two hot concentrations, or blanks
        (hot 0), to tell it from non-specific binding.
    per_nM, weight
        As in :func:`reuptake.binding.saturation.fit_saturation`.

    Returns
    -------
    ConstantsFit
        Constants ``kd`` (nM), ``bmax`` (unit of the response), ``ns`` (that per nM) and, if
        it is fitted, ``background``.

    Raises
    ------
    ValueError
        If a background is asked for that nothing tells from non-specific binding, and as in
        :func:`reuptake.binding.isotherm.fit_isotherm`.

    References
    ----------
    GraphPad Prism 7 guide, "One site -- Homologous" with two concentrations of hot ligand.
    """
    hot_nM, cold_nM = np.broadcast_arrays(np.asarray(hot_nM, float), np.asarray(cold_nM, float))
    if background and len(np.unique(hot_nM)) < 2:
        raise ValueError(
            "background and non-specific binding cannot be told apart with one hot concentration: "
            "add a second one or blank wells, or subtract the background"
        )
    return fit_isotherm(
        hot_nM,
        response,
        cold_nM=cold_nM,
        blocked=nonspecific,
        names=("kd", "bmax", "ns", "background"),
        nonspecific=True,
        background=background,
        per_nM=per_nM,
        weight=weight,
    )


def from_ic50(ic50_nM: ArrayLike, hot_nM: ArrayLike, specific: ArrayLike):
    """Kd and Bmax from the IC50 of a homologous curve.

    .. math:: K_d = IC_{50} - L, \\qquad B_{max} = B_0 \\, IC_{50} / L

    Parameters
    ----------
    ic50_nM : array_like
        Of the unlabelled ligand, free.
    hot_nM : array_like
        Labelled ligand L.
    specific : array_like
        Specific binding without unlabelled ligand, B0.

    Returns
    -------
    kd_nM, bmax : ndarray
        NaN where the IC50 does not exceed L: the two cannot be the same substance.

    References
    ----------
    GraphPad Prism 7 guide, "One site -- Homologous".
    """
    ic50, hot = np.asarray(ic50_nM, dtype=float), np.asarray(hot_nM, dtype=float)
    possible = ic50 > hot
    return (
        np.where(possible, ic50 - hot, np.nan),
        np.where(possible, np.asarray(specific) * ic50 / hot, np.nan),
    )
