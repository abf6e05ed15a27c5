"""From curves to experiments to potencies; n counts independent experiments, never wells."""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from reuptake.censored import Sample, Tobit, estimate
from reuptake.formatting import bounded
from reuptake.qc.runchart import alike, msr
from reuptake.randomeffects import random_effects
from reuptake.settings.model import MODALITY
from reuptake.sharederrors import SHIFTS, constants_variance, mean_weights, widened
from reuptake.tables import EXPERIMENTS, POTENCY, records, typed

CONFIDENCE = 0.95
_EXPERIMENT = ["compound", "target", "species", "modality", "assay", "simulated", "experiment"]
_OF_CURVE = [
    *(
        f"{q}_{name}"
        for q in ("ki", "ic50")
        for name in ("qualifier", "nM", "lower_nM", "upper_nM")
    ),
    "log10_ic50_se",
    "df",
    "flags",
    "ki_flags",
    "role",
    "date",
    "ki_method",
    "radioligand",
    "kd_from",
    "sites_from",
    *SHIFTS,
]
_GROUP = ["compound", "target", "species", "modality", "quantity", "assay", "simulated"]
_COMPARED = ["target", "species", "modality", "quantity", "assay", "simulated"]
# of the compounds that a result cannot be told from so many are named
MOST_ALIKE = 10


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
    interval; several get estimate ± half, half² = (t·SE)² + (1.96·SE_0)² with
    SE² = 1/Σ(1/SE_i²) and pooled degrees of freedom. SE_0 is of what they share (Kd, L,
    R_T) and does not fall with their number.

    Parameters
    ----------
    curves : list of dict
        ``qualifier, value_nM, lower_nM, upper_nM, log10_se, df``, and ``shared_se`` if there
        is such an error.

    Returns
    -------
    dict
        ``qualifier, value_nM, lower_nM, upper_nM, n_curves, log10_se``.
    """
    n = len(curves)
    values = [curve["value_nM"] for curve in curves]
    if {curve["qualifier"] for curve in curves} != {"="}:
        qualifier, value = bound_of(curves)
        return _experiment(qualifier, value, n)
    if n == 1:
        one = curves[0]
        return _experiment("=", values[0], 1, one["lower_nM"], one["upper_nM"], one["log10_se"])
    x = np.log10(values)
    se = np.array([curve["log10_se"] for curve in curves])
    if not (np.isfinite(se) & (se > 0)).all():
        return _experiment("=", 10 ** float(np.mean(x)), n)
    weight = 1.0 / se**2
    mean, total = float((weight * x).sum() / weight.sum()), 1.0 / np.sqrt(weight.sum())
    df = sum(int(curve["df"]) for curve in curves)
    own = float(stdtrit(max(df, 1), 0.5 + CONFIDENCE / 2) * total)
    shared = ndtri(0.5 + CONFIDENCE / 2) * max(curve.get("shared_se", 0.0) for curve in curves)
    half = float(np.hypot(own, shared))
    return _experiment("=", 10**mean, n, 10 ** (mean - half), 10 ** (mean + half), float(total))


def _experiment(qualifier, value, n_curves, lower=np.nan, upper=np.nan, log10_se=np.nan) -> dict:
    return {
        "qualifier": qualifier,
        "value_nM": value,
        "lower_nM": lower,
        "upper_nM": upper,
        "n_curves": n_curves,
        "log10_se": log10_se,
    }


def counted(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves that count, with their modality.

    Where a compound has curves of its own at a target, those that it has there as reference
    stay out: a reference run on every plate would drown the test.
    """
    used = usable(curves)
    if used.empty:
        return used
    place = ["compound", "target", "species", "modality", "simulated"]
    has_sample = used.role.eq("sample").groupby([used[c] for c in place]).transform("any")
    return used[(used.role == "sample") | ~has_sample]


