"""Transport kinetics: Km and Vmax, and whether uptake was linear in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from reuptake.binding.isotherm import fit_isotherm
from reuptake.curves.least_squares import ConstantsFit, Weight

SIGNIFICANCE = 0.05


def mixture_specific_activity(specific_activity, labelled_nM: ArrayLike, unlabelled_nM: ArrayLike):
    """Specific activity of labelled substrate after dilution with unlabelled.

    .. math:: SA_{mix} = SA \\; h / (h + c)

    Parameters
    ----------
    specific_activity : float
        Of the labelled substrate, Ci/mmol.
    labelled_nM, unlabelled_nM : array_like

    Returns
    -------
    ndarray
        Ci/mmol.
    """
    labelled = np.asarray(labelled_nM, dtype=float)
    return specific_activity * labelled / (labelled + unlabelled_nM)


def fit_michaelis_menten(
    substrate_nM: ArrayLike,
    rate: ArrayLike,
    *,
    nonspecific: ArrayLike | None = None,
    weight: Weight | None = None,
) -> ConstantsFit:
    """Km and Vmax by nonlinear least squares.

    .. math:: v = V_{max} S / (K_m + S) \\; [+ NS \\, S]

    Parameters
    ----------
    substrate_nM : array_like, shape (n,)
        All substrate, labelled and unlabelled.
    rate : array_like, shape (n,)
        Uptake in a time, by the specific activity of the *mixture*
        (:func:`mixture_specific_activity`).
    nonspecific : array_like of bool, shape (n,), optional
        Wells whose transport is blocked; they are fitted together with the others and tell
        NS. Not given: `rate` is of transport alone.
    weight : ndarray or callable, optional
        ``rate ** -2.0`` for a constant coefficient of variation,
        :func:`reuptake.curves.least_squares.counting` for counts; not given: all equal.

    Returns
    -------
    ConstantsFit
        Constants ``km`` (nM), ``vmax`` (unit of the rate) and, with non-specific wells,
        ``ns`` (that per nM).

    Raises
    ------
    ValueError
        See :func:`reuptake.binding.isotherm.fit_isotherm`.
    """
    return fit_isotherm(
        substrate_nM,
        rate,
        blocked=False if nonspecific is None else nonspecific,
        names=("km", "vmax", "ns", "background"),
        nonspecific=nonspecific is not None,
        background=False,
        weight=weight,
    )


@dataclass(frozen=True)
class Linearity:
    """Whether uptake rises in proportion to time.

    Attributes
    ----------
    rate : float
        Initial slope of the straight line or, if that does not do, of the parabola.
    quadratic, quadratic_se, p : float
        Coefficient of time², its standard error, and the p of its being 0.
    linear_to_min : float
        The longest time up to which the quadratic term is not significant; NaN if not even
        the first three times are in a line.
    """

    rate: float
    quadratic: float
    quadratic_se: float
    p: float
    linear_to_min: float

    @property
    def linear(self) -> bool:
        """Whether the whole course is."""
        return self.p >= SIGNIFICANCE


def linearity(time_min: ArrayLike, uptake: ArrayLike) -> Linearity:
    """Test of uptake through zero for curvature.

    .. math:: u = a t + b t^2

    by least squares; b = 0 is rejected at p < 0.05 of its two-sided t test. An uptake that is
    not told from a straight line may still bend: the test has the power that the wells give it.

    Parameters
    ----------
    time_min : array_like, shape (n,)
        Above zero.
    uptake : array_like, shape (n,)
        Specific uptake.

    Returns
    -------
    Linearity

    Raises
    ------
    ValueError
        If there are fewer than three wells or fewer than two times, or a time is not positive.
    """
    time, uptake = np.asarray(time_min, dtype=float), np.asarray(uptake, dtype=float)
    times = np.unique(time)
    if len(time) < 3 or len(times) < 2 or not times[0] > 0:
        raise ValueError("linearity needs three wells at two or more times above zero")
    slope, quadratic, se, p = _parabola(time, uptake)
    if p >= SIGNIFICANCE:
        slope = (time @ uptake) / (time @ time)
    linear_to = np.nan
    for latest in times[1:]:
        part = time <= latest
        if part.sum() >= 3 and _parabola(time[part], uptake[part])[3] >= SIGNIFICANCE:
            linear_to = latest
    return Linearity(slope, quadratic, se, p, float(linear_to))


def _parabola(time, uptake):
    """Slope, quadratic term, its standard error and p of the parabola through zero."""
    scale = time.max()
    columns = np.stack([time / scale, (time / scale) ** 2], axis=1)
    (slope, quadratic), *_ = np.linalg.lstsq(columns, uptake, rcond=None)
    residual = uptake - columns @ (slope, quadratic)
    df = len(time) - 2
    se = np.sqrt(residual @ residual / df * np.linalg.inv(columns.T @ columns)[1, 1])
    # rounding is no curvature
    exact = np.sqrt(residual @ residual) <= 1e-12 * np.linalg.norm(uptake)
    if exact:
        p = 1.0 if abs(quadratic) <= 1e-9 * abs(slope) else 0.0
    else:
        p = 2.0 * float(stdtr(df, -abs(quadratic) / se))
    return float(slope / scale), float(quadratic / scale**2), float(se / scale**2), p


def consumed_pct(uptake_fmol: ArrayLike, substrate_nM: ArrayLike, volume_uL: ArrayLike):
    """Share of the added substrate that was taken up, ``100 u / (S V)`` (nM x uL = fmol)."""
    return 100.0 * np.asarray(uptake_fmol) / (np.asarray(substrate_nM) * volume_uL)
