"""Selectivity ratios: off-target over primary, with what may be claimed of bounds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import stdtrit

from reuptake.censored import Tobit
from reuptake.formatting import interval, significant
from reuptake.potency import independent, known_sd, tobit_of
from reuptake.qc.runchart import MIN_RUNS_FOR_MSR, between_run_sd, indistinguishable, msr
from reuptake.sharederrors import constants_variance, mean_weights, widened
from reuptake.tables import SELECTIVITY, SELECTIVITY_WINDOWS, records, typed

_PLACE = ["compound", "species", "modality", "quantity", "simulated"]
CONFIDENCE = 0.95
# fold beyond which an off-target is of no concern
WINDOW = 100.0


@dataclass(frozen=True)
class Side:
    """One side of a ratio.

    Attributes
    ----------
    qualifier : str
        ``=`` with the experiments' values, ``>`` or ``<`` where some or all of them are only
        limits, or empty.
    value_nM : float
        Geometric mean, Tobit estimate or limit.
    log10_values : ndarray
        log10 nM of the exact experiments.
    n : int
        Experiments.
    experiments : tuple of str
        Names of the exact experiments, in the order of their values.
    fit : Tobit, optional
        Of a side that is partly limits, where a Tobit estimate may be used.
    """

    qualifier: str
    value_nM: float
    log10_values: np.ndarray
    n: int
    experiments: tuple[str, ...] = ()
    fit: Tobit | None = None

    @property
    def exact(self) -> bool:
        """Whether every experiment gave a value."""
        return self.qualifier == "="


@dataclass(frozen=True)
class Difference:
    """log10 of a ratio of two exact sides.

    Attributes
    ----------
    mean, se, df : float
        NaN error and degrees of freedom where a side has one experiment.
    method : str
        ``Welch`` or ``paired t``.
    """

    mean: float
    se: float
    df: float
    method: str

    def limits(
        self, known_variance: float = 0.0, confidence: float = CONFIDENCE
    ) -> tuple[float, float]:
        """Interval of the ratio, with a variance known from elsewhere counted in.

        .. math:: 10^{\\Delta \\pm t_\\nu SE}

        widened by :func:`reuptake.sharederrors.widened`.
        """
        half = stdtrit(self.df, 0.5 + confidence / 2) * self.se if self.se else self.se
        ends = self.mean - half, self.mean + half
        lower, upper = widened(self.mean, *ends, known_variance, confidence)
        return 10**lower, 10**upper


def welch(log10_off, log10_primary) -> Difference:
    """Difference of two means with Welch's error.

    .. math:: SE = \\sqrt{s_1^2/n_1 + s_2^2/n_2}

    with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    log10_off, log10_primary : ndarray
        log10 potencies, one per experiment.

    References
    ----------
    Welch 1947, Biometrika 34:28; Satterthwaite 1946, Biometrics Bull 2:110.
    """
    delta = float(np.mean(log10_off) - np.mean(log10_primary))
    if min(len(log10_off), len(log10_primary)) < 2:
        return Difference(delta, np.nan, np.nan, "Welch")
    v1, v2 = (float(np.var(x, ddof=1)) / len(x) for x in (log10_off, log10_primary))
    if v1 + v2 == 0:
        return Difference(delta, 0.0, np.nan, "Welch")
    df = (v1 + v2) ** 2 / (v1**2 / (len(log10_off) - 1) + v2**2 / (len(log10_primary) - 1))
    return Difference(delta, float(np.sqrt(v1 + v2)), df, "Welch")


def paired(log10_off, log10_primary) -> Difference:
    """Mean of the log ratios of experiments run side by side, with their own error.

    .. math:: d_i = \\log_{10} off_i - \\log_{10} primary_i, \\quad SE = s_d/\\sqrt n

    with n - 1 degrees of freedom.

    Parameters
    ----------
    log10_off, log10_primary : ndarray, shape (n,)
        The same experiments in the same order; n >= 2.

    References
    ----------
    Student 1908, Biometrika 6:1.
    """
    d = np.asarray(log10_off) - np.asarray(log10_primary)
    se = float(np.std(d, ddof=1) / np.sqrt(len(d)))
    return Difference(float(np.mean(d)), se, len(d) - 1, "paired t")


def one_sided_limit_nM(log10_values, side: str, confidence: float = 0.95) -> float:
    """One-sided confidence limit of a geometric mean; NaN for one experiment.

    .. math:: 10^{\\bar x \\pm t_{n-1, 0.95} \\, s / \\sqrt n}

    Parameters
    ----------
    log10_values : ndarray
    side : {"upper", "lower"}
    """
    x = np.asarray(log10_values, dtype=float)
    if len(x) < 2:
        return np.nan
    half = stdtrit(len(x) - 1, confidence) * np.std(x, ddof=1) / np.sqrt(len(x))
    return float(10 ** (np.mean(x) + (half if side == "upper" else -half)))


def difference_of(off: Side, primary: Side) -> Difference:
    """Paired where both sides hold the same experiments, else Welch."""
    if len(off.experiments) > 1 and off.experiments == primary.experiments:
        return paired(off.log10_values, primary.log10_values)
    return welch(off.log10_values, primary.log10_values)


def ratio_of(off: Side, primary: Side) -> dict:
    """What may be claimed of off / primary.

    Both exact: the ratio with its interval, paired or Welch's. A side that is partly limits
    and has a Tobit fit: the one-sided 95 % bound of the joint profile. Otherwise the one-sided
    95 % limit of the exact side against the bound of the other, which is taken as certain; with
    bounds that point the same way, nothing.

    Returns
    -------
    dict
        ``qualifier, ratio, lower, upper, ratio_point, method, reason``; `reason` says why
        there is no claim, or is empty.
    """
    out = {
        "qualifier": "",
        "ratio": np.nan,
        "lower": np.nan,
        "upper": np.nan,
        "ratio_point": off.value_nM / primary.value_nM,
        "method": "",
        "reason": "",
    }
    if off.exact and primary.exact:
        found = difference_of(off, primary)
        lower, upper = found.limits()
        given = {"ratio": 10**found.mean, "lower": lower, "upper": upper}
        return out | given | {"qualifier": "=", "method": found.method}
    if off.qualifier == primary.qualifier:
        return out | {"reason": "bounds in the same direction: not determined"}
    greater = off.qualifier == ">" or primary.qualifier == "<"
    sign = -1 if greater else +1
    if off.fit is not None or primary.fit is not None:
        bound, method = joint_bound(off, primary, sign), "joint profile"
    else:
        bound, method = _limit_nM(off, sign) / _limit_nM(primary, -sign), "bounds"
    if np.isnan(bound):
        return out | {"reason": "one experiment on the exact side: no bound can be claimed"}
    return out | {"qualifier": ">" if greater else "<", "ratio": bound, "method": method}


def _limit_nM(side: Side, sign: int) -> float:
    if not side.exact:
        return side.value_nM
    return one_sided_limit_nM(side.log10_values, "upper" if sign > 0 else "lower")


@dataclass(frozen=True)
class _Mean:
    """The mean of exact values, with the same questions as a :class:`Tobit` fit."""

    log10_values: np.ndarray

    @property
    def mu(self) -> float:
        return float(np.mean(self.log10_values))

    def cutoff(self, confidence: float) -> float:
        return float(stdtrit(len(self.log10_values) - 1, 0.5 + confidence / 2) ** 2)

    def limit(self, cutoff: float, side: int) -> float:
        se = np.std(self.log10_values, ddof=1) / np.sqrt(len(self.log10_values))
        return float(self.mu + side * se * np.sqrt(cutoff))


def joint_bound(off: Side, primary: Side, sign: int, confidence: float = CONFIDENCE) -> float:
    """One-sided bound of the ratio from the joint profile of both sides.

    The bound is the last :math:`\\Delta = \\mu_{off} - \\mu_{primary}` with

    .. math:: \\min_{\\mu} \\; D_{off}(\\mu + \\Delta)/q_{off} + D_{primary}(\\mu)/q_{primary}
              \\le 1

    where D is the deviance of a side and q what it may reach in the one-sided interval of that
    side alone: with equal q this is the profile likelihood of the ratio, and with two exact
    sides the limits of Welch's kind by MOVER. A side of limits only stands at its limit.

    Parameters
    ----------
    off, primary : Side
    sign : int
        -1 for a lower, +1 for an upper bound.

    Returns
    -------
    float
        Fold; NaN where an exact side has one experiment.

    References
    ----------
    Zou & Donner 2008, Stat Med 27:1693 (limits of a difference from the limits of its parts).
    """
    level = 2 * confidence - 1
    sides = [(off, sign), (primary, -sign)]
    # the side with a Tobit fit first: the distance that the other may go follows from it
    sides.sort(key=lambda pair: pair[0].fit is None)
    (first, away), (second, back) = sides
    free, q = first.fit, first.fit.cutoff(level)
    reach = abs(free.limit(q, away) - free.mu)
    if second.fit is None and not second.exact:
        farthest = reach
    elif second.fit is None and second.n < 2:
        return np.nan
    else:
        bound = second.fit or _Mean(second.log10_values)
        q_bound = bound.cutoff(level)

        def total(d: float) -> float:
            left = max(1.0 - free.deviance(free.mu + away * d) / q, 0.0)
            return d + abs(bound.limit(left * q_bound, back) - bound.mu)

        found = minimize_scalar(
            lambda d: -total(d), bounds=(0.0, reach), method="bounded", options={"xatol": 1e-6}
        )
        farthest = -found.fun
    middle = [
        side.fit.mu
        if side.fit
        else _Mean(side.log10_values).mu
        if side.exact
        else np.log10(side.value_nM)
        for side in (off, primary)
    ]
    return float(10 ** (middle[0] - middle[1] + sign * farthest))


def class_of(answer: dict, classes: dict[str, float]) -> str:
    """The highest class that a claim's lower bound reaches; the point never counts."""
    floor = floor_of(answer)
    reached = [(fold, name) for name, fold in classes.items() if floor >= fold]
    return max(reached)[1] if reached else ""


