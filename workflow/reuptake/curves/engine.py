"""Least-squares fits of the logistic model, all curves of a batch at once.

The plateaus enter the model linearly and are eliminated at every step (variable
projection: Golub & Pereyra 1973, SIAM J Numer Anal 10:413). What is left are one or two
parameters, log10 IC50 and ln Hill, so that a scan finds the start, Newton's method with the
exact second derivatives ends it in a few steps, and nothing hangs on a guess or on the unit
of the response.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reuptake.curves.groups import Batch
from reuptake.curves.models import LN10, logistic

HILL_LIMITS = (0.1, 10.0)
# log10 IC50 is searched this far beyond the tested range; further out the curve is, to
# one part in a thousand million, its own limit
REACH_DECADES = 9.0
_STARTS = 24
_START_HILLS = (0.5, 1.0, 2.0)
_MAX_STEPS = 40
_TOLERANCE = 1e-10
# a sum of squares that is no larger but for its last digits
_ROUNDING = 1.0 + 1e-12
# mean square spread of phi below which a curve is flat over the tested range
_LEAST_PHI = 1e-30


@dataclass(frozen=True)
class Fit:
    """Fitted parameters of the curves of a batch; all arrays have shape (m,).

    ``ss`` is the weighted sum of squares of the concentration means about the curve;
    the wells' own scatter is not in it. ``converged`` is false where the steps ran out.
    """

    log10_ic50: np.ndarray
    hill: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    ss: np.ndarray
    converged: np.ndarray

    def choose(self, other: Fit, take: np.ndarray) -> Fit:
        """This fit, with `other` where `take` is true."""
        return Fit(
            *(np.where(take, getattr(other, f), getattr(self, f)) for f in self.__annotations__)
        )

    def at(self, x: np.ndarray) -> np.ndarray:
        """The fitted curves at log10 concentrations `x`; shapes (m, k)."""
        parameters = (self.log10_ic50, self.hill, self.top, self.bottom)
        return logistic(x, *(p[:, None] for p in parameters))

    def select(self, rows) -> Fit:
        """The curves at `rows`."""
        return Fit(*(getattr(self, f)[rows] for f in self.__annotations__))


class _Data:
    """Means and weights of a batch with the curves along the last axis; shapes (k, m).

    Sums over concentrations then run along whole rows, fast and for every curve in the
    same order, however many curves there are.
    """

    def __init__(self, x, weight, mean):
        self.x, self.weight, self.mean = x, weight, mean
        self.total = _sum(weight)
        self.y_mean = _sum(weight * mean) / self.total
        self.y = mean - self.y_mean

    @classmethod
    def of(cls, batch: Batch, weight) -> _Data:
        return cls(*(np.ascontiguousarray(a.T) for a in (batch.x, weight, batch.mean)))

    def select(self, curves) -> _Data:
        return _Data(*(a.compress(curves, axis=1) for a in (self.x, self.weight, self.mean)))


def _sum(a: np.ndarray) -> np.ndarray:
    """Sum over concentrations, one after another also where numpy would pair them."""
    return np.add.reduce(a, axis=0) if a.shape[1] > 1 else np.add.accumulate(a, axis=0)[-1]


def _ratio(a, b, least=1e-300):
    """a / b, and 0 where `b` is next to nothing."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > least)


@dataclass(frozen=True)
class _Projection:
    """State of the projected problem at given log10 IC50 and ln Hill."""

    top: np.ndarray
    bottom: np.ndarray
    ss: np.ndarray
    residual: np.ndarray
    phi: np.ndarray
    z: np.ndarray
    phi_deviation: np.ndarray
    phi_weighted: np.ndarray
    phi_ss: np.ndarray


def _project(data: _Data, location, log_hill) -> _Projection:
    """Best plateaus for a fixed location and slope: a weighted straight line in phi."""
    with np.errstate(over="ignore"):
        z = (LN10 * np.exp(log_hill)) * (data.x - location)
        phi = 1.0 / (1.0 + np.exp(z))
    phi_mean = _sum(data.weight * phi) / data.total
    phi_deviation = phi - phi_mean
    phi_weighted = data.weight * phi_deviation
    phi_ss = _sum(phi_weighted * phi_deviation)
    span = _ratio(_sum(phi_weighted * data.y), phi_ss, _LEAST_PHI * data.total)
    residual = data.y - span * phi_deviation
    bottom = data.y_mean - span * phi_mean
    ss = _sum(data.weight * residual**2)
    return _Projection(
        bottom + span, bottom, ss, residual, phi, z, phi_deviation, phi_weighted, phi_ss
    )


def _tangents(state: _Projection, log_hill):
    """Derivatives of the curve by location and ln Hill."""
    slope = state.phi * (1.0 - state.phi) * (state.top - state.bottom)
    by_location = slope * (LN10 * np.exp(log_hill))
    by_log_hill = -slope * np.where(np.isfinite(state.z), state.z, 0.0)
    return by_location, by_log_hill


