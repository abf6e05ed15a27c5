"""From curves to experiments to potencies; n counts independent experiments, never wells."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reuptake.settings.model import MODALITY
from reuptake.tables import EXPERIMENTS, POTENCY, typed

CONFIDENCE = 0.95
_GROUP = ["compound", "target", "species", "modality", "quantity", "assay", "simulated"]


def t_interval(log10_values, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Mean and t interval of log10 potencies.

    .. math:: \\bar x \\pm t_{n-1} \\, s / \\sqrt n

    The antilogs are the geometric mean and its interval.

    Parameters
    ----------
    log10_values : ndarray, shape (n,)
        One value per independent experiment; n >= 2 for an interval.

    Returns
    -------
    mean, lower, upper : float
        NaN limits for n = 1.

    References
    ----------
    Assay Guidance Manual, assay operations (potencies are log-normal).
    """
    x = np.asarray(log10_values, dtype=float)
    mean, n = float(np.mean(x)), len(x)
    if n < 2:
        return mean, np.nan, np.nan
    half = stdtrit(n - 1, 0.5 + confidence / 2) * np.std(x, ddof=1) / np.sqrt(n)
    return mean, float(mean - half), float(mean + half)


def bound_of(results: list[dict]) -> tuple[str, float]:
    """What may be claimed of results of which some are bounds.

    With ``>`` among them, the smallest of their limits, an exact result entering with the
    lower limit of its interval; with ``<``, the largest, with the upper limit. With both,
    nothing.

    Parameters
    ----------
    results : list of dict
        ``qualifier, value_nM, lower_nM, upper_nM``; without an interval the value stands in.
    """
    qualifiers = {result["qualifier"] for result in results}
    if {">", "<"} <= qualifiers:
        return "", np.nan
    limit, side, extreme = (">", "lower_nM", min) if ">" in qualifiers else ("<", "upper_nM", max)
    exact = [r[side] for r in results if r["qualifier"] == "=" and np.isfinite(r[side])]
    bounds = [r["value_nM"] for r in results if r["qualifier"] != "=" or not np.isfinite(r[side])]
    return limit, extreme(exact + bounds)


def combine_curves(curves: list[dict]) -> dict:
    """The value of one experiment from its curves, which count as n = 1.

    Exact values are averaged on log10 by inverse variance (equally where a standard error
    is not known); with bounds among them see :func:`bound_of`. One curve keeps its own
    interval; several get estimate ± t·SE with SE² = 1/Σ(1/SE_i²) and pooled degrees of
    freedom.

    Parameters
    ----------
    curves : list of dict
        ``qualifier, value_nM, lower_nM, upper_nM, log10_se, df``.

    Returns
    -------
    dict
        ``qualifier, value_nM, lower_nM, upper_nM, n_curves``.
    """
    qualifiers = [curve["qualifier"] for curve in curves]
    values = [curve["value_nM"] for curve in curves]
    if set(qualifiers) != {"="}:
        qualifier, value = bound_of(curves)
        return _experiment(qualifier, value, np.nan, np.nan, len(curves))
    if len(curves) == 1:
        return _experiment("=", values[0], curves[0]["lower_nM"], curves[0]["upper_nM"], 1)
    x = np.log10(values)
    se = np.array([curve["log10_se"] for curve in curves])
    if not (np.isfinite(se) & (se > 0)).all():
        return _experiment("=", 10 ** float(np.mean(x)), np.nan, np.nan, len(curves))
    weight = 1.0 / se**2
    mean = float((weight * x).sum() / weight.sum())
    df = sum(int(curve["df"]) for curve in curves)
    half = float(stdtrit(max(df, 1), 0.5 + CONFIDENCE / 2) / np.sqrt(weight.sum()))
    return _experiment("=", 10**mean, 10 ** (mean - half), 10 ** (mean + half), len(curves))


def _experiment(qualifier, value, lower, upper, n_curves) -> dict:
    return {
        "qualifier": qualifier,
        "value_nM": value,
        "lower_nM": lower,
        "upper_nM": upper,
        "n_curves": n_curves,
    }