def usable(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves that may enter an answer, with their modality.

    Curves of failed plates, repeated counts and curves that could not be fitted stay out.
    """
    used = curves[
        (curves.plate_verdict != "fail") & (curves.ic50_qualifier != "") & (curves.repeat_of == "")
    ]
    return used.assign(modality=used.kind.map(MODALITY))


def experiments_of(curves: pd.DataFrame) -> pd.DataFrame:
    """One row per compound, target, species, modality, quantity, assay and experiment.

    Of the curves that count (:func:`counted`).
    """
    used = counted(curves)
    if used.empty:
        return typed(pd.DataFrame(), EXPERIMENTS)
    return combine_experiments(used)


def combine_experiments(curves: pd.DataFrame) -> pd.DataFrame:
    """The rows of experiments.csv of usable curves."""
    rows = []
    for key, members in _runs_of_equal_keys(curves[[*_EXPERIMENT, *_OF_CURVE]], _EXPERIMENT):
        identity = dict(zip(_EXPERIMENT, key, strict=True))
        for quantity in ("IC50",) if identity["modality"] == "response" else ("Ki", "IC50"):
            prefix = quantity.lower()
            given = [
                {
                    "qualifier": row[f"{prefix}_qualifier"],
                    "value_nM": row[f"{prefix}_nM"],
                    "lower_nM": row[f"{prefix}_lower_nM"],
                    "upper_nM": row[f"{prefix}_upper_nM"],
                    "log10_se": row["log10_ic50_se"],
                    "df": row["df"],
                    "shared_se": _shared_se(row) if quantity == "Ki" else 0.0,
                }
                for row in members
                if row[f"{prefix}_qualifier"]
            ]
            answer = combine_curves(given) if given else _experiment("", np.nan, 0)
            flags = distinct_flags([_flags_of(row, quantity) for row in members])
            if all(row["role"] == "reference" for row in members):
                flags = [*flags, "from reference curves"]
            about = {
                "quantity": quantity,
                "flags": "; ".join(flags),
                "date": min(row["date"] for row in members),
                "limit": _limit(answer["qualifier"], quantity, members),
            }
            if quantity == "Ki":
                about |= _constants(members)
            rows.append(identity | answer | about)
    return typed(pd.DataFrame(rows), EXPERIMENTS)


def _shared_se(row: dict) -> float:
    """The part of a Ki's standard error that is not its curve's, but of Kd, L and R_T."""
    return float(np.sqrt(np.nansum(np.square([row[name] for name in SHIFTS]))))


def _runs_of_equal_keys(frame: pd.DataFrame, names: list[str]):
    """Rows as dictionaries, grouped and ordered by `names`."""
    ordered = records(frame.sort_values(names, kind="stable"))
    for key, members in groupby(ordered, key=itemgetter(*names)):
        yield key, list(members)


def _limit(qualifier: str, quantity: str, members: list[dict]) -> str:
    """Why an experiment is a limit: a limit by depletion hangs on the value itself."""
    if qualifier not in (">", "<"):
        return ""
    depleted = quantity == "Ki" and any(row["ki_method"] == "bound" for row in members)
    return "depletion" if depleted else "tested range"


def _constants(members: list[dict]) -> dict:
    """The constants behind the Ki of an experiment, with the mean of what their errors do."""
    shifts = {name: [row[name] for row in members if np.isfinite(row[name])] for name in SHIFTS}
    return {
        **{name: members[0][name] for name in ("radioligand", "kd_from", "sites_from")},
        **{name: float(np.mean(each)) for name, each in shifts.items() if each},
    }


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


Sds = dict[tuple[str, str, bool], tuple[float, float]]


def potencies_of(
    experiments: pd.DataFrame, sds: Sds | None = None, msr_sds: Sds | None = None
) -> pd.DataFrame:
    """The potency table: geometric mean and t interval over experiments, or a bound.

    One experiment keeps the interval of its fit, and says so. With bounds among the
    experiments a Tobit estimate where it may be used (:func:`reuptake.censored.estimate`),
    else a bound (:func:`bound_of`). A Ki is joined over assays; an IC50 belongs to its assay.

    Parameters
    ----------
    experiments : DataFrame
        Columns of experiments.csv.
    sds : dict, optional
        SD between runs and its degrees of freedom by assay, quantity and simulated
        (:func:`reuptake.qc.runchart.between_run_sd`).
    msr_sds : dict, optional
        The same, from as many runs as a minimum significant ratio takes.
    """
    if experiments.empty:
        return typed(pd.DataFrame(), POTENCY)
    frame = experiments.assign(assay=experiments.assay.where(experiments.quantity == "IC50", ""))
    frame["of_assay"] = experiments.assay
    rows = [
        dict(zip(_GROUP, key, strict=True))
        | _potency(members, sds or {})
        | {"msr": msr(known_sd(members, msr_sds or {})[0])}
        for key, members in _runs_of_equal_keys(frame, _GROUP)
    ]
    table = typed(pd.DataFrame(rows), POTENCY)
    for _, mine in table[(table.qualifier == "=") & table.msr.notna()].groupby(_COMPARED):
        sds = np.log10(mine.msr.to_numpy()) / np.sqrt(8.0)
        found = alike(np.log10(mine.value_nM.to_numpy()), sds)
        names = mine["compound"].to_numpy()
        table.loc[mine.index, "indistinguishable_from"] = [
            "; ".join(
                [*names[near[:MOST_ALIKE]], *(["and more"] if len(near) > MOST_ALIKE else [])]
            )
            for near in found
        ]
    return table


def independent(members: list[dict]) -> list[dict]:
    """The experiments among rows of experiments.csv of one compound and target.

    An experiment counts once, in however many assays of the target it was run.

    Returns
    -------
    list of dict
        As :func:`combine_curves`, with ``experiment`` and ``limit``, in the order of names.
    """
    by_name: dict[str, list[dict]] = {}
    for row in members:
        if row["qualifier"]:
            by_name.setdefault(row["experiment"], []).append(row)
    out = []
    for name in sorted(by_name):
        rows = by_name[name]
        if len(rows) == 1:
            one = rows[0]
        else:
            one = combine_curves([row | {"log10_se": np.nan, "df": 0} for row in rows])
            one["limit"] = _joined_limit(one["qualifier"], rows)
        if one["qualifier"]:
            out.append(one | {"experiment": name})
    return out


def _joined_limit(qualifier: str, rows: list[dict]) -> str:
    if qualifier not in (">", "<"):
        return ""
    return "depletion" if any(row["limit"] == "depletion" for row in rows) else "tested range"


def sample_of(experiments: list[dict]) -> Sample:
    """The log10 sample of experiments, limits as ranges."""
    exact = np.log10([e["value_nM"] for e in experiments if e["qualifier"] == "="])
    limits = [
        (np.log10(e["value_nM"]), np.inf)
        if e["qualifier"] == ">"
        else (-np.inf, np.log10(e["value_nM"]))
        for e in experiments
        if e["qualifier"] != "="
    ]
    return Sample(exact, np.array(limits, dtype=float).reshape(-1, 2))


def known_sd(members: list[dict], sds: dict) -> tuple[float, float]:
    """SD between runs of the assays behind `members`, pooled; NaN unless all have one."""
    row = members[0]
    assays = {member["of_assay"] for member in members if member["qualifier"]}
    found = [sds.get((assay, row["quantity"], bool(row["simulated"]))) for assay in sorted(assays)]
    if not found or None in found:
        return np.nan, np.nan
    df = sum(f for _, f in found)
    return float(np.sqrt(sum(f * sd**2 for sd, f in found) / df)), df


def tobit_of(experiments: list[dict], sd: float, df: float) -> tuple[Tobit | None, str]:
    """The Tobit fit of partly censored experiments where it may be used, with the words."""
    if any(e["limit"] == "depletion" for e in experiments):
        return None, "limits by depletion hang on the values themselves"
    return estimate(sample_of(experiments), sd, df)


def _potency(members: list[dict], sds: dict) -> dict:
    experiments = independent(members)
    exact = [e for e in experiments if e["qualifier"] == "="]
    censored = [e for e in experiments if e["qualifier"] != "="]
    n = len(experiments)
    flags = distinct_flags([row["flags"] for row in members])
    # two limits of one experiment that exclude each other leave it without a value
    contradicted = sorted({r["experiment"] for r in members if r["qualifier"]}) != sorted(
        e["experiment"] for e in experiments
    )
    lower = upper = sd = sd_df = np.nan
    more = {}
    if not n:
        qualifier, value, method = "", np.nan, "none"
    elif censored:
        fit, words = tobit_of(experiments, *known_sd(members, sds))
        counted = f"{len(censored)} of {n} experiments gave only a limit"
        if fit is not None:
            low, high = fit.limits(fit.cutoff(CONFIDENCE))
            qualifier, value, lower, upper = "=", 10**fit.mu, 10**low, 10**high
            sd, sd_df = fit.sigma, fit.sigma_df
            method = f"Tobit likelihood on log10 ({counted}; {words})"
        else:
            qualifier, value = bound_of(experiments)
            method = f"bound: {counted} ({words})"
        if not qualifier:
            flags.append("limits in both directions: no value can be claimed")
    elif n == 1:
        one = exact[0]
        qualifier, value, lower, upper = "=", one["value_nM"], one["lower_nM"], one["upper_nM"]
        method = "single experiment: interval of its fit"
        flags.append("n = 1: the interval holds no difference between experiments")
    else:
        log10 = np.log10([e["value_nM"] for e in exact])
        mean, low, high = t_interval(log10)
        qualifier, value, lower, upper = "=", 10**mean, 10**low, 10**high
        sd = float(np.std(log10, ddof=1))
        method = "geometric mean over experiments, t interval on log10"
        more = _random_effects(log10, np.array([e["log10_se"] for e in exact], dtype=float))
    if qualifier == "=" and members[0]["quantity"] == "Ki":
        more |= _with_constants(value, lower, upper, members, n)
    if contradicted:
        flags.append("an experiment has limits in both directions: left out")
    return more | {
        "qualifier": qualifier,
        "value_nM": value,
        "lower_nM": lower,
        "upper_nM": upper,
        "p_potency": 9.0 - np.log10(value) if value > 0 else np.nan,
        "n_experiments": n,
        "n_censored": len(censored),
        "method": method,
        "flags": "; ".join(flags),
        "limits_nM": "; ".join(bounded(e["qualifier"], e["value_nM"]) for e in censored),
        "sd_log10": sd,
        "sd_df": sd_df,
    }


def _with_constants(value, lower, upper, members: list[dict], n: int) -> dict:
    """The interval that also holds the errors of the constants, where any is known.

    That of one experiment holds them already.
    """
    variance = constants_variance(mean_weights(members))
    if np.isnan(variance):
        return {}
    log10 = np.log10([value, lower, upper])
    limits = widened(*log10, variance if n > 1 else 0.0)
    return {"constants_lower_nM": 10 ** limits[0], "constants_upper_nM": 10 ** limits[1]}


def _random_effects(log10, standard_errors) -> dict:
    """The secondary answer, where every experiment knows the error of its fit."""
    if not (standard_errors > 0).all():
        return {}
    found = random_effects(log10, standard_errors, CONFIDENCE)
    return {
        "random_nM": 10**found.mean,
        "random_lower_nM": 10**found.lower,
        "random_upper_nM": 10**found.upper,
        "tau_log10": found.tau,
        "i2_pct": found.i2_pct,
    }