def floor_of(answer: dict) -> float:
    """The fold that a ratio is shown to exceed; NaN where none is."""
    return {"=": answer["lower"], ">": answer["ratio"]}.get(answer["qualifier"], np.nan)


def windows_of(selectivity: pd.DataFrame) -> pd.DataFrame:
    """The selectivity of each compound over all its off-targets together, by the bounds.

    The window is the smallest of the lower bounds of its ratios. An off-target without one
    (no ratio, a ratio of single experiments, an upper bound) leaves it open.

    Parameters
    ----------
    selectivity : DataFrame
        Columns of selectivity.csv.
    """
    rows = []
    place = [*_PLACE, "primary"]
    ordered = records(selectivity.sort_values([*place, "target"], kind="stable"))
    for key, group in groupby(ordered, key=itemgetter(*place)):
        floors = {row["target"]: floor_of(row) for row in group}
        bounded = {target: floor for target, floor in floors.items() if np.isfinite(floor)}
        without = [target for target in floors if target not in bounded]
        narrowest = min(bounded, key=bounded.get, default="")
        rows.append(
            dict(zip(place, key, strict=True))
            | {
                "n_off_targets": len(floors),
                "narrowest_target": narrowest,
                "lower_bound": np.nan if without else bounded[narrowest],
                "not_beyond_100_fold": "; ".join(t for t, f in floors.items() if not f > WINDOW),
                "without_bound": "; ".join(without),
            }
        )
    return typed(pd.DataFrame(rows), SELECTIVITY_WINDOWS)


