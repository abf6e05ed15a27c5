"""Fits of curves whose shape follows from constants that are themselves known with error.

    Y = bottom + (top - bottom)·φ(concentration; K, constants)/φ(0; K, constants)

K is sought; each of the other constants is held, or free with a log-normal prior, or free
without one. Both plateaus are eliminated at every step (variable projection), the rest by
Levenberg-Marquardt in the logarithms with analytic derivatives, for all curves of a batch at
once. What is minimised is

    SS + s²·Σ ((ln p - ln p₀)/sd)²,     s² = SS/ν at the minimum,

so that a prior counts as one more observation in units of its own error. ν is the number of
wells less the fitted parameters that have no prior. Without priors this is least squares, and
the profile interval that of :mod:`reuptake.curves.profile`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import elementwise
from scipy.special import fdtri

from reuptake.curves.engine import REACH_DECADES, limits
from reuptake.curves.groups import Batch
from reuptake.curves.models import LN10

# concentration (k, m) and logarithms of K and the constants (q, m) -> phi (k, m) and its
# derivatives by the logarithms (q, k, m)
Shape = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# K is first sought so far around the tested range, in powers of e
_START_BELOW, _START_ABOVE, _STARTS = 9.0, 3.5, 16
# and with the first constant so many of its standard deviations off its centre
_START_OFFSETS = np.array([0.0, -2.0, -1.0, 1.0, 2.0])
_LARGEST_SD = 1.5
_LEAST_START = 3.0
# a constant without prior stays within this of its centre, in powers of e
_CONSTANT_REACH = 12.0
_MAX_STEPS = 100
# a step has arrived when it promises to lower the objective by less than this part of s²;
# it is still taken, so that the error left is much smaller than its square root in SE
_TOLERANCE = 1e-9
_PROFILE_TOLERANCE = 1e-8
_START_TOLERANCE = 1e-3
_LONGEST_STEP = 1.5
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-4, 1e-12, 1e12
_RIDGE = 1e-6
_ROUNDING = 1.0 + 1e-13
_MAX_ROUNDS = 50
_VARIANCE_TOLERANCE = 1e-8
_MAX_OUTWARD = 60
_LEAST_PHI = 1e-30
# scatter, relative to the response, that is no more than rounding
_EXACT = 1e-10


@dataclass(frozen=True)
class MechanisticFit:
    """Fits of the curves of a batch; arrays have shape (m,) if not said otherwise.

    Attributes
    ----------
    log10_k, log10_k_se : ndarray
        Estimate and its standard error, the constants' errors included.
    log10_lower, log10_upper : ndarray
        95 % profile limits; -inf and +inf where the profile does not close.
    log10_bound : ndarray
        One-sided 95 % upper limit, where the profile has no lower one (inf if that is open
        too); NaN elsewhere.
    constants : ndarray, shape (q - 1, m)
        The other constants at the fit.
    log10_k_shifts : ndarray, shape (q - 1, m)
        Change of log10_k for one standard deviation of a constant's prior; 0 for a constant
        that is held, or free without one.
    top, bottom : ndarray
        Response without the compound, and at complete inhibition.
    ss, df : ndarray
        Weighted residual sum of squares over wells, and its degrees of freedom ν.
    converged : ndarray of bool
    """

    log10_k: np.ndarray
    log10_k_se: np.ndarray
    log10_lower: np.ndarray
    log10_upper: np.ndarray
    log10_bound: np.ndarray
    constants: np.ndarray
    log10_k_shifts: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    ss: np.ndarray
    df: np.ndarray
    converged: np.ndarray


@dataclass(frozen=True)
class _Problem:
    """Data and priors of m curves, the curves along the last axis.

    ``level``, ``weight`` and ``y`` have shape (k, m); ``blocked`` is true for full-block
    wells; ``centre``, ``precision``, ``free``, ``low`` and ``high`` (of the logarithms) (q, m);
    ``variance``, that is s², and ``rounding``, of a sum of squares, (m,).
    """

    shape: Shape
    level: np.ndarray
    blocked: np.ndarray
    weight: np.ndarray
    y: np.ndarray
    centre: np.ndarray
    precision: np.ndarray
    free: np.ndarray
    low: np.ndarray
    high: np.ndarray
    variance: np.ndarray
    rounding: np.ndarray

    def select(self, curves) -> _Problem:
        names = [name for name in self.__annotations__ if name != "shape"]
        return replace(self, **{name: getattr(self, name)[..., curves] for name in names})

    def settle(self, at) -> _State:
        """Best plateaus for given constants: a weighted straight line in phi."""
        phi, derivatives = self.shape(self.level, at)
        phi = np.where(self.blocked, 0.0, phi)
        derivatives = np.where(self.blocked, 0.0, derivatives)
        total = _sum(self.weight)
        phi_mean = _sum(self.weight * phi) / total
        y_mean = _sum(self.weight * self.y) / total
        deviation = phi - phi_mean
        weighted = self.weight * deviation
        spread = _sum(weighted * deviation)
        told = spread > _LEAST_PHI
        span = np.where(told, _sum(weighted * self.y) / np.where(told, spread, 1.0), 0.0)
        residual = self.y - y_mean - span * deviation
        ss = _sum(self.weight * residual**2)
        # the part of each derivative that no change of the plateaus can imitate
        tangents = span * derivatives
        tangents = tangents - (_sum(self.weight * tangents, axis=1) / total)[:, None]
        along = _sum(weighted * tangents, axis=1) / np.where(told, spread, 1.0)
        tangents = tangents - along[:, None] * deviation
        penalty = (self.precision * (at - self.centre) ** 2).sum(axis=0)
        return _State(
            at, y_mean - span * phi_mean, span, residual, tangents, ss, ss + self.variance * penalty
        )


@dataclass(frozen=True)
class _State:
    """Where a minimisation stands; ``objective`` is SS with the priors' part."""

    at: np.ndarray
    bottom: np.ndarray
    span: np.ndarray
    residual: np.ndarray
    tangents: np.ndarray
    ss: np.ndarray
    objective: np.ndarray

    def select(self, curves) -> _State:
        return _State(*(getattr(self, name)[..., curves] for name in self.__annotations__))

    def choose(self, other: _State, take) -> _State:
        """This state, with `other` where `take` is true."""
        return _State(
            *(np.where(take, getattr(other, n), getattr(self, n)) for n in self.__annotations__)
        )

    def store(self, other: _State, curves) -> None:
        """Overwrite the given curves by `other`."""
        for name in self.__annotations__:
            getattr(self, name)[..., curves] = getattr(other, name)


