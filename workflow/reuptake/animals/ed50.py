"""ED50 of protection: dose-response of levels, with vehicle and challenge in the fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import fdtrc, fdtri, stdtrit

LOG10 = np.log(10.0)
SLOPES = (0.1, 20.0)  # beyond the steepest, three doses see a step
_REACH_DECADES = 3.0


@dataclass(frozen=True)
class DoseResponse:
    """The fit y = C + (V - C) / (1 + (ED50/dose)^h).

    Attributes
    ----------
    ed50, hill : float
    wald, profile : tuple of float
        95 % limits of the ED50, in mg/kg; 0 and inf where unbounded.
    hill_se : float
        Wald standard error; NaN where the slope is fixed or at its limit.
    vehicle, challenge : float
        Fitted V and C.
    ss, df : float
        Residual sum of squares over animals, and its degrees of freedom.
    lack_of_fit : tuple
        F, df1, df2 and p against the group means; NaN where no doses are left to test it.
    """

    ed50: float
    hill: float
    hill_se: float
    vehicle: float
    challenge: float
    ss: float
    df: float
    wald: tuple[float, float]
    profile: tuple[float, float]
    lack_of_fit: tuple[float, float, float, float]


@dataclass(frozen=True)
class Ed50:
    """What may be said of an ED50.

    Attributes
    ----------
    qualifier : str
        ``=``, ``>`` (no dose reaches half), ``<`` (every dose does), or empty.
    value, lower, upper : float
        In mg/kg; profile limits of an estimate, 0 and inf where unbounded.
    free, one : DoseResponse or None
        The fit with free slope and the fit with slope 1.
    slope_test : tuple
        F and p of slope 1 against a free slope.
    flags : list of str
    """

    qualifier: str
    value: float
    lower: float = np.nan
    upper: float = np.nan
    free: DoseResponse | None = None
    one: DoseResponse | None = None
    slope_test: tuple[float, float] = (np.nan, np.nan)
    flags: list[str] = field(default_factory=list)


class _Data:
    """Animals as protection classes: dose 0 is challenge, infinity is vehicle."""

    def __init__(self, doses, values, vehicle, challenge):
        doses = np.asarray(doses, dtype=float)
        self.x = np.concatenate(
            [np.full(len(vehicle), np.inf), np.full(len(challenge), -np.inf), np.log10(doses)]
        )
        self.y = np.concatenate([vehicle, challenge, values]).astype(float)
        self.doses = np.unique(np.log10(doses))
        self.cells = self.x[:, None] == np.unique(self.x)
        means = self.cells.T @ self.y / self.cells.sum(axis=0)
        self.ss_pure = float(np.sum((self.y - self.cells @ means) ** 2))

    def design(self, location, log_hill):
        """Shares of V and C in each animal's level, shape (n, 2)."""
        power = np.clip(np.exp(log_hill) * (self.x - location) * LOG10, -700, 700)
        protected = 1.0 / (1.0 + np.exp(-power))
        protected[np.isposinf(self.x)] = 1.0
        protected[np.isneginf(self.x)] = 0.0
        return np.column_stack([protected, 1.0 - protected])

    def plateaus(self, location, log_hill):
        """V and C that fit best at a given ED50 and slope, and the sum of squares left."""
        design = self.design(location, log_hill)
        best = np.linalg.solve(design.T @ design, design.T @ self.y)
        return best, float(np.sum((self.y - design @ best) ** 2))

    def ss(self, location, log_hill):
        return self.plateaus(location, log_hill)[1]