def selectivities_of(
    experiments: pd.DataFrame,
    potency: pd.DataFrame,
    roles: dict[str, str],
    charts: pd.DataFrame | None = None,
    classes: dict[str, float] | None = None,
) -> pd.DataFrame:
    """The selectivity table.

    Binding is compared by Ki alone (an IC50 hangs on each assay's L/Kd), uptake and
    responses by IC50; never one with another, nor across species or simulated with real.

    Parameters
    ----------
    experiments, potency : DataFrame
        Columns of experiments.csv and potency.csv.
    roles : dict
        Role of each target: ``primary`` or ``off-target``.
    charts : DataFrame, optional
        Columns of runcharts.csv.
    classes : dict, optional
        Fold of each class of selectivity.
    """
    primary = next((key for key, role in roles.items() if role == "primary"), None)
    comparable = potency[(potency.modality != "binding") | (potency.quantity == "Ki")]
    rows = []
    if primary is None or comparable.empty:
        return typed(pd.DataFrame(), SELECTIVITY)
    known = _Known(experiments, potency, charts)
    ordered = records(comparable.sort_values([*_PLACE, "target"], kind="stable"))
    for place, group in groupby(ordered, key=itemgetter(*_PLACE)):
        by_target = {t: list(g) for t, g in groupby(group, key=itemgetter("target"))}
        against = by_target.get(primary, [])
        for target, off in by_target.items():
            if target != primary:
                row = dict(zip(_PLACE, place, strict=True)) | {"target": target, "primary": primary}
                rows.append(row | _row(off, against, primary, known, classes or {}))
    return typed(pd.DataFrame(rows), SELECTIVITY)


