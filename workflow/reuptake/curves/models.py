"""The response models, as pure functions, with their derivatives.

Concentrations enter as log10 of nM; a vehicle well is x = -inf, a full-block
(non-specific) well x = +inf, so controls need no special case. Every model is linear in
its plateaus (top, bottom, nonspecific). A function ``<model>_jacobian`` takes the arguments
of ``<model>`` and returns the derivatives of the response by each parameter, in their order,
along a new first axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LN10 = np.log(10.0)
LN2 = np.log(2.0)


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


def logistic_jacobian(x, log10_ic50, hill, top, bottom):
    """Derivatives of :func:`logistic` by (log10_ic50, hill, top, bottom)."""
    phi, by_location, by_hill = _occupancy_and_tangents(x, log10_ic50, hill)
    span = top - bottom
    return _stack(span * by_location, span * by_hill, phi, 1.0 - phi)


def constant(x, top, nonspecific):
    """No effect: vehicle and compound wells read `top`, full-block wells `nonspecific`."""
    return np.where(np.isposinf(x), nonspecific, top)


def constant_jacobian(x, top, nonspecific):
    """Derivatives of :func:`constant` by (top, nonspecific)."""
    block = np.isposinf(x) + 0.0 * (top + nonspecific)
    return _stack(1.0 - block, block)


def partial(x, log10_ic50, hill, top, bottom, nonspecific):
    """Partial inhibition: a logistic curve whose lower plateau is not complete inhibition.

    :func:`logistic` with the compound's own `bottom`; full-block wells, which the compound
    does not reach at any concentration, read `nonspecific`.
    """
    return np.where(np.isposinf(x), nonspecific, logistic(x, log10_ic50, hill, top, bottom))


def partial_jacobian(x, log10_ic50, hill, top, bottom, nonspecific):
    """Derivatives of :func:`partial` by (log10_ic50, hill, top, bottom, nonspecific)."""
    block = np.isposinf(x)
    compound = np.where(block, 0.0, logistic_jacobian(x, log10_ic50, hill, top, bottom))
    return _stack(*compound, block + 0.0 * nonspecific)


def richards(x, log10_ic50, hill, top, bottom, asymmetry):
    """Five-parameter logistic (Richards) curve, located at its half-way point.

    .. math:: Y = B + (T - B) / (1 + (2^{1/s} - 1) \\, 10^{(x - \\log_{10} IC_{50}) \\, h})^s

    Parameters
    ----------
    x : array_like
        log10 concentration; -inf is vehicle, +inf full block.
    log10_ic50, hill, top, bottom : array_like
        As in :func:`logistic`; the response at `log10_ic50` is (T + B)/2 for every `s`.
    asymmetry : array_like
        s, positive: 1 is symmetric; below 1 the upper bend, above 1 the lower is the sharper.

    Returns
    -------
    ndarray

    References
    ----------
    Richards 1959, J Exp Bot 10:290. GraphPad Prism 10 curve fitting guide, "Asymmetrical
    (five parameter)", whose HillSlope is -h.
    """
    return bottom + (top - bottom) * np.exp(-asymmetry * _growth(x, log10_ic50, hill, asymmetry))


def richards_jacobian(x, log10_ic50, hill, top, bottom, asymmetry):
    """Derivatives of :func:`richards` by (log10_ic50, hill, top, bottom, asymmetry)."""
    growth = _growth(x, log10_ic50, hill, asymmetry)
    phi = np.exp(-asymmetry * growth)
    reached = -np.expm1(-growth)
    span = top - bottom
    rate = span * asymmetry * phi * reached * LN10
    shift = LN2 / (-asymmetry * np.expm1(-LN2 / asymmetry))  # keeps the half-way point in place
    by_asymmetry = span * phi * (reached * shift - np.where(np.isposinf(growth), 0.0, growth))
    return _stack(rate * hill, -rate * _distance(x, log10_ic50), phi, 1.0 - phi, by_asymmetry)


def two_site(x, log10_ic50_1, log10_ic50_2, fraction, top, bottom):
    """Two independent sites, each with a Hill slope of 1.

    .. math:: Y = B + (T - B) \\left[ \\frac{f}{1 + 10^{x - l_1}}
              + \\frac{1 - f}{1 + 10^{x - l_2}} \\right]

    Parameters
    ----------
    x : array_like
        log10 concentration; -inf is vehicle, +inf full block.
    log10_ic50_1, log10_ic50_2 : array_like
        log10 IC50 of the sites; by convention the first has the higher affinity.
    fraction : array_like
        f, share of the window that belongs to the first site, 0 to 1.
    top, bottom : array_like

    Returns
    -------
    ndarray

    References
    ----------
    GraphPad Prism 8 curve fitting guide, "Two sites - Fit logIC50".
    """
    first = fraction * occupancy_free(x, log10_ic50_1, 1.0)
    second = (1.0 - fraction) * occupancy_free(x, log10_ic50_2, 1.0)
    return bottom + (top - bottom) * (first + second)


def two_site_jacobian(x, log10_ic50_1, log10_ic50_2, fraction, top, bottom):
    """Derivatives of :func:`two_site` by its five parameters."""
    first, by_first, _ = _occupancy_and_tangents(x, log10_ic50_1, 1.0)
    second, by_second, _ = _occupancy_and_tangents(x, log10_ic50_2, 1.0)
    span = top - bottom
    phi = fraction * first + (1.0 - fraction) * second
    return _stack(
        span * fraction * by_first,
        span * (1.0 - fraction) * by_second,
        span * (first - second),
        phi,
        1.0 - phi,
    )


def sites_in_order(log10_ic50_1, log10_ic50_2, fraction, top, bottom):
    """The same two-site curve with the site of higher affinity first."""
    swap = log10_ic50_1 > log10_ic50_2
    return (
        np.where(swap, log10_ic50_2, log10_ic50_1),
        np.where(swap, log10_ic50_1, log10_ic50_2),
        np.where(swap, 1.0 - fraction, fraction),
        top,
        bottom,
    )


def gain_loss(x, log10_ic50, hill, top, bottom, loss_decades, loss_hill):
    """Hook: inhibition that rises with the concentration and is lost again.

    .. math:: Y = T - (T - B) \\; \\frac{1}{1 + 10^{(l - x) h}} \\;
              \\frac{1}{1 + 10^{(x - l - d) h_2}}

    Full-block wells hold another substance and read B; as x grows without being infinite,
    the response returns to T.

    Parameters
    ----------
    x : array_like
        log10 concentration; -inf is vehicle, +inf full block.
    log10_ic50, hill : array_like
        l and h, of the gain of inhibition.
    top, bottom : array_like
        Response without and with complete inhibition; the curve itself may not come down
        to `bottom`.
    loss_decades : array_like
        d, decades from the half-way point of the gain to that of the loss.
    loss_hill : array_like
        h2, slope of the loss, positive.

    Returns
    -------
    ndarray

    References
    ----------
    Filer et al. 2017, Bioinformatics 33:618 (tcpl), "gnls": there tp = B - T, ga = l,
    gw = h, la = l + d, lw = h2.
    """
    gain = occupancy_free(-x, -log10_ic50, hill)
    loss = occupancy_free(x, log10_ic50 + loss_decades, loss_hill)
    return top - (top - bottom) * gain * np.where(np.isposinf(x), 1.0, loss)


def gain_loss_jacobian(x, log10_ic50, hill, top, bottom, loss_decades, loss_hill):
    """Derivatives of :func:`gain_loss` by its six parameters."""
    log10_loss = log10_ic50 + loss_decades
    free, by_location, by_hill = _occupancy_and_tangents(x, log10_ic50, hill)
    loss, by_loss, by_loss_hill = _occupancy_and_tangents(x, log10_loss, loss_hill)
    loss = np.where(np.isposinf(x), 1.0, loss)
    gain, span = 1.0 - free, top - bottom
    by_decades = -span * gain * by_loss
    return _stack(
        span * loss * by_location + by_decades,
        span * loss * by_hill,
        1.0 - gain * loss,
        gain * loss,
        by_decades,
        -span * gain * by_loss_hill,
    )


def _distance(x, location):
    """x - location in decades, and 0 for control wells, where no location matters."""
    return np.where(np.isfinite(x), x - location, 0.0)


def _occupancy_and_tangents(x, log10_ic50, hill):
    """:func:`occupancy_free` and its derivatives by location and slope."""
    phi = occupancy_free(x, log10_ic50, hill)
    rate = LN10 * phi * (1.0 - phi)
    return phi, rate * hill, -rate * _distance(x, log10_ic50)


def _growth(x, log10_ic50, hill, asymmetry):
    """ln(1 + (2^(1/s) - 1) 10^((x - log10 IC50) h)), without overflow."""
    return np.logaddexp(0.0, LN10 * (x - log10_ic50) * hill + _log_expm1(LN2 / asymmetry))


def _log_expm1(a):
    """ln(e^a - 1)."""
    return a + np.log(-np.expm1(-a))


def _stack(*derivatives):
    return np.stack(np.broadcast_arrays(*derivatives))


def log10_absolute_ic50(log10_ic50, hill, top, bottom, half, asymmetry=1.0):
    """Where a logistic curve crosses the response `half`.

    Solving :func:`richards` for x gives

    .. math:: x = \\log_{10} IC_{50} + \\frac{1}{h} \\log_{10}
              \\frac{((T - B)/(half - B))^{1/s} - 1}{2^{1/s} - 1}

    which for s = 1 is the solution of :func:`logistic`.

    Parameters
    ----------
    log10_ic50, hill, top, bottom, half : array_like
        `half` is the middle of the control range.
    asymmetry : array_like
        s.

    Returns
    -------
    ndarray
        log10 concentration; +inf where the lower plateau lies above `half` (never
        reached), -inf where even the upper plateau lies below it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (top - half) / (half - bottom)
        symmetric = np.log10(ratio)
        skewed = (_log_expm1(np.log1p(ratio) / asymmetry) - _log_expm1(LN2 / asymmetry)) / LN10
        crossing = log10_ic50 + np.where(np.equal(asymmetry, 1.0), symmetric, skewed) / hill
    crossing = np.where(bottom >= half, np.inf, crossing)
    return np.where(top <= half, -np.inf, crossing)


