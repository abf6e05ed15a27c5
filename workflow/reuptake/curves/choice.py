"""Which model a curve has earned: free slope, own lower plateau, or neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, stdtr, stdtrit

from reuptake.curves import engine, profile
from reuptake.curves.engine import Fit
from reuptake.curves.groups import Batch

SIGNIFICANCE = 0.05
# an own plateau counts only if it lies this far from the non-specific level
OWN_PLATEAU_FRACTION = 0.20
# concentrations that must show the plateau, beyond the interval of the IC50
MIN_BEYOND = 2
# a slope this close to its limit is not an estimate
_OFF_LIMIT = 1.001
# residual degrees of freedom from which a slope that was not asked for is let into the interval
MIN_DF_FREE_SLOPE = 10


@dataclass(frozen=True)
class Chosen:
    """The adopted model of each curve of a batch; all arrays have shape (m,).

    ``ss`` is the residual sum of squares over wells, ``df`` its degrees of freedom,
    ``nonspecific`` the level of complete inhibition (the full-block wells' fitted mean; 0
    where there are none), ``hill_free`` the slope of the 4PL whether or not it was adopted.
    """

    fit: Fit
    free_hill: np.ndarray
    own_plateau: np.ndarray
    ss: np.ndarray
    df: np.ndarray
    nonspecific: np.ndarray
    hill_free: np.ndarray
    log10_ic50_se: np.ndarray
    dependency: np.ndarray
    log10_lower: np.ndarray
    log10_upper: np.ndarray
    hill_lower: np.ndarray
    hill_upper: np.ndarray
    p_flat: np.ndarray

    def select(self, rows) -> Chosen:
        """The curves at `rows`."""
        values = (getattr(self, name) for name in self.__annotations__)
        return Chosen(*(v.select(rows) if isinstance(v, Fit) else v[rows] for v in values))


def f_test(ss_simple, df_simple, ss_full, df_full, negligible=0.0):
    """p of the extra-sum-of-squares F test of nested models.

    .. math:: F = \\frac{(SS_1 - SS_2) / (\\nu_1 - \\nu_2)}{SS_2 / \\nu_2}

    Parameters
    ----------
    ss_simple, df_simple, ss_full, df_full : array_like
        Residual sums of squares and degrees of freedom of the simpler and the fuller model.
    negligible : array_like
        A sum of squares that is rounding error; a gain below it counts as none.

    References
    ----------
    Motulsky & Christopoulos, Fitting models to biological data, 2004, ch. 22.
    """
    df_full = np.maximum(df_full, 1)
    gain = np.maximum(ss_simple - ss_full, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (gain / (df_simple - df_full)) / (ss_full / df_full)
    f = np.where(gain <= negligible, 0.0, np.nan_to_num(f, nan=0.0, posinf=1e300))
    return fdtrc(df_simple - df_full, df_full, f)


def aicc(ss, n, n_parameters):
    """Akaike's criterion for least squares, corrected for small samples.

    .. math:: AIC_c = N \\ln(SS/N) + 2K + \\frac{2K(K+1)}{N-K-1}, \\quad K = p + 1

    Infinite where there are too few points for the correction.

    References
    ----------
    Motulsky & Christopoulos, Fitting models to biological data, 2004, ch. 22.
    """
    k = n_parameters + 1
    room = n - k - 1
    with np.errstate(divide="ignore"):
        value = n * np.log(ss / n) + 2 * k + 2 * k * (k + 1) / np.where(room > 0, room, 1)
    return np.where(room > 0, value, np.inf)


def choose(batch: Batch, *, interval: str = "profile", slope: str = "earned") -> Chosen:
    """Fit the candidate models to each curve of a batch and adopt one by stated rules.

    The lower plateau is the level of the full-block wells. A compound gets its own when
    an F test with free slope in both models has p < 0.05, the plateau lies more than 20 %
    of the window from the full-block level, and the data define it: two tested
    concentrations lie beyond the 95 % interval of the relative IC50. The slope is free when
    its F test has p < 0.05 and AICc is lower. Without full-block wells the plateau is always
    free, the level of complete inhibition is taken as 0, and the first test is whether the
    plateau differs from that.

    Parameters
    ----------
    batch : Batch
        Every curve needs more wells than parameters.
    interval : {"profile", "wald", "none"}
        How the limits of log10 IC50 are found; the slope's only with "profile".
    slope : {"earned", "fixed", "free"}
        By the rule above, or 1, or free for every curve.

    Returns
    -------
    Chosen
    """
    has_block = np.isposinf(batch.x[:, -1])
    block_mean = np.where(has_block, batch.mean[:, -1], 0.0)
    common = _Adopted(batch, batch.weight, 0, slope)

    # the full-block wells keep a mean of their own where the compound has its own plateau
    weight_own = np.where(np.isposinf(batch.x), 0.0, batch.weight)
    own_plateau = np.zeros(len(has_block), dtype=bool)
    rows = np.flatnonzero(has_block)
    if len(rows):
        part = batch.select(rows)
        four = engine.fit(part, weight_own[rows], free_hill=True)
        df = part.n_wells - 4
        p = f_test(
            common.four.ss[rows] + part.ss_pure,
            df,
            four.ss + part.ss_pure,
            df - 1,
            negligible(part),
        )
        rows = rows[p < SIGNIFICANCE]
    own = _Adopted(batch.select(rows), weight_own[rows], 1, slope)
    own_plateau[rows] = own.plateau_defined(block_mean[rows])
    own = own.select(own_plateau[rows])
    rows = np.flatnonzero(~has_block)
    if len(rows):
        free = common.select(rows)
        own_plateau[rows] = free.plateau_defined(block_mean[rows]) & (
            free.p_bottom_zero() < SIGNIFICANCE
        )

    taken = np.flatnonzero(own_plateau & has_block)
    kept = np.flatnonzero(~(own_plateau & has_block))
    columns: dict[str, np.ndarray] = {}
    for adopted, index in ((common.select(kept), kept), (own, taken)):
        for name, values in adopted.answers(interval).items():
            columns.setdefault(name, np.empty(len(has_block), dtype=values.dtype))[index] = values
    fit = Fit(**{name: columns.pop(name) for name in Fit.__annotations__})
    return Chosen(
        fit=fit,
        own_plateau=own_plateau,
        nonspecific=np.where(has_block, np.where(own_plateau, block_mean, fit.bottom), 0.0),
        p_flat=_p_flat(batch, weight_own, columns["ss_wells"], columns["df"]),
        ss=columns.pop("ss_wells"),
        **columns,
    )


def profiled(batch: Batch, chosen: Chosen, at) -> np.ndarray:
    """The profile likelihood behind the interval of log10 IC50.

    .. math:: (SS(x) - SS_{min}) / (SS_{95} - SS_{min})

    Parameters
    ----------
    batch : Batch
    chosen : Chosen
        Of :func:`choose`, with slopes as they were earned.
    at : ndarray, shape (m, g)
        Values of log10 IC50, ascending in each row.

    Returns
    -------
    ndarray, shape (m, g)
        0 at the best fit, 1 at the limits of the 95 % interval; NaN without any scatter.
    """
    has_block = np.isposinf(batch.x[:, -1])
    out = np.empty(at.shape)
    for own in (False, True):
        rows = np.flatnonzero((chosen.own_plateau & has_block) == own)
        if not len(rows):
            continue
        part = batch.select(rows)
        weight = np.where(np.isposinf(part.x), 0.0, part.weight) if own else part.weight
        adopted = _Adopted(part, weight, int(own), free_hill=chosen.free_hill[rows])
        out[rows] = adopted.with_slope_in_doubt().heights(at[rows])
    return out


def negligible(batch: Batch) -> np.ndarray:
    """A sum of squares that is no more than rounding error of the responses; shape (m,)."""
    return (batch.weight * (1e-11 * np.abs(batch.mean).max(axis=1)[:, None]) ** 2).sum(axis=1)


class _Adopted:
    """3PL and 4PL of some curves under one choice of lower plateau, and the one adopted.

    `slope` says how: "earned" by F test and AICc, or "fixed" at 1 or "free" for every curve;
    `free_hill` repeats a decision that was made before.
    """

    def __init__(
        self,
        batch: Batch,
        weight,
        n_extra: int,
        slope: str = "earned",
        fits: tuple[Fit, Fit] | None = None,
        free_hill=None,
    ):
        self.batch, self.weight, self.n_extra, self.slope = batch, weight, n_extra, slope
        self.three, self.four = fits or (
            engine.fit(batch, weight, free_hill=False),
            engine.fit(batch, weight, free_hill=True),
        )
        if free_hill is None:
            free_hill = self._earned() if slope == "earned" else self._all(slope == "free")
        self.free_hill = free_hill
        self.fit = self.three.choose(self.four, self.free_hill)
        self.df = batch.n_wells - 3 - n_extra - self.free_hill
        self.ss_wells = self.fit.ss + batch.ss_pure

    def _all(self, answer: bool) -> np.ndarray:
        return np.full(len(self.batch.curve), answer)

    def _earned(self) -> np.ndarray:
        """Where the slope is worth a parameter of its own."""
        batch, n_extra = self.batch, self.n_extra
        ss3, ss4 = (fit.ss + batch.ss_pure for fit in (self.three, self.four))
        n, tiny = batch.n_wells, negligible(batch)
        df3 = n - 3 - n_extra
        low, high = engine.HILL_LIMITS
        floor = np.maximum(tiny, 1e-300)
        return (
            (f_test(ss3, df3, ss4, df3 - 1, tiny) < SIGNIFICANCE)
            & (aicc(ss4 + floor, n, 4 + n_extra) < aicc(ss3 + floor, n, 3 + n_extra))
            & (self.four.hill > low * _OFF_LIMIT)
            & (self.four.hill < high / _OFF_LIMIT)
            & (df3 > 1)
        )

    def select(self, rows) -> _Adopted:
        """The curves at `rows`, without fitting again."""
        return _Adopted(
            self.batch.select(rows),
            self.weight[rows],
            self.n_extra,
            self.slope,
            fits=(self.three.select(rows), self.four.select(rows)),
            free_hill=self.free_hill[rows],
        )

    def _freed(self, free_hill) -> _Adopted:
        """The same curves with another choice of slope."""
        fits = self.three, self.four
        return _Adopted(self.batch, self.weight, self.n_extra, self.slope, fits, free_hill)

    def _by_slope(self):
        for free in (False, True):
            rows = np.flatnonzero(self.free_hill == free)
            if len(rows):
                yield free, rows, self.batch.select(rows), self.weight[rows], self.fit.select(rows)

    def uncertainty(self):
        """Standard errors of log10 IC50 and bottom, and the parameter dependency."""
        out = np.empty((3, len(self.df)))
        for free, rows, batch, weight, fit in self._by_slope():
            out[:, rows] = engine.uncertainty(batch, weight, fit, free_hill=free)
        out[:2] *= np.sqrt(self.ss_wells / np.maximum(self.df, 1))
        return out

    def with_slope_in_doubt(self) -> _Adopted:
        """The same with the slope free where it could not be told, for the interval's sake.

        Where a kind of control well is missing, slope and plateau stand in for each other, the
        F test has no power, and a slope kept at 1 is a convention: the interval of the IC50
        must not lean on it. As the 3PL lies within the 4PL's limits wherever F did not reject
        it, the estimate stays inside.
        """
        x = self.batch.x
        no_control = ~(np.isneginf(x[:, 0]) & np.isposinf(x[:, -1]))
        df4 = self.df + self.free_hill - 1
        ss4 = self.four.ss + self.batch.ss_pure
        inside = self.ss_wells <= profile.threshold(ss4, df4)
        doubtful = no_control & (df4 >= MIN_DF_FREE_SLOPE) & inside
        return self._freed(self.free_hill | doubtful)

    def profile(self, se, of="log10_ic50"):
        """95 % profile limits of log10 IC50 or of a free Hill slope (NaN where it is fixed)."""
        out = np.full((2, len(self.df)), np.nan)
        for free, rows, batch, weight, fit in self._by_slope():
            if of == "hill" and not free:
                continue
            limit = profile.threshold(self.ss_wells[rows], self.df[rows]) - batch.ss_pure
            out[:, rows] = profile.interval(
                batch, weight, fit, limit, 2.0 * se[rows], free_hill=free, of=of
            )
        return out

    def heights(self, at) -> np.ndarray:
        """Rise of the profiled sum of squares, 1 at the 95 % limit; shape (m, g)."""
        out = np.empty(at.shape)
        for free, rows, batch, weight, fit in self._by_slope():
            ss = profile.trace(batch, weight, fit, at[rows], free_hill=free)
            limit = profile.threshold(self.ss_wells[rows], self.df[rows])
            room = limit - self.ss_wells[rows]
            with np.errstate(divide="ignore", invalid="ignore"):
                out[rows] = np.where(room > 0, (ss.T - fit.ss) / room, np.nan).T
        return out

    def plateau_defined(self, level) -> np.ndarray:
        """Whether the lower plateau lies away from `level` and the data show where it is."""
        away = np.abs(self.fit.bottom - level) > OWN_PLATEAU_FRACTION * np.abs(self.fit.top - level)
        defined = np.zeros(len(away), dtype=bool)
        # the limit of an interval lies no lower than the estimate: most need no profile
        rows = np.flatnonzero(away & (self._beyond(self.fit.log10_ic50) >= MIN_BEYOND))
        if len(rows):
            part = self.select(rows)
            lower, upper = part.profile(part.uncertainty()[0])
            defined[rows] = np.isfinite(lower) & (part._beyond(upper) >= MIN_BEYOND)
        return defined

    def _beyond(self, log10_limit) -> np.ndarray:
        """How many tested concentrations lie at or above a limit."""
        x = np.where(self.batch.tested, self.batch.x, -np.inf)
        return (x >= log10_limit[:, None]).sum(axis=1)

    def p_bottom_zero(self) -> np.ndarray:
        """Two-sided p (Wald t) of a lower plateau of zero."""
        se = self.uncertainty()[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.nan_to_num(np.abs(self.fit.bottom) / se, nan=0.0, posinf=1e300)
        return 2.0 * stdtr(np.maximum(self.df, 1), -t)

    def answers(self, interval: str) -> dict[str, np.ndarray]:
        """The adopted fit as columns."""
        se, _, dependency = self.uncertainty()
        lower, upper, hill_lower, hill_upper = np.full((4, len(self.df)), np.nan)
        if interval == "profile":
            doubting = self.with_slope_in_doubt() if self.slope == "earned" else self
            lower, upper = doubting.profile(doubting.uncertainty()[0])
            hill_lower, hill_upper = self.profile(np.full(len(se), 0.05), of="hill")
        elif interval == "wald":
            half = stdtrit(np.maximum(self.df, 1), 0.975) * se
            lower, upper = self.fit.log10_ic50 - half, self.fit.log10_ic50 + half
        return {name: getattr(self.fit, name) for name in Fit.__annotations__} | {
            "free_hill": self.free_hill,
            "ss_wells": self.ss_wells,
            "df": self.df,
            "hill_free": self.four.hill,
            "log10_ic50_se": se,
            "dependency": dependency,
            "log10_lower": lower,
            "log10_upper": upper,
            "hill_lower": hill_lower,
            "hill_upper": hill_upper,
        }


def _p_flat(batch: Batch, weight, ss, df):
    """p of the F test of a level line against the fitted curve."""
    mean = (weight * batch.mean).sum(axis=1) / weight.sum(axis=1)
    flat_ss = (weight * (batch.mean - mean[:, None]) ** 2).sum(axis=1) + batch.ss_pure
    flat_df = batch.n_wells - 1 - np.isposinf(batch.x[:, -1])
    return f_test(flat_ss, flat_df, ss, df, negligible(batch))
