"""Selectivity ratios: off-target over primary, with what may be claimed of bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reuptake.formatting import interval, significant
from reuptake.tables import SELECTIVITY, typed

_PLACE = ["compound", "species", "modality", "quantity", "simulated"]


@dataclass(frozen=True)
class Side:
    """One side of a ratio.

    Attributes
    ----------
    qualifier : str
        ``=`` with the experiments' values, ``>`` or ``<`` with one limit, or empty.
    value_nM : float
        Geometric mean or limit.
    log10_values : ndarray
        log10 nM of the experiments, where all are exact.
    n : int
        Experiments.
    """

    qualifier: str
    value_nM: float
    log10_values: np.ndarray
    n: int


def welch_ratio(log10_off, log10_primary, confidence: float = 0.95):
    """Ratio of two geometric means with Welch's interval on log10.

    .. math:: \\Delta \\pm t_\\nu \\sqrt{s_1^2/n_1 + s_2^2/n_2}

    with Satterthwaite's degrees of freedom; the antilogs are the ratio and its limits.

    Parameters
    ----------
    log10_off, log10_primary : ndarray
        log10 potencies, one per experiment.

    Returns
    -------
    ratio, lower, upper, df : float
        NaN limits where a side has one experiment only.

    References
    ----------
    Welch 1947, Biometrika 34:28; Satterthwaite 1946, Biometrics Bull 2:110.
    """
    delta = float(np.mean(log10_off) - np.mean(log10_primary))
    if min(len(log10_off), len(log10_primary)) < 2:
        return 10**delta, np.nan, np.nan, np.nan
    v1, v2 = (np.var(x, ddof=1) / len(x) for x in (log10_off, log10_primary))
    if v1 + v2 == 0:
        return 10**delta, 10**delta, 10**delta, np.nan
    df = (v1 + v2) ** 2 / (v1**2 / (len(log10_off) - 1) + v2**2 / (len(log10_primary) - 1))
    half = stdtrit(df, 0.5 + confidence / 2) * np.sqrt(v1 + v2)
    return 10**delta, 10 ** (delta - half), 10 ** (delta + half), float(df)


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


def ratio_of(off: Side, primary: Side) -> dict:
    """What may be claimed of off / primary.

    Both exact: the ratio with Welch's interval. With a bound on one side, the one-sided
    95 % limit of the exact side against it, the bound itself taken as certain; with bounds
    that point the same way, nothing.

    Returns
    -------
    dict
        ``qualifier, ratio, lower, upper, ratio_point, reason``; `reason` says why there is
        no claim, or is empty.
    """
    out = {
        "qualifier": "",
        "ratio": np.nan,
        "lower": np.nan,
        "upper": np.nan,
        "ratio_point": off.value_nM / primary.value_nM,
        "reason": "",
    }
    pair = (off.qualifier, primary.qualifier)
    if pair == ("=", "="):
        ratio, lower, upper, _ = welch_ratio(off.log10_values, primary.log10_values)
        return out | {"qualifier": "=", "ratio": ratio, "lower": lower, "upper": upper}
    if pair in ((">", ">"), ("<", "<")):
        return out | {"reason": "bounds in the same direction: not determined"}
    greater = off.qualifier == ">" or primary.qualifier == "<"
    numerator = _certain(off, "lower" if greater else "upper")
    denominator = _certain(primary, "upper" if greater else "lower")
    if np.isnan(numerator) or np.isnan(denominator):
        return out | {"reason": "one experiment on the exact side: no bound can be claimed"}
    return out | {"qualifier": ">" if greater else "<", "ratio": numerator / denominator}


def _certain(side: Side, limit: str) -> float:
    if side.qualifier != "=":
        return side.value_nM
    return one_sided_limit_nM(side.log10_values, limit)


def selectivities_of(
    experiments: pd.DataFrame, potency: pd.DataFrame, roles: dict[str, str]
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
    """
    primary = next((key for key, role in roles.items() if role == "primary"), None)
    comparable = potency[(potency.modality != "binding") | (potency.quantity == "Ki")]
    rows = []
    if primary is None or comparable.empty:
        return typed(pd.DataFrame(), SELECTIVITY)
    for key, group in comparable.groupby([*_PLACE, "target"], sort=True):
        identity = dict(zip([*_PLACE, "target"], key, strict=True))
        if identity["target"] == primary:
            continue
        against = comparable[comparable.target == primary]
        for name in _PLACE:
            against = against[against[name] == identity[name]]
        rows.append(identity | {"primary": primary} | _row(group, against, potency, experiments))
    return typed(pd.DataFrame(rows), SELECTIVITY)


