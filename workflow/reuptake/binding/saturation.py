"""Saturation binding: Kd and Bmax of a radioligand."""

from __future__ import annotations

from numpy.typing import ArrayLike

from reuptake.binding.isotherm import fit_isotherm
from reuptake.curves.least_squares import ConstantsFit, Weight


def fit_saturation(
    ligand_nM: ArrayLike,
    response: ArrayLike,
    nonspecific: ArrayLike,
    *,
    background: bool = True,
    per_nM: float | None = None,
    weight: Weight | None = None,
) -> ConstantsFit:
    """Total and non-specific binding fitted together.

    .. math:: Y_T = B_{max} L / (K_d + L) + NS \\, L + bg, \\qquad Y_N = NS \\, L + bg

    Parameters
    ----------
    ligand_nM : array_like, shape (n,)
        Radioligand of each well: as added if `per_nM` is given, else free. 0 is a blank.
    response : array_like, shape (n,)
        Counts, or an amount bound, in any unit.
    nonspecific : array_like of bool, shape (n,)
        Wells with the non-specific definer.
    background : bool
        Whether a background is fitted; false where it has been subtracted.
    per_nM : float, optional
        Response of 1 nM of radioligand in the well. L is then the free ligand at
        equilibrium with the sites and with proportional non-specific binding
        (:mod:`reuptake.binding.isotherm`), and R_T = Bmax/per_nM.
    weight : ndarray or callable, optional
        ``response ** -2.0`` for a constant coefficient of variation,
        :func:`reuptake.curves.least_squares.counting` for counts; not given: all equal.

    Returns
    -------
    ConstantsFit
        Constants ``kd`` (nM), ``bmax`` (unit of the response), ``ns`` (that per nM) and, if
        it is fitted, ``background``.

    Raises
    ------
    ValueError
        See :func:`reuptake.binding.isotherm.fit_isotherm`.

    References
    ----------
    GraphPad Prism 7 guide, "One site -- Total and nonspecific binding".
    """
    return fit_isotherm(
        ligand_nM,
        response,
        blocked=nonspecific,
        names=("kd", "bmax", "ns", "background"),
        nonspecific=True,
        background=background,
        per_nM=per_nM,
        weight=weight,
    )
