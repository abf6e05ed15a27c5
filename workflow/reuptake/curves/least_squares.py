"""Weighted least squares of one data set, with standard errors and profile limits.

For the constants of a run (Kd, Bmax, Km, Vmax ...), which are few; curves by the hundred have
their own engine. Minimisation is MINPACK's Levenberg-Marquardt with analytic derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, leastsq

from reuptake.curves.profile import threshold

Weight = np.ndarray | Callable[[np.ndarray], np.ndarray]
# theta -> response, shape (n,), and its derivatives, shape (n, p)
Model = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

_TOLERANCE = 4 * np.finfo(float).eps
# what a sum of squares needs, which is flat at its minimum
_PROFILE_TOLERANCE = 1e-9
# of MINPACK: converged, the last three because more is not possible
_CONVERGED = (1, 2, 3, 4, 6, 7, 8)
_MAX_ROUNDS = 100
_ROUND_TOLERANCE = 1e-12
# a positive parameter is searched this far to either side, in powers of e
_REACH = 20.0
_MAX_OUTWARD = 40
# residuals that are nothing but rounding
_EXACT = 1e-12


@dataclass(frozen=True)
class Constant:
    """A fitted constant: estimate, standard error and 95 % profile limits.

    A limit is 0 or infinite where the profile does not close on that side.
    """

    value: float
    se: float
    lower: float
    upper: float


@dataclass(frozen=True)
class ConstantsFit:
    """Fitted constants of one data set.

    Attributes
    ----------
    constants : dict of str to Constant
    covariance : ndarray, shape (p, p)
        Of the constants, in their order: (J'WJ)^-1 SS/df.
    dependency : float
        The largest 1 - 1/(C_jj (C^-1)_jj): 0 for independent, 1 for redundant constants.
    fitted, weight : ndarray, shape (n,)
        Response at the fit, and the final weights.
    ss : float
        Weighted residual sum of squares.
    df : int
    converged : bool
    """

    constants: dict[str, Constant]
    covariance: np.ndarray
    dependency: float
    fitted: np.ndarray
    weight: np.ndarray
    ss: float
    df: int
    converged: bool

    def __getitem__(self, name: str) -> Constant:
        return self.constants[name]


def counting(counting_per_unit, c: float) -> Callable[[np.ndarray], np.ndarray]:
    """Weights of counted data, to be taken at the fitted response.

    .. math:: w = 1 / (k Y + (c Y)^2)

    Parameters
    ----------
    counting_per_unit : float or ndarray, shape (n,)
        k, counting variance per unit of the response; one a well where the response is a
        different multiple of the counts in each.
    c : float
        Proportional error of the run.

    References
    ----------
    GraphPad Prism 8 guide, "How weighting works"; both variances added.
    """

    def weight(level: np.ndarray) -> np.ndarray:
        # a fitted level at or below zero says nothing of its own error
        level = np.maximum(level, 1e-3 * np.abs(level).max())
        return 1.0 / (counting_per_unit * level + (c * level) ** 2)

    return weight


def fit(
    model: Model,
    response: np.ndarray,
    starts: Sequence[Sequence[float]],
    names: Sequence[str],
    positive: Sequence[bool],
    weight: Weight | None = None,
) -> ConstantsFit:
    """Fit a model to one data set.

    Parameters
    ----------
    model : callable
        From coordinates (the logarithm of a positive constant, else the constant itself) to
        the response, shape (n,), and its derivatives by the coordinates, shape (n, p).
    response : ndarray, shape (n,)
    starts : sequence of sequence of float
        Constants, not coordinates, to start from; the lowest minimum that they lead to counts.
    names : sequence of str
    positive : sequence of bool
        Which constants are positive, hence fitted by their logarithm.
    weight : ndarray, shape (n,), or callable, optional
        Weights, or a function from the fitted response to them: then the first fit is
        unweighted, and fit and weights alternate to a standstill. Not given: all equal.

    Returns
    -------
    ConstantsFit
        Standard errors are sqrt(diag((J'WJ)^-1 SS/df)); limits are where the profiled sum of
        squares reaches SS (1 + F(0.95; 1, df)/df), at the final weights.

    Raises
    ------
    ValueError
        If there are not more points than constants, or a response or weight is not usable.

    References
    ----------
    GraphPad Prism 8 guide, "How confidence intervals are computed".
    """
    response = np.asarray(response, dtype=float)
    positive = np.asarray(positive)
    df = len(response) - len(names)
    if df < 1:
        raise ValueError(
            f"{len(response)} wells cannot tell {len(names)} constants "
            f"({', '.join(names)}) and their error: at least {len(names) + 1} are needed"
        )
    if not np.all(np.isfinite(response)):
        raise ValueError("a response is missing or infinite: leave its well out")
    fixed = np.ones(len(response)) if weight is None or callable(weight) else np.asarray(weight)
    if fixed.shape != response.shape or not np.all(np.isfinite(fixed) & (fixed > 0)):
        raise ValueError("every well needs a weight above zero (1/Y² has none where Y is 0)")

    found = []
    for start in np.asarray(starts, dtype=float):
        theta = np.where(positive, np.log(np.where(positive, start, 1.0)), start)
        theta, converged = _minimise(model, response, fixed, theta)
        found.append((fixed @ (response - model(theta)[0]) ** 2, converged, theta))
    _, converged, theta = min(found, key=lambda each: each[0])
    if callable(weight):
        for _ in range(_MAX_ROUNDS):
            before, fixed = theta, weight(model(theta)[0])
            theta, converged = _minimise(model, response, fixed, theta)
            if np.all(np.abs(theta - before) <= _ROUND_TOLERANCE * (1.0 + np.abs(before))):
                break
        else:
            converged = False

    fitted, jacobian = model(theta)
    ss = float(fixed @ (response - fitted) ** 2)
    inverse, dependency = _inverse_information(np.sqrt(fixed)[:, None] * jacobian)
    value = np.where(positive, np.exp(np.where(positive, theta, 0.0)), theta)
    by_coordinate = np.where(positive, value, 1.0)
    covariance = inverse * ss / df * np.outer(by_coordinate, by_coordinate)
    se = np.sqrt(np.diag(covariance))
    problem = _Profile(model, response, fixed, theta, ss, float(threshold(ss, df)))
    constants = {}
    for j, name in enumerate(names):
        step = np.sqrt(inverse[j, j] * ss / df)
        lower, upper = (problem.limit(j, sign * step, positive[j]) for sign in (-2.0, 2.0))
        if positive[j]:
            lower, upper = np.exp(lower), np.exp(upper)
        constants[name] = Constant(float(value[j]), float(se[j]), float(lower), float(upper))
    return ConstantsFit(constants, covariance, dependency, fitted, fixed, ss, df, converged)


def _minimise(model: Model, response, weight, theta, held: int | None = None, tolerance=_TOLERANCE):
    """Best coordinates from a start, with one of them held; and whether it was reached."""
    root = np.sqrt(weight)
    free = np.arange(len(theta)) != held
    if not free.any():
        return theta, True
    at = theta.copy()

    def residual(some):
        at[free] = some
        with np.errstate(over="ignore", invalid="ignore"):
            return np.nan_to_num(root * (model(at)[0] - response), nan=1e150, posinf=1e150)

    def jacobian(some):
        at[free] = some
        with np.errstate(over="ignore", invalid="ignore"):
            return np.nan_to_num(root[:, None] * model(at)[1][:, free], posinf=1e150)

    some, _, _, _, status = leastsq(
        residual, theta[free], Dfun=jacobian, full_output=True, ftol=tolerance, xtol=tolerance
    )
    out = theta.copy()
    out[free] = some
    return out, status in _CONVERGED


def _inverse_information(weighted_jacobian):
    """(J'WJ)^-1, and the largest dependency."""
    scale = np.linalg.norm(weighted_jacobian, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    # of the triangular factor, so that the condition is not squared
    factor = np.linalg.qr(weighted_jacobian / scale, mode="r")
    inverse_factor = np.linalg.pinv(factor)
    inverse = inverse_factor @ inverse_factor.T
    dependency = float((1.0 - 1.0 / np.maximum(np.diag(inverse), 1.0)).max())
    return inverse / np.outer(scale, scale), dependency


@dataclass(frozen=True)
class _Profile:
    model: Model
    response: np.ndarray
    weight: np.ndarray
    theta: np.ndarray
    ss: float
    limit_ss: float

    def limit(self, j: int, step: float, positive: bool) -> float:
        """Where the profile of coordinate j crosses the limit in the direction of `step`."""
        size = np.sqrt(self.weight @ self.response**2)
        rise = np.sqrt(self.limit_ss - self.ss)
        if rise <= _EXACT * size:  # data without any scatter pin the constant down
            return self.theta[j]
        warm = self.theta

        def climb(distance: float) -> float:
            nonlocal warm
            if distance == 0.0:
                return -rise
            at = warm.copy()
            at[j] = self.theta[j] + distance
            warm, _ = _minimise(self.model, self.response, self.weight, at, j, _PROFILE_TOLERANCE)
            ss = self.weight @ (self.response - self.model(warm)[0]) ** 2
            return np.sqrt(max(ss - self.ss, 0.0)) - rise

        inner, outer = 0.0, step
        if positive and not abs(outer) < _REACH:
            outer = np.copysign(1.0, step)
        for _ in range(_MAX_OUTWARD):
            if positive and abs(outer) > _REACH:
                return np.copysign(np.inf, step)
            if climb(outer) > 0:
                return self.theta[j] + brentq(climb, inner, outer, xtol=1e-10 * abs(outer))
            inner, outer = outer, 2.0 * outer
        return np.copysign(np.inf, step)
