"""Least-squares fits of the logistic model, all curves of a batch at once.

The plateaus enter the model linearly and are eliminated at every step (variable
projection: Golub & Pereyra 1973, SIAM J Numer Anal 10:413; the Gauss-Newton step uses
Kaufman's approximation, 1975, BIT 15:49). What is left are one or two parameters,
log10 IC50 and ln Hill, so that a scan finds the start and nothing hangs on a guess or on
the unit of the response.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reuptake.curves.groups import Batch
from reuptake.curves.models import LN10

HILL_LIMITS = (0.1, 10.0)
# log10 IC50 is searched this far beyond the tested range; further out the curve is, to
# one part in a million, its own limit
REACH_DECADES = 6.0
_STARTS = 24
_START_HILLS = (0.5, 1.0, 2.0)
_MAX_STEPS = 60
_MAX_HALVINGS = 12
_TOLERANCE = 1e-11


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

    def select(self, rows) -> Fit:
        """The curves at `rows`."""
        return Fit(*(getattr(self, f)[rows] for f in self.__annotations__))


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
    phi_ss: np.ndarray


def _project(x, weight, mean, location, log_hill) -> _Projection:
    """Best plateaus for a fixed location and slope: a weighted straight line in phi."""
    with np.errstate(over="ignore"):
        z = (LN10 * np.exp(log_hill))[..., None] * (x - location[..., None])
        phi = 1.0 / (1.0 + np.exp(z))
    total = weight.sum(axis=-1)
    phi_mean = (weight * phi).sum(axis=-1) / total
    y_mean = (weight * mean).sum(axis=-1) / total
    phi_deviation = phi - phi_mean[..., None]
    y_deviation = mean - y_mean[..., None]
    phi_ss = (weight * phi_deviation**2).sum(axis=-1)
    span = np.divide(
        (weight * phi_deviation * y_deviation).sum(axis=-1),
        phi_ss,
        out=np.zeros_like(phi_ss),
        where=phi_ss > 1e-30,
    )
    residual = y_deviation - span[..., None] * phi_deviation
    bottom = y_mean - span * phi_mean
    ss = (weight * residual**2).sum(axis=-1)
    return _Projection(bottom + span, bottom, ss, residual, phi, z, phi_deviation, phi_ss)


def _tangents(state: _Projection, weight, log_hill):
    """Derivatives of the curve by location and ln Hill, and their parts beyond the plateaus."""
    slope = state.phi * (1.0 - state.phi) * (state.top - state.bottom)[..., None]
    by_location = slope * (LN10 * np.exp(log_hill))[..., None]
    by_log_hill = -slope * np.where(np.isfinite(state.z), state.z, 0.0)
    return by_location, by_log_hill


def _beyond_plateaus(state: _Projection, weight, tangent):
    total = weight.sum(axis=-1)
    tangent = tangent - ((weight * tangent).sum(axis=-1) / total)[..., None]
    along = np.divide(
        (weight * tangent * state.phi_deviation).sum(axis=-1),
        state.phi_ss,
        out=np.zeros_like(state.phi_ss),
        where=state.phi_ss > 1e-30,
    )
    return tangent - along[..., None] * state.phi_deviation


def _gauss_newton_step(state: _Projection, weight, log_hill, free_location, free_hill):
    """Step in (location, ln Hill) and the reduced information matrix (a, b; b, c)."""
    by_location, by_log_hill = _tangents(state, weight, log_hill)
    u = _beyond_plateaus(state, weight, by_location) if free_location else 0.0
    v = _beyond_plateaus(state, weight, by_log_hill) if free_hill else 0.0
    zero = np.zeros_like(state.ss)
    a = (weight * u * u).sum(axis=-1) if free_location else zero + 1.0
    c = (weight * v * v).sum(axis=-1) if free_hill else zero + 1.0
    b = (weight * u * v).sum(axis=-1) if free_location and free_hill else zero
    g = (weight * u * state.residual).sum(axis=-1) if free_location else zero
    h = (weight * v * state.residual).sum(axis=-1) if free_hill else zero
    determinant = a * c - b * b
    usable = determinant > 1e-14 * a * c
    safe = np.where(usable, determinant, 1.0)
    step_location = np.where(usable, (c * g - b * h) / safe, _ratio(g, a))
    step_hill = np.where(usable, (a * h - b * g) / safe, 0.0)
    return step_location, step_hill


def _ratio(a, b):
    return np.divide(a, b, out=np.zeros_like(a), where=b > 1e-300)


def limits(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest tested log10 concentration of each curve; shapes (m,)."""
    tested = np.isfinite(x)
    return (
        np.where(tested, x, np.inf).min(axis=-1),
        np.where(tested, x, -np.inf).max(axis=-1),
    )


