"""Profile-likelihood intervals, all curves of a batch at once."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtri

from reuptake.curves.engine import HILL_LIMITS, REACH_DECADES, Fit, limits, minimise
from reuptake.curves.groups import Batch

_MAX_OUTWARD = 60
_MAX_REFINE = 60
_TOLERANCE = 1e-9


def threshold(ss_total, df, confidence=0.95):
    """Sum of squares at the limits of a profile interval.

    .. math:: SS_{min} (1 + F(0.95; 1, \\nu) / \\nu)

    Parameters
    ----------
    ss_total : array_like
        Residual sum of squares over wells at the best fit.
    df : array_like
        Residual degrees of freedom.

    References
    ----------
    GraphPad Prism 8 guide, "How confidence intervals are computed" (profile likelihood).
    """
    df = np.asarray(df, dtype=float)
    return ss_total * (1.0 + fdtri(1, np.maximum(df, 1), confidence) / np.maximum(df, 1))


def interval(
    batch: Batch, weight, fitted: Fit, limit_ss, step, *, free_hill: bool, of="log10_ic50"
):
    """Limits of a parameter where the profiled sum of squares reaches `limit_ss`.

    At each trial value the other parameters are fitted again. The search goes outward from
    the estimate to the first crossing, then closes in on it (Illinois variant of the false
    position on sqrt(SS - SS_min), which is nearly straight).

    Parameters
    ----------
    batch : Batch
    weight : ndarray, shape (m, k)
    fitted : Fit
        The best fit.
    limit_ss : ndarray, shape (m,)
        Sum of squares *of the means* at the limit.
    step : ndarray, shape (m,)
        First step outward, of the order of the expected half-width; any size will do.
    free_hill : bool
        True for a four-parameter fit.
    of : {"log10_ic50", "hill"}

    Returns
    -------
    lower, upper : ndarray, shape (m,)
        -inf and +inf (for Hill: 0 and inf) where the profile stays below the limit.
    """
    if of == "hill":
        centre = np.log(fitted.hill)
        bound = (np.full(len(centre), np.log(h)) for h in HILL_LIMITS)
    else:
        centre = fitted.log10_ic50
        low, high = limits(batch.x)
        bound = (low - REACH_DECADES, high + REACH_DECADES)
    step = np.clip(np.where(np.isfinite(step), step, 0.1), 1e-6, 1.0)
    sides = [
        _crossing(batch, weight, fitted, limit_ss, sign * step, edge, free_hill=free_hill, of=of)
        for sign, edge in zip((-1.0, 1.0), bound, strict=True)
    ]
    lower = np.where(np.isnan(sides[0]), -np.inf, centre + sides[0])
    upper = np.where(np.isnan(sides[1]), np.inf, centre + sides[1])
    return (np.exp(lower), np.exp(upper)) if of == "hill" else (lower, upper)


def trace(batch: Batch, weight, fitted: Fit, at, *, free_hill: bool) -> np.ndarray:
    """Sum of squares with log10 IC50 held at given values and the rest fitted again.

    Parameters
    ----------
    batch : Batch
    weight : ndarray, shape (m, k)
    fitted : Fit
        The best fit.
    at : ndarray, shape (m, g)
        Values of log10 IC50, ascending in each row.
    free_hill : bool
        True for a four-parameter fit.

    Returns
    -------
    ndarray, shape (m, g)
        Sum of squares *of the means*.
    """
    out = np.empty(at.shape)
    curve = np.arange(len(at))
    nearest = np.abs(at - fitted.log10_ic50[:, None]).argmin(axis=1)
    for sign in (-1, 1):
        # from the estimate outward: each fit begins where the last one ended
        log_hill = np.log(fitted.hill)
        for step in range(at.shape[1]):
            column = nearest + sign * step
            rows = curve[(column >= 0) & (column < at.shape[1])]
            if not len(rows):
                break
            column = column[rows]
            found = minimise(
                batch.select(rows),
                weight[rows],
                at[rows, column],
                log_hill[rows],
                free_location=False,
                free_hill=free_hill,
            )
            out[rows, column], log_hill[rows] = found.ss, np.log(found.hill)
    return out


def _crossing(batch, weight, fitted, limit_ss, step, edge, *, free_hill, of):
    """Signed distance from the estimate to the crossing on one side; NaN where there is none."""
    location0, hill0 = fitted.log10_ic50, np.log(fitted.hill)
    centre = hill0 if of == "hill" else location0
    room = np.abs(edge - centre)
    sign = np.sign(step)
    size = len(centre)
    rise = np.sqrt(np.maximum(limit_ss - fitted.ss, 0.0))

    def climb(rows, distance, warm):
        """sqrt(SS - SS_min) - sqrt(limit - SS_min) at `distance`, re-fitting the rest."""
        part = batch.select(rows)
        at = centre[rows] + sign[rows] * distance
        location, log_hill = (warm, at) if of == "hill" else (at, warm)
        result = minimise(
            part,
            weight[rows],
            location,
            log_hill,
            free_location=of == "hill",
            free_hill=free_hill and of != "hill",
        )
        rest = result.log10_ic50 if of == "hill" else np.log(result.hill)
        return np.sqrt(np.maximum(result.ss - fitted.ss[rows], 0.0)) - rise[rows], rest

    inner, outer = np.zeros(size), np.minimum(np.abs(step), room)
    f_inner, f_outer = -rise, np.full(size, np.nan)
    warm = (location0 if of == "hill" else hill0).copy()
    looking = np.flatnonzero((room > 0) & (rise > 0) & np.isfinite(outer) & (outer > 0))
    bracketed = np.zeros(size, dtype=bool)
    for _ in range(_MAX_OUTWARD):
        if not len(looking):
            break
        value, rest = climb(looking, outer[looking], warm[looking])
        warm[looking] = rest
        crossed = value > 0
        hit, miss = looking[crossed], looking[~crossed]
        f_outer[hit], bracketed[hit] = value[crossed], True
        exhausted = outer[miss] >= room[miss]
        miss = miss[~exhausted]
        f_inner[miss] = value[~crossed][~exhausted]
        inner[miss] = outer[miss]
        outer[miss] = np.minimum(outer[miss] * 1.6, room[miss])
        looking = miss

    rows = np.flatnonzero(bracketed)
    side = np.zeros(size, dtype=int)
    root = np.full(size, np.nan)
    for _ in range(_MAX_REFINE):
        if not len(rows):
            break
        a, b, fa, fb = inner[rows], outer[rows], f_inner[rows], f_outer[rows]
        trial = (a * fb - b * fa) / (fb - fa)
        value, rest = climb(rows, trial, warm[rows])
        warm[rows] = rest
        root[rows] = trial
        done = (np.abs(value) <= 1e-10 * rise[rows]) | (b - a <= _TOLERANCE)
        above = value > 0
        # Illinois: halve the weight of an end that stays twice in a row
        f_inner[rows] = np.where(above, np.where(side[rows] == 1, fa / 2, fa), value)
        f_outer[rows] = np.where(above, value, np.where(side[rows] == -1, fb / 2, fb))
        inner[rows] = np.where(above, a, trial)
        outer[rows] = np.where(above, trial, b)
        side[rows] = np.where(above, 1, -1)
        rows = rows[~done]
    # data without any scatter pin the parameter down exactly
    return np.where(bracketed, sign * root, np.where(rise > 0, np.nan, 0.0))