@dataclass(frozen=True)
class Model:
    """A response model as the fitting engines take it.

    Attributes
    ----------
    name : str
    parameters : tuple of str
        In the order of the arguments of `response` and the rows of `jacobian`.
    response, jacobian : callable
        Functions of (x, *parameters); see the module.
    standard_form : callable, optional
        From the parameters to those of the same curve by which it is reported, where
        several describe it.
    """

    name: str
    parameters: tuple[str, ...]
    response: Callable[..., np.ndarray]
    jacobian: Callable[..., np.ndarray]
    standard_form: Callable[..., tuple] = lambda *parameters: parameters


def _one_site(x, log10_ic50, top, bottom):
    return logistic(x, log10_ic50, 1.0, top, bottom)


def _one_site_jacobian(x, log10_ic50, top, bottom):
    return logistic_jacobian(x, log10_ic50, 1.0, top, bottom)[[0, 2, 3]]


_LOGISTIC = ("log10_ic50", "hill", "top", "bottom")
_SITES = ("log10_ic50_1", "log10_ic50_2", "fraction", "top", "bottom")
_LOSS = ("loss_decades", "loss_hill")

MODELS = {
    model.name: model
    for model in (
        Model("constant", ("top", "nonspecific"), constant, constant_jacobian),
        Model("3PL", ("log10_ic50", "top", "bottom"), _one_site, _one_site_jacobian),
        Model("4PL", _LOGISTIC, logistic, logistic_jacobian),
        Model("5PL", (*_LOGISTIC, "asymmetry"), richards, richards_jacobian),
        Model("two-site", _SITES, two_site, two_site_jacobian, sites_in_order),
        Model("partial", (*_LOGISTIC, "nonspecific"), partial, partial_jacobian),
        Model("gain-loss", (*_LOGISTIC, *_LOSS), gain_loss, gain_loss_jacobian),
    )
}