def _row(off: pd.DataFrame, primary: pd.DataFrame, potency: pd.DataFrame, experiments) -> dict:
    first = off.iloc[0]
    name = next(iter(primary.target), "the primary target")
    for side, where in ((off, first.target), (primary, name)):
        if len(side) > 1:
            assays = ", ".join(side.assay)
            return _refused(f"{where} was measured in unlike assays ({assays}): not joined")
    if primary.empty:
        return _refused(_why_no_primary(first, potency))
    other = primary.iloc[0]
    counts = {"n_primary": other.n_experiments, "n_target": first.n_experiments}
    for row in (first, other):
        if not row.qualifier:
            return _refused(f"{row.quantity}({row.target}) not available") | counts
    answer = ratio_of(_side(first, experiments), _side(other, experiments))
    reason = answer.pop("reason")
    flags = []
    if answer["qualifier"] == "=" and np.isnan(answer["lower"]):
        flags.append("no interval: a side has one experiment")
    if answer["qualifier"] in (">", "<"):
        flags.append("limits of censored values are taken as certain")
    if reason:
        flags.append(reason)
    return (
        answer
        | counts
        | {
            "statement": statement(answer, first, other, reason),
            "flags": "; ".join(flags),
        }
    )


def _side(row, experiments: pd.DataFrame) -> Side:
    mine = experiments
    for name in (*_PLACE, "target"):
        mine = mine[mine[name] == getattr(row, name)]
    exact = mine[mine.qualifier == "="]
    per_experiment = np.log10(exact.value_nM).groupby(exact.experiment).mean()
    return Side(row.qualifier, row.value_nM, per_experiment.to_numpy(), row.n_experiments)


def _why_no_primary(off, potency: pd.DataFrame) -> str:
    """Names what the primary target does have, where that is of another kind."""
    theirs = potency[(potency.compound == off.compound) & (potency.target != off.target)]
    has = sorted(
        {
            f"{row.target} has {row.species or 'unstated species'} {row.modality} {row.quantity}"
            + (" (simulated)" if row.simulated else "")
            for row in theirs.itertuples()
            if row.qualifier
        }
    )
    tail = f"; {', '.join(has)}, which must not be compared with it" if has else ""
    return f"no {off.species} {off.modality} {off.quantity} at the primary target{tail}"


def _refused(reason: str) -> dict:
    return {"qualifier": "", "statement": f"no ratio: {reason}", "flags": reason}


def statement(answer: dict, off, primary, reason: str = "") -> str:
    """A ratio in plain words, bounds rounded outward."""
    n = f"n = {primary.n_experiments} at {primary.target}, {off.n_experiments} at {off.target}"
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
            limits = f"more potent at {off.target}; {limits}"
        return f"{fold}-fold for {primary.target} over {off.target} ({limits}; {n})"
    more = answer["qualifier"] == ">"
    bound = significant(answer["ratio"], direction="down" if more else "up")
    words = "more than" if more else "less than"
    both = off.qualifier != "=" and primary.qualifier != "="
    level = "both limits taken as certain" if both else "one-sided 95 %"
    return f"{words} {bound}-fold for {primary.target} over {off.target}, {level} ({n})"
