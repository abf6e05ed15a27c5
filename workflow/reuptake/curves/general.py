"""Least-squares fits of any response model, all curves of a batch at once.

Levenberg-Marquardt steps with analytic derivatives, in coordinates that suit the
parameters: slopes by their logarithm, a fraction by its logit. The plateaus, in which every
model is linear, follow each trial of the other parameters (variable projection: Golub &
Pereyra 1973, SIAM J Numer Anal 10:413), so they need no start. Bounds are kept by projection
(Kanzow, Yamashita & Fukushima 2004, J Comput Appl Math 172:375). Curves that are not done
after a dozen steps go on with the full Hessian.

A parameter is known by its name: `top`, `bottom` and `nonspecific` are plateaus, what begins
with `log10_ic50` is a place on the concentration axis. Sums run over one concentration after
another, so that the answer for a curve does not depend on its neighbours in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import reduce
from itertools import combinations, product

import numpy as np
from scipy.special import expit, logit

from reuptake.curves.engine import HILL_LIMITS, REACH_DECADES, limits
from reuptake.curves.groups import Batch
from reuptake.curves.models import Model

_PLATEAUS = ("top", "bottom", "nonspecific")
_BY_LOGARITHM = ("hill", "loss_hill", "asymmetry")
_BY_LOGIT = ("fraction",)
_LIMITS = {
    "hill": HILL_LIMITS,
    "loss_hill": HILL_LIMITS,
    "asymmetry": (0.05, 20.0),  # further out the curve is all but its own limit
    "fraction": (1e-9, 1.0 - 1e-9),
    "loss_decades": (0.0, REACH_DECADES),
}

# where the scan for starts looks; places as parts of the tested range
_SCAN_PLACES = np.linspace(-0.1, 1.1, 9)
_SCAN_SHAPES = {
    "hill": (0.6, 1.0, 2.0),
    "loss_hill": (1.0, 3.0),
    "asymmetry": (0.3, 1.0, 3.0),
    "fraction": (0.2, 0.5, 0.8),
    "loss_decades": (1.0, 2.0, 3.5),
}
_STARTS = 3

_MAX_STEPS = 100
_GAUSS_NEWTON_STEPS = 12
# no step beyond what the local picture can vouch for, in coordinates
_LONGEST_STEP = 1.0
_SHIFT = 1e-4
_FIRST_DAMPING = 1e-4
_DAMPING = (1e-12, 1e9)
# a ridge of rounding size keeps redundant parameters from stopping the others
_RIDGE = 1e-13
# a sum of squares that is no larger but for its last digits
_ROUNDING = 1.0 + 1e-13
# a step that promises to lower the sum of squares by less than this part has arrived
_LEAST_PROMISE = 1e-18
_EPS = np.finfo(float).eps

# a plateau that may be a thousand times the largest response is open
_FARTHEST = 1e3
_MAX_TRIALS = 100
_CLOSE = 1e-10


@dataclass(frozen=True)
class Estimates:
    """Fitted parameters of m curves.

    Attributes
    ----------
    model : Model
    values : ndarray, shape (m, p)
        In the order of ``model.parameters``; NaN for `nonspecific` where a curve has no
        full-block wells.
    free : ndarray of bool, shape (m, p)
        Which of them were fitted.
    covariance : ndarray, shape (m, p, p)
        (J'WJ)^-1 SS/df of the fitted parameters. The variance is infinite where the data do
        not tell a parameter, NaN for one that was held and where df < 1.
    dependency : ndarray, shape (m, p)
        1 - 1/(C_jj (C^-1)_jj), 0 for an independent and 1 for a redundant parameter.
    ss : ndarray, shape (m,)
        Weighted sum of squares of the concentration means about the curve.
    ss_wells : ndarray, shape (m,)
        The same of the wells: `ss` and their scatter about the means.
    df : ndarray, shape (m,)
        Wells in use less fitted parameters.
    converged : ndarray of bool, shape (m,)
        False where the steps ran out.
    bounds : mapping
        Those given to :func:`fit`.
    """

    model: Model
    values: np.ndarray
    free: np.ndarray
    covariance: np.ndarray
    dependency: np.ndarray
    ss: np.ndarray
    ss_wells: np.ndarray
    df: np.ndarray
    converged: np.ndarray
    bounds: Mapping[str, tuple[float, float]]

    def __getitem__(self, name: str) -> np.ndarray:
        """Values of one parameter; shape (m,)."""
        return self.values[:, self.model.parameters.index(name)]

    @property
    def se(self) -> np.ndarray:
        """Standard errors; shape (m, p)."""
        return np.sqrt(np.einsum("mii->mi", self.covariance))

    def at(self, x: np.ndarray) -> np.ndarray:
        """The fitted curves at log10 concentrations `x`; shapes (m, k)."""
        return self.model.response(x, *self.values.T[:, :, None])


def fit(
    model: Model,
    batch: Batch,
    weight,
    *,
    held: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Estimates:
    """Fit a model to every curve of a batch.

    Parameters
    ----------
    model : Model
    batch : Batch
    weight : ndarray, shape (m, k)
        Weight of each mean (wells times weight per well); zero leaves a mean out.
    held : mapping, optional
        Parameters that are not fitted: one value, or an array of shape (m,).
    start : mapping, optional
        Where to begin, one value or an array of shape (m,) a parameter; plateaus without
        bounds need none. If not given, a scan finds the three best starts of each curve.
    bounds : mapping, optional
        (lowest, highest) of parameters for which the defaults will not do: places within
        9 decades of the tested range, Hill slopes 0.1 to 10, asymmetry 0.05 to 20, loss 0 to
        9 decades beyond the gain, plateaus anywhere.

    Returns
    -------
    Estimates

    Raises
    ------
    ValueError
        For a name that is not a parameter of the model, a held value that cannot be one, or a
        start that lacks a parameter.
    """
    held, bounds = dict(held or {}), dict(bounds or {})
    _check_names(model, (*held, *(start or ()), *bounds))
    names, m = model.parameters, len(batch.x)
    has_block = np.isposinf(batch.x).any(axis=1)
    unseen = np.array([[name == "nonspecific"] for name in names]) & ~has_block
    free = np.array([[name not in held] for name in names]) & ~unseen
    # where a parameter is fitted, a stand-in; 0 for plateaus, which have the unit of the data
    stand_in = {name: 0.0 if name in _PLATEAUS else 0.5 for name in names} | held
    fixed = _coordinates(model, np.stack([np.broadcast_to(stand_in[n], m) for n in names]))
    for name, row in zip(names, fixed, strict=True):
        if not np.isfinite(row).all():
            raise ValueError(
                f"{name} of the {model.name} model cannot be held at {held[name]}: slopes and "
                "asymmetry are positive, a fraction lies between 0 and 1"
            )
    problem = _Problem.of(model, batch, weight, free, bounds)
    begin = _scan(problem, fixed) if start is None else _given(problem, fixed, start)
    begin = np.where(free, np.clip(begin, problem.low, problem.high), fixed)

    n_starts = len(begin)
    many = problem.select(np.tile(np.arange(m), n_starts))
    at, ss, converged = _minimise(many, np.concatenate(begin, axis=1))
    best = ss.reshape(n_starts, m).argmin(axis=0) * m + np.arange(m)
    at, ss, converged = at[:, best], ss[best], converged[best]

    values = _natural(model, at)
    standard = np.stack(model.standard_form(*values))
    unbounded = np.array([[name not in bounds] for name in names])
    values = np.where(((standard == values) | free & unbounded).all(axis=0), standard, values)

    in_use = weight > 0
    ss_wells = ss + _sum(np.where(in_use, batch.well_weight * batch.ss_within, 0.0).T)
    df = np.where(in_use, batch.n, 0.0).sum(axis=1) - free.sum(axis=0)
    jacobian = model.jacobian(problem.x, *values)
    inverse, dependency = _inverse(np.where(free[:, None], problem.root_weight * jacobian, 0.0))
    variance = ss_wells / np.where(df > 0, df, np.nan)
    with np.errstate(invalid="ignore"):
        covariance = inverse * variance[:, None, None]
    covariance[~(free.T[:, :, None] & free.T[:, None, :])] = np.nan
    return Estimates(
        model=model,
        values=np.where(unseen, np.nan, values).T,
        free=free.T,
        covariance=covariance,
        dependency=np.where(free.T, dependency, np.nan),
        ss=ss,
        ss_wells=ss_wells,
        df=df,
        converged=converged,
        bounds=bounds,
    )


def profile(batch: Batch, weight, fitted: Estimates, limit_ss, of: str):
    """Limits of a parameter where the profiled sum of squares reaches `limit_ss`.

    At each trial value the other fitted parameters are fitted again. The search goes outward
    from the estimate to the first crossing.

    Parameters
    ----------
    batch, weight
        As given to :func:`fit`.
    fitted : Estimates
    limit_ss : ndarray, shape (m,)
        Sum of squares *of the means* at the limit:
        ``profile.threshold(fitted.ss_wells, fitted.df) - (fitted.ss_wells - fitted.ss)``.
    of : str
        Name of the parameter.

    Returns
    -------
    lower, upper : ndarray, shape (m,)
        -inf and +inf where the profile stays below the limit as far as the parameter may go;
        NaN where it was held or the limit is not a number.
    """
    _check_names(fitted.model, (of,))
    j = fitted.model.parameters.index(of)
    sides = np.full((2, len(fitted.ss)), np.nan)
    rows = np.flatnonzero(fitted.free[:, j])
    problem = _Problem.of(fitted.model, batch, weight, fitted.free.T, fitted.bounds).select(rows)
    at = _coordinates(fitted.model, np.nan_to_num(fitted.values.T))[:, rows]
    rise = np.sqrt(np.maximum(limit_ss[rows] - fitted.ss[rows], 0.0))
    inverse, _ = _inverse(problem.tangents(at))
    # where the sum of squares would reach the limit were the model linear
    unit = problem.size if of in _PLATEAUS else np.ones(len(rows))
    with np.errstate(invalid="ignore"):
        step = np.fmin(np.sqrt(inverse[:, j, j]) * rise, unit)
    for side, sign, edge in zip(sides, (-1.0, 1.0), (problem.low, problem.high), strict=True):
        room = np.minimum(np.abs(edge[j] - at[j]), _FARTHEST * unit)
        distance = _crossing(problem, at, fitted.ss[rows], rise, j, sign, step, room)
        end = at.copy()
        end[j] += sign * np.where(np.isinf(distance), 0.0, distance)
        side[rows] = np.where(np.isinf(distance), sign * np.inf, _natural(fitted.model, end)[j])
    return sides[0], sides[1]


def _crossing(problem: _Problem, at, ss, rise, j, sign, step, room):
    """Distance in coordinate `j` at which sqrt(SS - SS_min) is `rise`; inf if it never is.

    Steps are doubled up to the crossing, which is then closed in on by the Illinois variant
    of the false position: the function is nearly straight.
    """
    free = problem.free.copy()
    free[j] = False
    distance = np.where(rise > 0, np.inf, 0.0 * rise)  # no scatter: the limit is the estimate
    row = np.flatnonzero((rise > 0) & (room > 0))
    rest, warm, most = replace(problem, free=free).select(row), at[:, row], (room / step)[row]
    inner, outer = np.zeros(len(row)), np.full(len(row), np.inf)
    f_inner, f_outer = inner - 1.0, outer.copy()
    last_above, trial = inner.copy(), np.minimum(1.0, most)
    for _ in range(_MAX_TRIALS):
        if not len(row):
            break
        warm[j] = at[j, row] + sign * trial * step[row]
        found, value, _ = _minimise(rest, warm)
        height = np.sqrt(np.maximum(value - ss[row], 0.0)) / rise[row] - 1.0
        above = height > 0
        # the next fit begins within, where the last has come from, not in a minimum outside
        warm = np.where(above, warm, found)
        inner, outer = np.where(above, inner, trial), np.where(above, trial, outer)
        f_inner, f_outer = (
            np.where(above, np.where(last_above == 1, f_inner / 2, f_inner), height),
            np.where(above, height, np.where(last_above == -1, f_outer / 2, f_outer)),
        )
        last_above = np.where(above, 1, -1)
        bracketed = np.isfinite(outer)
        hit = (np.abs(height) < _CLOSE) | (bracketed & (outer - inner < _CLOSE * trial))
        distance[row[hit]] = (trial * step[row])[hit]
        going = ~hit & (above | (trial < most))
        with np.errstate(invalid="ignore"):
            within = (inner * f_outer - outer * f_inner) / (f_outer - f_inner)
        trial = np.where(bracketed, within, np.minimum(2.0 * trial, most))
        row, trial, most, inner, outer, f_inner, f_outer, last_above = (
            a[going] for a in (row, trial, most, inner, outer, f_inner, f_outer, last_above)
        )
        rest, warm = rest.select(going), warm[:, going]
    return distance


@dataclass(frozen=True)
class _Problem:
    """Data and rules of m curves, with the curves along the last axis.

    ``x``, ``root_weight`` and ``y`` (times the root of the weight) have shape (k, m); ``free``,
    ``low`` and ``high`` (in coordinates) (p, m); the rest (m,). ``size`` is the largest
    response, ``total`` the weight of all. ``following`` are the plateaus without bounds.
    """

    model: Model
    following: tuple[int, ...]
    x: np.ndarray
    root_weight: np.ndarray
    y: np.ndarray
    free: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lowest_tested: np.ndarray
    highest_tested: np.ndarray
    size: np.ndarray
    total: np.ndarray

    @classmethod
    def of(cls, model: Model, batch: Batch, weight, free, bounds) -> _Problem:
        x, root, mean = (np.ascontiguousarray(a.T) for a in (batch.x, np.sqrt(weight), batch.mean))
        any_tested = batch.tested.any(axis=1, keepdims=True)
        lowest, highest = limits(np.where(any_tested, batch.x, 0.0))
        low, high = np.full(free.shape, -np.inf), np.full(free.shape, np.inf)
        for j, name in enumerate(model.parameters):
            default = _LIMITS.get(name, (-np.inf, np.inf))
            if _is_place(name):
                default = lowest - REACH_DECADES, highest + REACH_DECADES
            low[j], high[j] = bounds.get(name, default)
        return cls(
            model=model,
            following=tuple(j for j in _plateaus(model) if model.parameters[j] not in bounds),
            x=x,
            root_weight=root,
            y=root * mean,
            free=free,
            low=np.where(free, _coordinates(model, low), -np.inf),
            high=np.where(free, _coordinates(model, high), np.inf),
            lowest_tested=lowest,
            highest_tested=highest,
            size=np.abs(mean).max(axis=0),
            total=_sum(root**2),
        )

    def select(self, rows) -> _Problem:
        """The curves at `rows`."""
        values = {f.name: getattr(self, f.name) for f in fields(self)[2:]}
        return replace(self, **{name: value[..., rows] for name, value in values.items()})

    @property
    def plateaus(self) -> tuple[int, ...]:
        """Parameters in which the model is linear."""
        return _plateaus(self.model)

    @property
    def curved(self) -> list[int]:
        """All other parameters."""
        return [j for j in range(len(self.free)) if j not in self.plateaus]

    @property
    def moving(self) -> list[int]:
        """Parameters that do not follow the others."""
        return [j for j in range(len(self.free)) if j not in self.following]

    def tangents(self, at):
        """Weighted derivatives of the curves by the free coordinates; shape (p, k, m)."""
        values = _natural(self.model, at)
        columns = self.root_weight * self.model.jacobian(self.x, *values)
        for column, value, name in zip(columns, values, self.model.parameters, strict=True):
            if name in _BY_LOGARITHM:
                column *= value
            elif name in _BY_LOGIT:
                column *= value * (1.0 - value)
        return np.where(self.free[:, None], columns, 0.0)

    def settle(self, at):
        """The best plateaus for the other coordinates, residuals and their sum of squares."""
        at, values = at.copy(), _natural(self.model, at)
        values[list(self.plateaus)] = 0.0
        residual, shapes = self.y, {}
        for j in self.plateaus:
            values[j] = 1.0
            shape = self.root_weight * self.model.response(self.x, *values)
            values[j] = 0.0
            residual = residual - shape * at[j]
            shapes[j] = np.where(self.free[j], shape, 0.0)
        if self.following:
            columns = [shapes[j] for j in self.following]
            for j, change in zip(self.following, _solve(*_normal(columns, residual)), strict=True):
                at[j] += change
                residual = residual - shapes[j] * change
        return at, residual, _sum(residual**2)

    def noise(self, at):
        """What rounding can do to the sum of squares; shape (m,)."""
        plateaus = [np.abs(at[j]) for j in self.following]
        return (_EPS * reduce(np.maximum, plateaus, self.size)) ** 2 * self.total


def _minimise(problem: _Problem, at):
    """Damped, projected steps from a start; shapes (p, m), (m,) and (m,).

    Returns
    -------
    at, ss, converged : ndarray
    """
    at, left, ss = problem.settle(at)
    converged = np.zeros(len(ss), dtype=bool)
    active = np.arange(len(ss))
    part, here, damping = problem, at, np.full(len(ss), _FIRST_DAMPING)
    curved, moving = problem.curved, problem.moving
    for turn in range(_MAX_STEPS):
        matrix, downhill = _normal(part.tangents(here), left)
        if turn >= _GAUSS_NEWTON_STEPS:
            matrix = _with_curvature(matrix, part, here, left)
        outward = (here <= part.low) & (downhill < 0) | (here >= part.high) & (downhill > 0)
        downhill[outward] = 0.0
        matrix[outward[:, None] | outward[None]] = 0.0
        ridge = np.full(here.shape, _RIDGE)
        ridge[curved] += damping
        step = _solve(matrix, downhill, ridge)
        length = np.abs(step[curved]).max(axis=0, initial=_LONGEST_STEP)
        there = np.clip(here + step * (_LONGEST_STEP / length), part.low, part.high)
        promise = _sum([(there[j] - here[j]) * downhill[j] for j in moving] or [0.0 * damping])
        there, remaining, value = part.settle(there)

        noise = part.noise(here)
        # much damping keeps any step short
        arrived = promise <= _LEAST_PROMISE * ss[active] + noise
        arrived &= damping <= _FIRST_DAMPING
        better = value <= ss[active] * _ROUNDING + noise
        here, left = np.where(better, there, here), np.where(better, remaining, left)
        at[:, active], ss[active] = here, np.where(better, value, ss[active])
        damping = np.clip(damping * np.where(better, 0.03, 10.0), *_DAMPING)
        if arrived.any():
            converged[active[arrived]] = True
            going = np.flatnonzero(~arrived)
            if not len(going):
                break
            active, part = active[going], part.select(going)
            here, left, damping = here[:, going], left[:, going], damping[going]
    return at, ss, converged


def _with_curvature(matrix, problem: _Problem, at, residual):
    """Hessian of half the sum of squares; the normal matrix where that is not positive.

    The curvature of the model times the residuals, by central differences of the tangents.
    """
    bend = np.zeros_like(matrix)
    for j in problem.curved:
        shift = np.zeros((len(at), 1))
        shift[j] = _SHIFT
        change = problem.tangents(at + shift) - problem.tangents(at - shift)
        bend[:, j] = bend[j] = [_sum(row * residual) / (2.0 * _SHIFT) for row in change]
    bend = np.where(problem.free[:, None] & problem.free[None], bend, 0.0)
    scale = _scale(matrix)
    own = np.einsum("iim->im", matrix)
    scaled = (matrix - bend) / (scale[:, None] * scale[None])
    scaled[range(len(at)), range(len(at))] += np.where(own > 0, 0.0, 1.0)
    positive = np.linalg.eigvalsh(_stacked(scaled))[:, 0] > _RIDGE
    return np.where(positive, matrix - bend, matrix)


def _scan(problem: _Problem, fixed):
    """The best starts of each curve on a grid of what is free; shape (n, p, m).

    For each combination of shapes the best places are kept, and of those the best three.
    """
    names = problem.model.parameters
    fitted = problem.free.any(axis=1)
    places = [j for j, name in enumerate(names) if fitted[j] and _is_place(name)]
    shapes = [j for j, name in enumerate(names) if fitted[j] and name in _SCAN_SHAPES]
    low, high = problem.lowest_tested, problem.highest_tested
    grid = [low + (high - low) * part for part in _SCAN_PLACES]
    unbounded = replace(problem, following=problem.plateaus)
    candidates, sums = [], []
    for shape in product(*(_SCAN_SHAPES[names[j]] for j in shapes)):
        best, least = fixed, np.full(fixed.shape[1], np.inf)
        for where in combinations(grid, len(places)):
            values = _natural(problem.model, fixed)
            for j, value in zip([*shapes, *places], [*shape, *where], strict=True):
                values[j] = value
            at = np.where(problem.free, _coordinates(problem.model, values), fixed)
            at, _, ss = unbounded.settle(np.clip(at, problem.low, problem.high))
            better = ss < least
            best, least = np.where(better, at, best), np.where(better, ss, least)
        candidates.append(best)
        sums.append(least)
    order = np.argsort(np.stack(sums), axis=0, kind="stable")[:_STARTS]
    return np.take_along_axis(np.stack(candidates), order[:, None], axis=0)


def _given(problem: _Problem, fixed, start):
    """The caller's start in coordinates; shape (1, p, m)."""
    names = problem.model.parameters
    lacking = [names[j] for j in problem.moving if problem.free[j].any() and names[j] not in start]
    if lacking:
        raise ValueError(f"the start lacks {', '.join(lacking)}")
    values = _natural(problem.model, fixed)
    for name, value in start.items():
        values[names.index(name)] = value
    return _coordinates(problem.model, values)[None]


def _check_names(model: Model, names) -> None:
    unknown = sorted(set(names) - set(model.parameters))
    if unknown:
        raise ValueError(
            f"the {model.name} model has no {', '.join(unknown)}; "
            f"its parameters are {', '.join(model.parameters)}"
        )


def _plateaus(model: Model) -> tuple[int, ...]:
    return tuple(j for j, name in enumerate(model.parameters) if name in _PLATEAUS)


def _is_place(name: str) -> bool:
    return name.startswith("log10_ic50")


def _natural(model: Model, at):
    """Parameters from coordinates; shapes (p, m)."""
    values = np.array(at, dtype=float)
    for row, name in zip(values, model.parameters, strict=True):
        if name in _BY_LOGARITHM:
            row[:] = np.exp(row)
        elif name in _BY_LOGIT:
            row[:] = expit(row)
    return values


def _coordinates(model: Model, values):
    """Coordinates from parameters; shapes (p, m)."""
    at = np.array(values, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        for row, name in zip(at, model.parameters, strict=True):
            if name in _BY_LOGARITHM:
                row[:] = np.log(row)
            elif name in _BY_LOGIT:
                row[:] = logit(row)
    return at


def _sum(a):
    """Sum along the first axis, one after another whatever the layout."""
    return reduce(np.add, a)


def _normal(columns, residual):
    """Normal matrix (p, p, m) and right side (p, m) of weighted columns and residuals."""
    p = len(columns)
    matrix = np.empty((p, p, residual.shape[1]))
    for i in range(p):
        for j in range(i + 1):
            matrix[i, j] = matrix[j, i] = _sum(columns[i] * columns[j])
    return matrix, np.stack([_sum(column * residual) for column in columns])


def _scale(matrix):
    """Roots of the diagonal, 1 where it is not positive; shape (p, m)."""
    own = np.einsum("iim->im", matrix)
    return np.sqrt(np.where(own > 0, own, 1.0))


def _stacked(matrix):
    """One matrix a curve as numpy's linear algebra takes them; shape (m, p, p)."""
    return np.ascontiguousarray(matrix.transpose(2, 0, 1))


def _solve(matrix, right, ridge=_RIDGE):
    """Solve normal equations, scaled and with a ridge; what has no column stays at 0."""
    scale = _scale(matrix)
    scaled = matrix / (scale[:, None] * scale[None])
    p = range(len(scale))
    scaled[p, p] = 1.0 + ridge
    solution = np.linalg.solve(_stacked(scaled), (right / scale).T[:, :, None])
    return solution[:, :, 0].T / scale


def _inverse(columns):
    """(J'WJ)^-1, shape (m, p, p), and the dependency of the parameters, shape (m, p).

    References
    ----------
    GraphPad Prism guide, "How dependency is calculated".
    """
    matrix, _ = _normal(columns, columns[0])
    scale = _scale(matrix)
    scaled = matrix / (scale[:, None] * scale[None])
    p = np.arange(len(scale))
    told = np.einsum("iim->mi", matrix) > 0
    scaled[p, p] = 1.0 + _RIDGE
    inverse = np.linalg.inv(_stacked(scaled))
    own = np.einsum("mii->mi", inverse)
    # at least 1 but for rounding, which shows only where parameters are redundant
    told &= own > 1.0 - 1e-6
    dependency = np.where(told, 1.0 - 1.0 / np.where(told, own, 1.0), 1.0)
    inverse = inverse / _stacked(scale[:, None] * scale[None])
    inverse[:, p, p] = np.where(told, inverse[:, p, p], np.inf)
    return inverse, dependency