def _sum(a: np.ndarray, axis: int = 0) -> np.ndarray:
    """Sum over concentrations, one after another whatever the layout."""
    return np.add.accumulate(a, axis=axis).take(-1, axis=axis)


def fit(batch: Batch, shape: Shape, constants: np.ndarray, sd: np.ndarray) -> MechanisticFit:
    """Fit K and the plateaus of every curve, with the errors of the other constants.

    Parameters
    ----------
    batch : Batch
        Vehicle wells at x = -inf, full-block wells, in which phi is 0, at +inf.
    shape : callable
        From concentrations in nM (k, m) and the natural logarithms of K and the constants
        (q, m) to phi (k, m) and its derivatives by the logarithms (q, k, m).
    constants : ndarray, shape (q - 1, m)
        Centres of the other constants, above zero; first the concentration of the sites.
    sd : ndarray, shape (q - 1, m)
        Standard deviations of their logarithms: 0 holds a constant, inf leaves it free.

    Returns
    -------
    MechanisticFit

    Raises
    ------
    ValueError
        If a constant is not positive, a standard deviation negative, or a curve without any
        tested concentration.
    """
    if not np.all((constants > 0) & np.isfinite(constants)):
        raise ValueError("every constant must be above zero and finite")
    if not np.all(sd >= 0):
        raise ValueError("a standard deviation must not be negative")
    if not batch.tested.any(axis=1).all():
        raise ValueError("a curve has no well with a concentration")
    problem = _problem(batch, shape, constants, sd)
    df = batch.n_wells - 3.0 - np.isinf(sd).sum(axis=0)
    nu = np.where(df > 0, df, np.nan)

    # data without scatter have that of their last digits
    least = _EXACT**2 * _sum(problem.weight * problem.y**2) / nu
    state, variance = _starts(problem, batch.ss_pure, nu)
    variance = np.maximum(variance, least)
    converged = np.zeros(len(nu), dtype=bool)
    moving = np.arange(len(nu))
    for _ in range(_MAX_ROUNDS):
        problem.variance[moving] = np.nan_to_num(variance[moving])
        part = problem.select(moving)
        found, converged[moving] = _minimise(part, part.settle(state.at[:, moving]), _TOLERANCE)
        state.store(found, moving)
        before = variance[moving]
        after = (found.ss + batch.ss_pure[moving]) / nu[moving]
        variance[moving] = np.maximum(after, least[moving])
        moving = moving[np.abs(variance[moving] - before) > _VARIANCE_TOLERANCE * before]
        if not len(moving):
            break
    converged[moving] = False

    rise = problem.variance * fdtri(1, np.maximum(df, 1.0), 0.95)
    se, shifts = _standard_error(problem, state)
    lower = _limit(problem, state, rise, -1.0, se)
    upper = _limit(problem, state, rise, 1.0, se)
    bound = np.full(len(nu), np.nan)
    open_ = np.flatnonzero(np.isinf(lower) & (df > 0))
    if len(open_):
        rise = problem.variance * fdtri(1, np.maximum(df, 1.0), 0.90)
        some = problem.select(open_), state.select(open_), rise[open_]
        bound[open_] = _limit(*some, 1.0, se[open_]) / LN10
    without = np.zeros((1, len(nu)))
    phi_0, _ = shape(without, state.at)
    return MechanisticFit(
        log10_k=state.at[0] / LN10,
        log10_k_se=np.where(df > 0, se, np.nan) / LN10,
        log10_lower=np.where(df > 0, lower, -np.inf) / LN10,
        log10_upper=np.where(df > 0, upper, np.inf) / LN10,
        log10_bound=bound,
        constants=np.exp(state.at[1:]),
        log10_k_shifts=shifts / LN10,
        top=state.bottom + state.span * phi_0[0],
        bottom=state.bottom.copy(),
        ss=state.ss + batch.ss_pure,
        df=df,
        converged=converged,
    )