def minimise(batch: Batch, weight, location, log_hill, *, free_location, free_hill) -> Fit:
    """Gauss-Newton with step halving from a given start, for every curve of a batch.

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
    low, high = low - REACH_DECADES, high + REACH_DECADES
    hill_low, hill_high = np.log(HILL_LIMITS[0]), np.log(HILL_LIMITS[1])
    location, log_hill = location.copy(), log_hill.copy()
    top, bottom, ss = (np.empty(len(location)) for _ in range(3))
    converged = np.zeros(len(location), dtype=bool)

    active = np.arange(len(location))
    x, w, y = batch.x, weight, batch.mean
    state = _project(x, w, y, location, log_hill)
    top[:], bottom[:], ss[:] = state.top, state.bottom, state.ss
    if not (free_location or free_hill):
        converged[:] = True
        return Fit(location, np.exp(log_hill), top, bottom, ss, converged)

    for _ in range(_MAX_STEPS):
        here_location, here_hill = location[active], log_hill[active]
        step_location, step_hill = _gauss_newton_step(state, w, here_hill, free_location, free_hill)
        # no step beyond what the local picture can vouch for
        step_location = np.clip(step_location, -1.0, 1.0)
        step_hill = np.clip(step_hill, -1.0, 1.0)
        scale = np.ones(len(active))
        open_ = np.ones(len(active), dtype=bool)
        next_location, next_hill = here_location.copy(), here_hill.copy()
        for _ in range(_MAX_HALVINGS):
            if open_.all():
                ix, iw, iy = x, w, y
            else:
                ix, iw, iy = x[open_], w[open_], y[open_]
            try_location = np.clip(
                here_location[open_] + scale[open_] * step_location[open_],
                low[active][open_],
                high[active][open_],
            )
            try_hill = np.clip(
                here_hill[open_] + scale[open_] * step_hill[open_], hill_low, hill_high
            )
            trial_ss = _project(ix, iw, iy, try_location, try_hill).ss
            better = trial_ss <= ss[active][open_]
            rows = np.flatnonzero(open_)
            next_location[rows[better]] = try_location[better]
            next_hill[rows[better]] = try_hill[better]
            open_[rows[better]] = False
            if not open_.any():
                break
            scale[open_] *= 0.25
        moved = np.maximum(np.abs(next_location - here_location), np.abs(next_hill - here_hill))
        location[active], log_hill[active] = next_location, next_hill
        state = _project(x, w, y, next_location, next_hill)
        top[active], bottom[active], ss[active] = state.top, state.bottom, state.ss
        done = moved < _TOLERANCE
        converged[active[done]] = True
        if done.all():
            break
        if done.any():
            active = active[~done]
            x, w, y = x[~done], w[~done], y[~done]
            state = _Projection(*(getattr(state, f)[~done] for f in state.__annotations__))
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
    best_ss = np.full(len(low), np.inf)
    best_location, best_hill = low.copy(), np.zeros(len(low))
    for hill in _START_HILLS if free_hill else (1.0,):
        log_hill = np.full(len(low), np.log(hill))
        for fraction in np.linspace(0.0, 1.0, _STARTS):
            location = (low - 1.5) + (high - low + 3.0) * fraction
            ss = _project(batch.x, weight, batch.mean, location, log_hill).ss
            better = ss < best_ss
            best_ss = np.where(better, ss, best_ss)
            best_location = np.where(better, location, best_location)
            best_hill = np.where(better, log_hill, best_hill)
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
    state = _project(batch.x, weight, batch.mean, fitted.log10_ic50, log_hill)
    by_location, by_log_hill = _tangents(state, weight, log_hill)
    columns = [state.phi, 1.0 - state.phi, by_location] + ([by_log_hill] if free_hill else [])
    jacobian = np.stack(columns, axis=-2)
    information = np.einsum("mik,mk,mjk->mij", jacobian, weight, jacobian)
    diagonal = np.sqrt(np.einsum("mii->mi", information))
    diagonal = np.where(diagonal > 0, diagonal, 1.0)
    scaled = information / (diagonal[:, :, None] * diagonal[:, None, :])
    scaled = np.where(np.isfinite(scaled), scaled, 0.0) + 1e-15 * np.eye(len(columns))
    inverse = np.linalg.pinv(scaled, hermitian=True, rcond=1e-15)
    own = np.einsum("mii->mi", inverse)
    with np.errstate(divide="ignore", invalid="ignore"):
        dependency = np.where(own > 0, 1.0 - 1.0 / own, 1.0).max(axis=1)
        se = np.sqrt(np.maximum(own, 0.0)) / diagonal
    return se[:, 2], se[:, 1], dependency