def fit_levels(doses, values, vehicle, challenge, hill: float | None = None) -> DoseResponse:
    """Fit the levels of all animals at once; V and C are shared with their own groups.

    Parameters
    ----------
    doses, values : array_like, shape (n,)
        Dose (mg/kg, above zero) and level of each treated animal.
    vehicle, challenge : array_like
        Levels of the vehicle and the challenge animals.
    hill : float, optional
        A fixed slope; free if left out.

    Notes
    -----
    Profile limits are where SS(θ) = SS_min (1 + F(0.95; 1, ν)/ν), everything else fitted
    again; Wald limits are those of log ED50 by the t distribution.

    References
    ----------
    GraphPad Prism 8 guide, "How confidence intervals are computed"; Seber & Wild, Nonlinear
    Regression, Wiley 1989, for the separation of linear parameters.
    """
    data = _Data(doses, values, vehicle, challenge)
    low, high = data.doses[0] - _REACH_DECADES, data.doses[-1] + _REACH_DECADES
    slopes = np.log(SLOPES)

    def over_slope(location):
        """Smallest sum of squares at an ED50, and the log slope that gives it."""
        if hill is not None:
            return data.ss(location, np.log(hill)), np.log(hill)
        grid = np.linspace(*slopes, 25)
        ss = [data.ss(location, h) for h in grid]
        at = int(np.argmin(ss))
        ends = grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]
        best = minimize_scalar(
            lambda h: data.ss(location, h), bounds=ends, method="bounded", options={"xatol": 1e-11}
        )
        return (best.fun, best.x) if best.fun < ss[at] else (ss[at], grid[at])

    grid = np.linspace(low, high, 121)
    profile = np.array([over_slope(location)[0] for location in grid])
    at = int(np.argmin(profile))
    best = minimize_scalar(
        lambda location: over_slope(location)[0],
        bounds=(grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    location = float(best.x)
    ss, log_hill = over_slope(location)
    (v, c), _ = data.plateaus(location, log_hill)
    free = 4 if hill is None else 3
    df = float(len(data.y) - free)
    limit = ss * (1 + fdtri(1, df, 0.95) / df)
    limits = _crossings(lambda x: over_slope(x)[0] - limit, location, low, high)
    se_location, se_slope = _wald(data, location, log_hill, v, c, ss / df, hill is None)
    at_limit = min(abs(log_hill - end) for end in slopes) < 1e-3
    half = stdtrit(df, 0.975) * se_location
    return DoseResponse(
        ed50=10**location,
        hill=float(np.exp(log_hill)),
        hill_se=np.nan if at_limit else se_slope,
        vehicle=float(v),
        challenge=float(c),
        ss=ss,
        df=df,
        wald=(_dose(location - half), _dose(location + half)),
        profile=limits,
        lack_of_fit=_lack_of_fit(data, ss, df),
    )


def _dose(log10_dose: float) -> float:
    """A dose; 0 or inf where its logarithm is known from nothing."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.power(10.0, log10_dose))


def _crossings(excess, location, low, high):
    """Limits of the ED50 where a profile crosses its threshold; 0 and inf where it does not."""
    out = []
    for end, open_side in ((low, 0.0), (high, np.inf)):
        steps = np.linspace(location, end, 241)[1:]
        inner, limit = location, open_side
        for outer in steps:
            if excess(outer) > 0:
                limit = 10 ** brentq(excess, inner, outer, xtol=1e-9)
                break
            inner = outer
        out.append(float(limit))
    return out[0], out[1]


def _wald(data: _Data, location, log_hill, v, c, variance, free_slope: bool):
    """Standard errors of log10 ED50 and of the slope from the Jacobian."""
    share = data.design(location, log_hill)[:, 0]
    h = np.exp(log_hill)
    turn = (v - c) * share * (1 - share)
    away = np.where(np.isfinite(data.x), data.x - location, 0.0) * LOG10
    columns = [share, 1 - share, -turn * h * LOG10]
    if free_slope:
        columns.append(turn * away)
    jacobian = np.column_stack(columns)
    try:
        covariance = np.linalg.inv(jacobian.T @ jacobian) * variance
    except np.linalg.LinAlgError:
        return np.nan, np.nan
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    return float(se[2]), float(se[3]) if free_slope else np.nan


def _lack_of_fit(data: _Data, ss, df):
    pure_df = len(data.y) - data.cells.shape[1]
    df1 = df - pure_df
    if df1 < 1 or pure_df < 1 or not data.ss_pure > 0:
        return np.nan, np.nan, np.nan, np.nan
    f = max(ss - data.ss_pure, 0.0) / df1 / (data.ss_pure / pure_df)
    return float(f), float(df1), float(pure_df), float(fdtrc(df1, pure_df, f))


def ed50(doses, values, vehicle, challenge) -> Ed50:
    """The ED50 of protection from a challenge, or the bound that the doses allow.

    Half protection is half way between challenge and vehicle: the model fixes full
    protection at the vehicle's level. Where neither the group means nor the fitted curve
    cross half way inside the tested doses, the answer is a bound.

    Parameters
    ----------
    doses, values : array_like, shape (n,)
        Dose (mg/kg, above zero) and level of each treated animal.
    vehicle, challenge : array_like
        Levels of the vehicle and the challenge animals.
    """
    doses, values = np.asarray(doses, float), np.asarray(values, float)
    tested = np.unique(doses)
    c, v = np.mean(challenge), np.mean(vehicle)
    reached = np.array([(values[doses == d].mean() - c) / (v - c) for d in tested])
    if np.all(reached < 0.5):
        return Ed50(">", float(tested[-1]), flags=["no dose reaches 50 %"])
    if np.all(reached >= 0.5):
        return Ed50("<", float(tested[0]), flags=["every dose reaches 50 %"])
    flags = []
    free = fit_levels(doses, values, vehicle, challenge)
    one = fit_levels(doses, values, vehicle, challenge, hill=1.0)
    if free.ed50 > tested[-1]:
        return Ed50(
            ">", float(tested[-1]), free=free, one=one, flags=["the curve stays below 50 %"]
        )
    if free.ed50 < tested[0]:
        return Ed50("<", float(tested[0]), free=free, one=one, flags=["the curve stays above 50 %"])
    if np.isnan(free.hill_se):
        flags.append("slope not determined: at its limit")
    f, _, _, p = free.lack_of_fit
    if np.isnan(f):
        flags.append("lack of fit cannot be tested")
    elif p < 0.05:
        flags.append(f"the curve does not fit the means (lack of fit, p = {p:.2g})")
    if free.profile[0] == 0 or np.isinf(free.profile[1]):
        flags.append("ED50 unbounded on one side")
    return Ed50("=", free.ed50, *free.profile, free, one, _slope_test(free, one), flags)


def _slope_test(free: DoseResponse, one: DoseResponse) -> tuple[float, float]:
    if not free.ss > 0:
        return np.nan, np.nan
    f = max(one.ss - free.ss, 0.0) / (free.ss / free.df)
    return float(f), float(fdtrc(1, free.df, f))