def _problem(batch: Batch, shape: Shape, constants, sd) -> _Problem:
    low, high = (edge * LN10 for edge in limits(batch.x))
    reach = REACH_DECADES * LN10
    centre = np.log(np.vstack([np.ones_like(low), constants]))
    with np.errstate(divide="ignore"):
        precision = np.vstack([np.zeros_like(low), np.where(sd > 0, sd, np.inf) ** -2.0])
    x, weight, y = (np.ascontiguousarray(a.T) for a in (batch.x, batch.weight, batch.mean))
    blocked = np.isposinf(x)
    return _Problem(
        shape=shape,
        level=np.where(blocked, 0.0, np.exp(LN10 * np.where(blocked, 0.0, x))),
        blocked=blocked,
        weight=weight,
        y=y,
        centre=centre,
        precision=precision,
        free=np.vstack([np.ones_like(low, dtype=bool), sd > 0]),
        low=np.vstack([low - reach, centre[1:] - _CONSTANT_REACH]),
        high=np.vstack([high + reach, centre[1:] + _CONSTANT_REACH]),
        variance=np.zeros_like(low),
        rounding=_sum(weight * y**2) * (4.0 * np.finfo(float).eps) ** 2,
    )


def _starts(problem: _Problem, ss_pure, nu):
    """The lowest of the minima that are found from several values of the first constant.

    Where sites take up most of a tight compound, the curve bends at the concentration of the
    sites, and every dose near there may have a minimum of its own.

    Returns
    -------
    state : _State
    variance : ndarray, shape (m,)
        s² at the best of the starts.
    """
    q, m = problem.centre.shape
    with np.errstate(divide="ignore"):
        sd = np.where(problem.free[1], problem.precision[1] ** -0.5, 0.0)
    offsets = _START_OFFSETS * np.minimum(sd, _LARGEST_SD)[:, None]
    if not problem.free[1].any():
        offsets = offsets[:, :1]
    held = replace(problem, free=np.arange(q)[:, None] + np.zeros(m) == 0)
    states = []
    for offset in offsets.T:
        at = problem.centre.copy()
        at[1] += offset
        states.append(_minimise(held, held.settle(_scan(held, at)), _START_TOLERANCE)[0])
    variance = np.min([state.ss for state in states], axis=0)
    variance = (variance + ss_pure) / nu
    problem = replace(problem, variance=np.nan_to_num(variance))
    best = None
    for state in states:
        # a K far below the sites no longer shows, and could not find its way back
        state.at[0] = np.maximum(state.at[0], state.at[1] - _LEAST_START)
        state, _ = _minimise(problem, problem.settle(state.at), _START_TOLERANCE)
        best = state if best is None else best.choose(state, state.objective < best.objective)
    return best, (best.ss + ss_pure) / nu