def _beyond_plateaus(state: _Projection, data: _Data, tangent):
    """The part of a derivative that no change of the plateaus can imitate."""
    tangent = tangent - _sum(data.weight * tangent) / data.total
    along = _ratio(_sum(state.phi_weighted * tangent), state.phi_ss, _LEAST_PHI * data.total)
    return tangent - along * state.phi_deviation


def _step(state: _Projection, data: _Data, at, bounds, free_location, free_hill):
    """Newton's step in (location, ln Hill) with the plateaus following.

    The reduced Hessian (a, b; b, c) is that of Gauss-Newton less the curvature of the model
    weighted by the residuals; where it is not positive the Gauss-Newton part alone is used.
    The step ends where a bound is met; a parameter that would leave its bound outward stays
    there, and the other moves alone.
    """
    log_hill = at[1]
    rate = LN10 * np.exp(log_hill)
    by_location, by_log_hill = _tangents(state, log_hill)
    residual = data.weight * state.residual
    zero = np.zeros_like(state.ss)
    a, b, c, g, h = zero + 1.0, zero, zero + 1.0, zero, zero
    bend_a, bend_b, bend_c = zero, zero, zero
    bend = by_location * (1.0 - 2.0 * state.phi)  # second derivative in z, times the rate
    if free_location:
        u = _beyond_plateaus(state, data, by_location)
        a, g = _sum(data.weight * u * u), _sum(residual * by_location)
        bend_a = _sum(residual * bend) * rate
    if free_hill:
        z = np.where(np.isfinite(state.z), state.z, 0.0)
        v = _beyond_plateaus(state, data, by_log_hill)
        c, h = _sum(data.weight * v * v), _sum(residual * by_log_hill)
        bend_c = _sum(residual * (bend * (z / rate) * z + by_log_hill))
    if free_location and free_hill:
        b = _sum(data.weight * u * v)
        bend_b = _sum(residual * (by_location - bend * z))
    newton = (a - bend_a, b - bend_b, c - bend_c)
    good = (newton[0] > 0) & (newton[2] > 0) & (newton[0] * newton[2] > newton[1] ** 2)
    a, b, c = (np.where(good, n, gauss) for n, gauss in zip(newton, (a, b, c), strict=True))
    determinant = a * c - b * b
    usable = determinant > 1e-14 * a * c
    safe = np.where(usable, determinant, 1.0)
    step_location = np.where(usable, (c * g - b * h) / safe, _ratio(g, a))
    step_hill = np.where(usable, (a * h - b * g) / safe, 0.0)
    room_location, room_hill = (
        np.divide(np.where(step > 0, high, low) - value, step, out=zero + 1.0, where=step != 0)
        for step, value, (low, high) in zip((step_location, step_hill), at, bounds, strict=True)
    )
    step_location = np.where(room_hill > 0, step_location, _ratio(g, a))
    step_hill = np.where(room_location > 0, step_hill, _ratio(h, c))
    step_location = np.where(room_location > 0, step_location, 0.0)
    step_hill = np.where(room_hill > 0, step_hill, 0.0)
    # no step beyond what the local picture can vouch for
    size = np.maximum(np.maximum(np.abs(step_location), np.abs(step_hill)), 1.0)
    room = np.minimum(*(np.where(r > 0, r, 1.0) for r in (room_location, room_hill)))
    scale = np.minimum(1.0 / size, room)
    return scale * step_location, scale * step_hill