def counted(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves that count, with their modality.

    Curves of failed plates and curves that could not be fitted stay out. Where a compound
    has curves of its own at a target, those that it has there as reference stay out too:
    a reference run on every plate would drown the test.
    """
    used = curves[(curves.plate_verdict != "fail") & (curves.ic50_qualifier != "")]
    used = used.assign(modality=used.kind.map(MODALITY))
    place = ["compound", "target", "species", "modality", "simulated"]
    has_sample = used.role.eq("sample").groupby([used[c] for c in place]).transform("any")
    return used[(used.role == "sample") | ~has_sample]


def experiments_of(curves: pd.DataFrame) -> pd.DataFrame:
    """One row per compound, target, species, modality, quantity, assay and experiment.

    Of the curves that count (:func:`counted`).
    """
    if curves.empty:
        return typed(pd.DataFrame(), EXPERIMENTS)
    used = counted(curves)
    rows = []
    keys = ["compound", "target", "species", "modality", "assay", "simulated", "experiment"]
    for curve_rows in _grouped(used, keys):
        identity = {name: curve_rows[0][name] for name in keys}
        for quantity in ("Ki", "IC50") if identity["modality"] == "binding" else ("IC50",):
            prefix = quantity.lower()
            given = [
                {
                    "qualifier": row[f"{prefix}_qualifier"],
                    "value_nM": row[f"{prefix}_nM"],
                    "lower_nM": row[f"{prefix}_lower_nM"],
                    "upper_nM": row[f"{prefix}_upper_nM"],
                    "log10_se": row["log10_ic50_se"],
                    "df": row["df"],
                }
                for row in curve_rows
                if row[f"{prefix}_qualifier"]
            ]
            answer = combine_curves(given) if given else _experiment("", *[np.nan] * 3, 0)
            flags = distinct_flags([_flags_of(row, quantity) for row in curve_rows])
            if all(row["role"] == "reference" for row in curve_rows):
                flags = [*flags, "from reference curves"]
            rows.append(identity | answer | {"quantity": quantity, "flags": "; ".join(flags)})
    return typed(pd.DataFrame(rows), EXPERIMENTS)


def _grouped(frame: pd.DataFrame, keys: str | list[str]) -> list[list[dict]]:
    """The rows of each group, groups in the order of their keys.

    One frame a group would cost more than all that is done with its few rows.
    """
    groups: dict[int, list[dict]] = {}
    numbers = frame.groupby(keys, sort=True).ngroup()
    for number, row in zip(numbers, frame.to_dict("records"), strict=True):
        groups.setdefault(number, []).append(row)
    return [groups[number] for number in sorted(groups) if number >= 0]


def _flags_of(row: dict, quantity: str) -> str:
    """The flags of a curve that concern one of its quantities."""
    if quantity == "Ki":
        return row["flags"]
    of_ki = row["ki_flags"].split("; ")
    return "; ".join(flag for flag in row["flags"].split("; ") if flag not in of_ki)


def distinct_flags(texts: list[str]) -> list[str]:
    """Flags of several rows without repetition; those that differ in a number stand once."""
    seen: dict[str, str] = {}
    for text in texts:
        for flag in filter(None, text.split("; ")):
            seen.setdefault(re.split(r"[\d:]", flag, maxsplit=1)[0], flag)
    return list(seen.values())


def potencies_of(experiments: pd.DataFrame) -> pd.DataFrame:
    """The potency table: geometric mean and t interval over experiments, or a bound.

    One experiment keeps the interval of its fit, and says so. With bounds among the
    experiments the result is a bound (:func:`bound_of`). A Ki is joined over assays; an
    IC50 belongs to its assay.
    """
    if experiments.empty:
        return typed(pd.DataFrame(), POTENCY)
    frame = experiments.assign(assay=experiments.assay.where(experiments.quantity == "IC50", ""))
    rows = [
        dict(zip(_GROUP, key, strict=True)) | _potency(group)
        for key, group in frame.groupby(_GROUP, sort=True)
    ]
    return typed(pd.DataFrame(rows), POTENCY)


def _potency(group: pd.DataFrame) -> dict:
    valued = group[group.qualifier != ""]
    # an experiment counts once, in however many assays of the target it was run
    experiments = [
        combine_curves(
            [
                {
                    "qualifier": row["qualifier"],
                    "value_nM": row["value_nM"],
                    "lower_nM": row["lower_nM"],
                    "upper_nM": row["upper_nM"],
                    "log10_se": np.nan,
                    "df": 0,
                }
                for row in rows
            ]
        )
        for rows in _grouped(valued, "experiment")
    ]
    qualifiers = [e["qualifier"] for e in experiments]
    values = [e["value_nM"] for e in experiments]
    n, censored = len(experiments), sum(q != "=" for q in qualifiers)
    flags = distinct_flags(list(group["flags"]))
    lower = upper = np.nan
    if not n:
        qualifier, value, method = "", np.nan, "none"
    elif censored:
        qualifier, value = bound_of(experiments)
        method = f"bound: {censored} of {n} experiments gave only a limit"
        if not qualifier:
            flags.append("limits in both directions: no value can be claimed")
    elif n == 1:
        qualifier, value = "=", values[0]
        lower, upper = experiments[0]["lower_nM"], experiments[0]["upper_nM"]
        method = "single experiment: interval of its fit"
        flags.append("n = 1: the interval holds no difference between experiments")
    else:
        mean, low, high = t_interval(np.log10(values))
        qualifier, value, lower, upper = "=", 10**mean, 10**low, 10**high
        method = "geometric mean over experiments, t interval on log10"
    return {
        "qualifier": qualifier,
        "value_nM": value,
        "lower_nM": lower,
        "upper_nM": upper,
        "p_potency": 9.0 - np.log10(value) if value > 0 else np.nan,
        "n_experiments": n,
        "n_censored": censored,
        "method": method,
        "flags": "; ".join(flags),
    }