def _scan(problem: _Problem, centre) -> np.ndarray:
    """The best start of each curve over a row of K, the constants held."""
    tested = (problem.level > 0) & ~problem.blocked
    log_level = np.log(np.where(tested, problem.level, 1.0))
    low = np.where(tested, log_level, np.inf).min(axis=0) - _START_BELOW
    high = np.where(tested, log_level, -np.inf).max(axis=0) + _START_ABOVE
    best, least = centre, np.full(len(low), np.inf)
    for part in np.linspace(0.0, 1.0, _STARTS):
        at = centre.copy()
        at[0] = low + (high - low) * part
        ss = problem.settle(at).ss
        best, least = np.where(ss < least, at, best), np.minimum(ss, least)
    return best


def _normal(problem: _Problem, state: _State):
    """Normal matrices (m, q, q) and right sides (m, q) of the free logarithms."""
    free = problem.free
    q, m = free.shape
    offset = state.at - problem.centre
    weighted = problem.weight * state.tangents
    matrix = np.zeros((m, q, q))
    for i in range(q):
        for j in range(i + 1):
            entry = _sum(weighted[i] * state.tangents[j])
            matrix[:, i, j] = matrix[:, j, i] = np.where(free[i] & free[j], entry, 0.0)
        matrix[:, i, i] += np.where(free[i], problem.variance * problem.precision[i], 1.0)
    right = _sum(weighted * state.residual, axis=1)
    right = np.where(free, right - problem.variance * problem.precision * offset, 0.0)
    return matrix, right.T


def _scaled(matrix):
    """The matrix with ones on its diagonal, and the scale."""
    scale = np.sqrt(np.einsum("mii->mi", matrix))
    scale = np.where(scale > 0, scale, 1.0)
    scaled = matrix / (scale[:, :, None] * scale[:, None, :])
    return scaled, scale