def limits(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest tested log10 concentration of each curve; shapes (m,)."""
    tested = np.isfinite(x)
    return (
        np.where(tested, x, np.inf).min(axis=-1),
        np.where(tested, x, -np.inf).max(axis=-1),
    )


def minimise(batch: Batch, weight, location, log_hill, *, free_location, free_hill) -> Fit:
    """Damped Newton steps from a given start, for every curve of a batch.

    Parameters
    ----------
    batch : Batch
    weight : ndarray, shape (m, k)
        Weight of each mean (wells times weight per well); zero leaves a mean out.
    location, log_hill : ndarray, shape (m,)
        Start: log10 IC50 and ln Hill.
    free_location, free_hill : bool
        Which of the two is fitted; the plateaus always are.

    Returns
    -------
    Fit
    """
    low, high = limits(batch.x)
    bounds = (low - REACH_DECADES, high + REACH_DECADES), tuple(np.log(HILL_LIMITS))
    location, log_hill = location.copy(), log_hill.copy()
    converged = np.zeros(len(location), dtype=bool)

    data = _Data.of(batch, weight)
    state = _project(data, location, log_hill)
    top, bottom, ss = state.top, state.bottom, state.ss
    if not (free_location or free_hill):
        return Fit(location, np.exp(log_hill), top, bottom, ss, ~converged)

    active = np.arange(len(location))
    here = location[active], log_hill[active]
    step = _step(state, data, here, bounds, free_location, free_hill)
    for _ in range(_MAX_STEPS):
        there = tuple(
            np.clip(value + change, *limit)
            for value, change, limit in zip(here, step, bounds, strict=True)
        )
        state = _project(data, *there)
        better = state.ss <= ss[active] * _ROUNDING
        rows = active[better]
        for answer, new in (
            *zip((location, log_hill), there, strict=True),
            (top, state.top),
            (bottom, state.bottom),
            (ss, state.ss),
        ):
            answer[rows] = new[better]
        moved = np.maximum(*(np.abs(a - b) for a, b in zip(there, here, strict=True)))
        going = moved >= _TOLERANCE
        converged[active[~going]] = True
        if not going.any():
            break
        onward = _step(state, data, there, bounds, free_location, free_hill)
        # a step that led uphill is tried again, shorter
        step = tuple(np.where(better, new, old / 4) for new, old in zip(onward, step, strict=True))
        if not going.all():
            active, data = active[going], data.select(going)
            step = tuple(a[going] for a in step)
            bounds = tuple(a[going] for a in bounds[0]), bounds[1]
        here = location[active], log_hill[active]
    return Fit(location, np.exp(log_hill), top, bottom, ss, converged)


def fit(batch: Batch, weight, *, free_hill: bool) -> Fit:
    """Fit every curve of a batch: scan for the start, then minimise.

    Parameters
    ----------
    batch : Batch
    weight : ndarray, shape (m, k)
        Weight of each mean; zero leaves it out.
    free_hill : bool
        Four-parameter logistic if true, otherwise Hill = 1.

    Returns
    -------
    Fit
    """
    low, high = limits(batch.x)
    data = _Data.of(batch, weight)
    most = np.full(len(low), -np.inf)
    best_location, best_hill = low.copy(), np.zeros(len(low))
    least = _LEAST_PHI * data.total
    for hill in _START_HILLS if free_hill else (1.0,):
        rate = LN10 * hill
        growth = np.exp(rate * (data.x - low))
        for fraction in np.linspace(0.0, 1.0, _STARTS):
            location = (low - 1.5) + (high - low + 3.0) * fraction
            phi = 1.0 / (1.0 + growth * np.exp(rate * (low - location)))
            phi = phi - _sum(data.weight * phi) / data.total
            weighted = data.weight * phi
            explained = _ratio(_sum(weighted * data.y) ** 2, _sum(weighted * phi), least)
            better = explained > most
            most = np.where(better, explained, most)
            best_location = np.where(better, location, best_location)
            best_hill = np.where(better, np.log(hill), best_hill)
    return minimise(
        batch, weight, best_location, best_hill, free_location=True, free_hill=free_hill
    )


def uncertainty(batch: Batch, weight, fitted: Fit, *, free_hill: bool):
    """Unscaled standard errors of log10 IC50 and bottom, and the largest dependency.

    With J the derivatives of the curve by (top, bottom, log10 IC50[, ln Hill]) and
    C = (J' W J)^-1, the standard error is sqrt(C_jj s^2) and the dependency of a parameter
    1 - 1 / (C_jj (C^-1)_jj), 0 for independent and 1 for redundant parameters.

    Returns
    -------
    se_log10_ic50, se_bottom : ndarray, shape (m,)
        To be multiplied by the residual standard deviation.
    dependency : ndarray, shape (m,)
        The largest over the parameters.

    References
    ----------
    GraphPad Prism guide, "How dependency is calculated".
    """
    log_hill = np.log(fitted.hill)
    data = _Data.of(batch, weight)
    state = _project(data, fitted.log10_ic50, log_hill)
    by_location, by_log_hill = _tangents(state, log_hill)
    columns = [state.phi, 1.0 - state.phi, by_location] + ([by_log_hill] if free_hill else [])
    information = np.empty((len(log_hill), len(columns), len(columns)))
    for i, one in enumerate(columns):
        for j, other in enumerate(columns):
            information[:, i, j] = _sum(one * data.weight * other)
    diagonal = np.sqrt(np.einsum("mii->mi", information))
    diagonal = np.where(diagonal > 0, diagonal, 1.0)
    scaled = information / (diagonal[:, :, None] * diagonal[:, None, :])
    # a ridge of rounding size keeps redundant parameters from stopping the others
    scaled = np.where(np.isfinite(scaled), scaled, 0.0) + 1e-13 * np.eye(len(columns))
    inverse = np.linalg.inv(scaled)
    own = np.einsum("mii->mi", inverse)
    with np.errstate(divide="ignore", invalid="ignore"):
        dependency = np.where(own > 0, 1.0 - 1.0 / own, 1.0).max(axis=1)
        se = np.sqrt(np.maximum(own, 0.0)) / diagonal
    return se[:, 2], se[:, 1], dependency
