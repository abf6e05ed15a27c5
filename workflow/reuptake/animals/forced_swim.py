"""Forced swim test: every group against the control group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from reuptake.animals import results
from reuptake.animals.effects import Estimate, hedges_g, reduction_pct
from reuptake.animals.groups import GroupModel, against
from reuptake.animals.readings import RunData, group_flags, run_data, scorers_of
from reuptake.quantities import parse


def analyse(
    animals: pd.DataFrame, assays: Mapping[str, Mapping], readout: str = "immobility"
) -> dict[str, pd.DataFrame]:
    """The tables of all forced swim runs.

    Every group is compared with the assay's control group by Dunnett's test on the pooled
    variance, whatever the analysis of variance says; the latter, and tests that assume less,
    stand beside it.

    Parameters
    ----------
    animals : DataFrame
        Columns of ANIMALS.
    assays : mapping
        Settings of each assay: kind, species, control_group, test_length, trend.
    readout : str
        What is analysed; ``latency`` and the like are analysed as immobility is.

    Returns
    -------
    dict of DataFrame
        ``forced_swim``, ``forced_swim_tests``, ``forced_swim_contrasts``,
        ``scorer_agreement``.
    """
    out = {
        name: []
        for name in (
            "forced_swim",
            "forced_swim_tests",
            "forced_swim_contrasts",
            "scorer_agreement",
        )
    }
    for identity, rows, assay in results.runs(animals, assays, "forced_swim", readout):
        groups, tests, contrasts, scorers = _run(rows, assay)
        species = {"species": assay.get("species") or ""}
        out["forced_swim"] += [row | identity | species for row in groups]
        for name, found in (
            ("forced_swim_tests", tests),
            ("forced_swim_contrasts", contrasts),
            ("scorer_agreement", scorers),
        ):
            out[name] += [row | identity for row in found]
    return results.tables(out)


def _run(rows: pd.DataFrame, assay: Mapping):
    control = assay["control_group"]
    length_s = parse(str(assay["test_length"]), "s")
    scorers, scorer_flags = scorers_of(rows)
    run = run_data(rows, control)
    run.flags += scorer_flags
    values = {name: part["value"] for name, part in run.animals.groupby("group")}
    groups = [_described(row, values[row.group], length_s) for row in run.groups.itertuples()]
    tests, contrasts = [], []
    if run.model is not None:
        tests = results.test_rows(run.model)
        run.flags += results.model_flags(tests, run.model)
        contrasts = _compare(run, control, groups, assay)
    for row in groups:
        row["flags"] = results.joined(row["flags"], run.flags)
    return groups, tests, contrasts, scorers.to_dict("records")


def _described(row, values: pd.Series, length_s: float) -> dict:
    floor, ceiling = int((values <= 0).sum()), int((values >= length_s).sum())
    at_limits = [
        f"{n} of {row.n} animals at the {where}"
        for n, where in ((floor, "floor (0 s)"), (ceiling, f"ceiling ({length_s:g} s)"))
        if n
    ]
    return {
        "group": row.group,
        "role": row.role,
        "treatment": row.treatment,
        "dose_mg_per_kg": row.dose_mg_per_kg,
        "n": row.n,
        "mean_s": row.mean,
        "sd_s": row.sd,
        "n_floor": floor,
        "n_ceiling": ceiling,
        "n_excluded": row.n_excluded,
        "n_units": row.n,
        "flags": group_flags(row, at_limits),
    }


def _compare(run: RunData, control: str, groups: list[dict], assay: Mapping) -> list[dict]:
    model = run.model
    family = [row["group"] for row in groups if row["group"] != control]
    found = against(model, control, family)
    for row in groups:
        name = row["group"]
        row["n_units"] = run.n_units[name]
        mean, low, high = results.mean_interval(model, name)
        row |= {"adjusted_mean_s": mean, "mean_lower_s": low, "mean_upper_s": high}
    by_name = {row["group"]: row for row in groups}
    for i, name in enumerate(family):
        row = by_name[name]
        g = hedges_g(model.units[model.at(name)], model.units[model.at(control)])
        reduction = _reduction(model, name, control)
        row |= {
            "difference_s": found.difference[i],
            "difference_lower_s": found.lower[i],
            "difference_upper_s": found.upper[i],
            "p_dunnett": found.p[i],
            "hedges_g": g.value,
            "hedges_g_lower": g.lower,
            "hedges_g_upper": g.upper,
            "reduction_pct": reduction.value,
            "reduction_lower_pct": reduction.lower,
            "reduction_upper_pct": reduction.upper,
            "minimum_effective": False,
        }
        if abs(g.value) > results.SUSPICIOUS_G:
            row["flags"].append(f"suspiciously large effect: g = {g.value:.1f}")
        for reason in (g.reason and f"no Hedges g: {g.reason}", reduction.reason):
            row["flags"].append(reason)
    series = _dose_series(by_name, family)
    for names in series.values():
        effective = _minimum_effective([by_name[name] for name in names])
        if effective:
            effective["minimum_effective"] = True
    trends = {k: v for k, v in series.items() if len(v) > 1} if assay.get("trend") else {}
    if assay.get("trend") and not trends:
        run.flags.append("trend asked for, but no treatment has two doses or more")
    log = any("dunnett_log" in flag for flag in run.flags)
    rows = results.contrast_rows(model, control, family, found, trends, log=log)
    return rows + results.pair_rows(model)


def _reduction(model: GroupModel, name: str, control: str) -> Estimate:
    mean, zero = (model.mean[model.at(group)] for group in (name, control))
    if not zero > 0:
        return Estimate(np.nan, reason="no % reduction: the control group's mean is zero")
    return reduction_pct(mean, zero, results.part(model, name, control), model.df)


def _dose_series(by_name: Mapping[str, dict], family: list[str]) -> dict[str, list[str]]:
    """Groups of each treatment in ascending order of dose; a dose may stand once only."""
    series: dict[str, list[str]] = {}
    for name in family:
        row = by_name[name]
        if row["role"] == "treated" and row["dose_mg_per_kg"] > 0:
            series.setdefault(row["treatment"], []).append(name)
    for names in series.values():
        names.sort(key=lambda name: by_name[name]["dose_mg_per_kg"])
    return {
        treatment: names
        for treatment, names in series.items()
        if len({by_name[name]["dose_mg_per_kg"] for name in names}) == len(names)
    }


def _minimum_effective(rows: list[dict]) -> dict | None:
    """The lowest dose from which on every dose differs from control, in one direction."""
    effective = None
    for row in reversed(rows):
        same_way = effective is None or row["difference_s"] * effective["difference_s"] > 0
        if not (row["p_dunnett"] < results.ALPHA and same_way):
            break
        effective = row
    return effective