def _minimise(problem: _Problem, state: _State, tolerance: float):
    """Damped Gauss-Newton from a start; the state reached, and where it is a minimum."""
    m = state.at.shape[1]
    q = np.arange(len(state.at))
    converged = ~problem.free.any(axis=0)
    active = np.flatnonzero(~converged)
    if not len(active):
        return state, converged
    answer = state.select(np.arange(m))
    part, here = problem.select(active), state.select(active)
    damping = np.full(len(active), _FIRST_DAMPING)
    for _ in range(_MAX_STEPS):
        matrix, right = _normal(part, here)
        # what would leave its range outward stays
        leaving = ((here.at <= part.low) & (right.T < 0)) | ((here.at >= part.high) & (right.T > 0))
        right = np.where(leaving.T, 0.0, right)
        matrix[(leaving.T[:, :, None] | leaving.T[:, None, :])] = 0.0
        # a logarithm that the data hardly tell does not run away with the others' steps
        matrix[:, q, q] += _RIDGE * part.variance[:, None]
        scaled, scale = _scaled(matrix)
        scaled[:, q, q] = 1.0 + damping[:, None]
        step = np.linalg.solve(scaled, (right / scale)[:, :, None])[:, :, 0] / scale
        step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        there = part.settle(np.clip(here.at + step.T, part.low, part.high))
        promise = ((there.at - here.at) * right.T).sum(axis=0)
        better = there.objective <= here.objective * _ROUNDING + part.rounding
        here = here.choose(there, better)
        damping = np.clip(damping * np.where(better, 0.1, 10.0), _LEAST_DAMPING, _MOST_DAMPING)
        small = promise <= tolerance * part.variance + part.rounding
        done = small & (damping <= _FIRST_DAMPING)
        lost = damping >= _MOST_DAMPING
        if (done | lost).any():
            answer.store(here.select(done | lost), active[done | lost])
            converged[active[done]] = True
            going = np.flatnonzero(~(done | lost))
            active, damping = active[going], damping[going]
            if not len(active):
                return answer, converged
            part, here = part.select(going), here.select(going)
    answer.store(here, active)
    return answer, converged


def _standard_error(problem: _Problem, state: _State) -> tuple[np.ndarray, np.ndarray]:
    """Standard error of ln K, and how it moves with the centres of the priors.

    With H = J'WJ + s²P at the minimum and P the priors' precisions, d ln K / d ln p₀ is
    s²·(H⁻¹P)_K: the part of the variance s²·(H⁻¹)_KK that the data do not lessen.
    """
    matrix, _ = _normal(problem, state)
    scaled, scale = _scaled(matrix)
    q = np.arange(scaled.shape[1])
    scaled[:, q, q] += 1e-13
    inverse = np.linalg.inv(scaled)[:, 0] / scale / scale[:, :1]
    se = np.sqrt(np.maximum(inverse[:, 0], 0.0) * problem.variance)
    root = np.where(problem.free, np.sqrt(problem.precision), 0.0)[1:]
    return se, problem.variance * inverse.T[1:] * root


def _limit(problem: _Problem, state: _State, rise, sign: float, se) -> np.ndarray:
    """ln K where the profiled objective has risen by `rise` on one side; else infinite."""
    edge = (problem.low if sign < 0 else problem.high)[0]
    room = np.abs(edge - state.at[0])
    fixed = problem.free.copy()
    fixed[0] = False
    problem = replace(problem, free=fixed)
    warm = state.at.copy()
    root_rise = np.sqrt(rise)

    def climb(distance, curve):
        """sqrt of the objective's rise at a distance from the estimate, less the limit's."""
        curve = curve.astype(int)
        part = problem.select(curve)
        at = warm[:, curve]
        at[0] = state.at[0, curve] + sign * distance
        found, _ = _minimise(part, part.settle(at), _PROFILE_TOLERANCE)
        warm[:, curve] = found.at
        return np.sqrt(np.maximum(found.objective - state.objective[curve], 0.0)) - root_rise[curve]

    out = np.full(len(room), sign * np.inf)
    first = np.where(np.isfinite(se) & (se > 0), 2.0 * se, 0.5)
    inner, outer = np.zeros(len(room)), np.minimum(np.minimum(first, 2.0), room)
    found = np.zeros(len(room), dtype=bool)
    looking = np.flatnonzero((rise > 0) & (room > 0))
    for _ in range(_MAX_OUTWARD):
        if not len(looking):
            break
        crossed = climb(outer[looking], looking) > 0
        found[looking[crossed]] = True
        looking = looking[~crossed & (outer[looking] < room[looking])]
        inner[looking] = outer[looking]
        outer[looking] = np.minimum(2.0 * outer[looking], room[looking])
    rows = np.flatnonzero(found)
    if len(rows):
        root = elementwise.find_root(
            climb,
            (inner[rows], outer[rows]),
            args=(rows,),
            tolerances={"xatol": 1e-9, "xrtol": 0.0, "fatol": 0.0, "frtol": 1e-9},
        )
        out[rows] = state.at[0, rows] + sign * root.x
    return out