class _Known:
    """The tables behind the ratios, looked up by place and target."""

    def __init__(self, experiments, potency, charts):
        self.potency = potency
        self._members: dict[tuple, list[dict]] = {}
        for row in records(experiments.assign(of_assay=experiments.assay)):
            self._members.setdefault(self._key(row), []).append(row)
        with_charts = charts is not None and len(charts)
        self._sds = between_run_sd(charts) if with_charts else {}
        self._msr_sds = between_run_sd(charts, MIN_RUNS_FOR_MSR) if with_charts else {}

    @staticmethod
    def _key(row) -> tuple:
        return tuple(row[name] for name in (*_PLACE, "target"))

    def members(self, row) -> list[dict]:
        """The rows of experiments.csv behind a row of potency.csv."""
        return self._members.get(self._key(row), [])

    def side(self, row) -> Side:
        """One side of a ratio."""
        mine = self.members(row)
        single = independent(mine)
        exact = [e for e in single if e["qualifier"] == "="]
        values = np.log10([e["value_nM"] for e in exact])
        names = tuple(e["experiment"] for e in exact)
        directions = {e["qualifier"] for e in single} - {"="}
        if not directions or not row["qualifier"]:
            return Side(row["qualifier"], row["value_nM"], values, row["n_experiments"], names)
        if len(directions) > 1:
            return Side("", row["value_nM"], values, row["n_experiments"], names)
        fit, _ = tobit_of(single, *known_sd(mine, self._sds))
        direction = directions.pop()
        return Side(direction, row["value_nM"], values, row["n_experiments"], names, fit)

    def smallest_ratio(self, off, primary) -> float:
        """Minimum significant ratio between two targets; NaN without run charts for both."""
        sds = [known_sd(self.members(row), self._msr_sds)[0] for row in (off, primary)]
        return msr(*sds)

    def constants_variance(self, off, primary) -> float:
        """Variance of log10 ratio from the constants; NaN where no error is known."""
        ours, theirs = (mean_weights(self.members(row)) for row in (off, primary))
        return constants_variance([*ours, *((-weight, row) for weight, row in theirs)])


