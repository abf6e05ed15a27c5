"""The response models, as pure functions.

Concentrations enter as log10 of nM; a vehicle well is x = -inf, a full-block
(non-specific) well x = +inf, so controls need no special case.
"""

from __future__ import annotations

import numpy as np

LN10 = np.log(10.0)


def occupancy_free(x, log10_ic50, hill):
    """Fraction of the window that remains at concentration `x`.

    .. math:: \\varphi = 1 / (1 + 10^{(x - \\log_{10} IC_{50}) \\, h})

    Parameters
    ----------
    x : array_like
        log10 concentration, any shape; -inf gives 1 and +inf gives 0.
    log10_ic50 : array_like
        log10 IC50 in the unit of `x`; broadcast against `x`.
    hill : array_like
        Hill slope, positive for a descending curve.

    Returns
    -------
    ndarray

    References
    ----------
    GraphPad Prism 8 curve fitting guide, "One site - Fit logIC50" (Hill = 1) and
    "log(inhibitor) vs. response -- Variable slope".
    """
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(LN10 * (x - log10_ic50) * hill))


def logistic(x, log10_ic50, hill, top, bottom):
    """Four-parameter logistic inhibition curve; three-parameter with ``hill = 1``.

    .. math:: Y = B + (T - B) / (1 + 10^{(x - \\log_{10} IC_{50}) \\, h})

    Parameters
    ----------
    x : array_like
        log10 concentration; -inf is vehicle, +inf full block.
    log10_ic50, hill, top, bottom : array_like
        Broadcast against `x`; `top` and `bottom` in the unit of the response.

    Returns
    -------
    ndarray
        Response, in the unit of `top` and `bottom`.
    """
    return bottom + (top - bottom) * occupancy_free(x, log10_ic50, hill)


def log10_absolute_ic50(log10_ic50, hill, top, bottom, half):
    """Where a logistic curve crosses the response `half`.

    Solving :func:`logistic` for x gives

    .. math:: x = \\log_{10} IC_{50} + \\frac{1}{h}
              \\log_{10}\\left(\\frac{T - B}{half - B} - 1\\right)

    Parameters
    ----------
    log10_ic50, hill, top, bottom, half : array_like
        `half` is the middle of the control range.

    Returns
    -------
    ndarray
        log10 concentration; +inf where the lower plateau lies above `half` (never
        reached), -inf where even the upper plateau lies below it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (top - half) / (half - bottom)
        crossing = log10_ic50 + np.log10(ratio) / hill
    crossing = np.where(bottom >= half, np.inf, crossing)
    return np.where(top <= half, -np.inf, crossing)