def _row(off: list[dict], primary: list[dict], name: str, known: _Known, classes: dict) -> dict:
    first = off[0]
    for side, where in ((off, first["target"]), (primary, name)):
        if len(side) > 1:
            assays = ", ".join(row["assay"] for row in side)
            return _refused(f"{where} was measured in unlike assays ({assays}): not joined")
    if not primary:
        return _refused(_why_no_primary(first, known.potency))
    other = primary[0]
    counts = {"n_primary": other["n_experiments"], "n_target": first["n_experiments"]}
    for row in (first, other):
        if not row["qualifier"]:
            return _refused(f"{row['quantity']}({row['target']}) not available") | counts
    sides = [known.side(row) for row in (first, other)]
    for row, side in zip((first, other), sides, strict=True):
        if not side.qualifier:
            reason = f"{row['target']} has limits in both directions: not determined"
            return _refused(reason) | counts
    answer = ratio_of(*sides)
    reason = answer.pop("reason")
    flags = []
    if answer["qualifier"] == "=" and np.isnan(answer["lower"]):
        flags.append("no interval: a side has one experiment")
    if answer["method"] == "bounds":
        flags.append("limits of censored values are taken as certain")
    if reason:
        flags.append(reason)
    smallest = known.smallest_ratio(first, other)
    if answer["qualifier"] == "=" and indistinguishable(
        first["value_nM"], other["value_nM"], smallest
    ):
        flags.append(
            f"closer than the minimum significant ratio of {significant(smallest)}: "
            f"{first['target']} and {other['target']} are not distinguishable"
        )
    return (
        answer
        | counts
        | _with_constants(answer, sides, known.constants_variance(first, other))
        | {
            "log10_ratio": float(np.log10(answer["ratio"])) if answer["ratio"] > 0 else np.nan,
            "selectivity_class": class_of(answer, classes),
            "statement": statement(answer, first, other, reason),
            "flags": "; ".join(flags),
        }
    )


def _with_constants(answer: dict, sides: list[Side], variance: float) -> dict:
    """The interval that also holds the errors of Kd, L and R_T, where any is known."""
    if answer["qualifier"] != "=" or np.isnan(variance):
        return {}
    lower, upper = difference_of(*sides).limits(variance)
    return {"constants_lower": lower, "constants_upper": upper}


def _why_no_primary(off: dict, potency: pd.DataFrame) -> str:
    """Names what the primary target does have, where that is of another kind."""
    theirs = potency[(potency.compound == off["compound"]) & (potency.target != off["target"])]
    has = sorted(
        {
            f"{row.target} has {row.species or 'unstated species'} {row.modality} {row.quantity}"
            + (" (simulated)" if row.simulated else "")
            for row in theirs.itertuples()
            if row.qualifier
        }
    )
    tail = f"; {', '.join(has)}, which must not be compared with it" if has else ""
    what = f"{off['species']} {off['modality']} {off['quantity']}"
    return f"no {what} at the primary target{tail}"


def _refused(reason: str) -> dict:
    return {"qualifier": "", "statement": f"no ratio: {reason}", "flags": reason}


def statement(answer: dict, off: dict, primary: dict, reason: str = "") -> str:
    """A ratio in plain words, bounds rounded outward."""
    here, there = primary["target"], off["target"]
    n = f"n = {primary['n_experiments']} at {here}, {off['n_experiments']} at {there}"
    if not answer["qualifier"]:
        return f"no ratio: {reason}"
    if answer["qualifier"] == "=":
        limits = (
            f"95 % CI {interval(answer['lower'], answer['upper'])}"
            if np.isfinite(answer["lower"])
            else "no interval"
        )
        fold = significant(answer["ratio"])
        if answer["ratio"] < 1:
            limits = f"more potent at {there}; {limits}"
        if answer["method"] == "paired t":
            n = f"{n}, side by side"
        return f"{fold}-fold for {here} over {there} ({limits}; {n})"
    more = answer["qualifier"] == ">"
    bound = significant(answer["ratio"], direction="down" if more else "up")
    words = "more than" if more else "less than"
    both = not (off["n_experiments"] - off["n_censored"]) and not (
        primary["n_experiments"] - primary["n_censored"]
    )
    level = "both limits taken as certain" if both else "one-sided 95 %"
    return f"{words} {bound}-fold for {here} over {there}, {level} ({n})"
