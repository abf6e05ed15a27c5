"""Antagonism of PCA-induced depletion of 5-HT."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from reuptake.animals import results
from reuptake.animals.ed50 import Ed50, ed50
from reuptake.animals.effects import antagonism_pct, reduction_pct
from reuptake.animals.groups import GroupModel, against
from reuptake.animals.readings import RunData, group_flags, run_data

MIN_DEPLETION_PCT = 40.0
_PROTECTED = ("treated", "positive_control")


def analyse(
    animals: pd.DataFrame, assays: Mapping[str, Mapping], readout: str = "5-HT"
) -> dict[str, pd.DataFrame]:
    """The tables of all runs of PCA antagonism.

    The challenge must first be shown to deplete (by at least 40 %, the interval of V - C
    without zero); else no percentage of antagonism and no ED50 is given. The doses are then
    compared with the challenge group and, as a second family, with vehicle.

    Parameters
    ----------
    animals : DataFrame
        Columns of ANIMALS, levels in ng/g.
    assays : mapping
        Settings of each assay: kind, species, control_group, challenge_group.
    readout : str

    Returns
    -------
    dict of DataFrame
        ``pca_antagonism``, ``pca_tests``, ``pca_contrasts``, ``pca_ed50``.
    """
    names = ("pca_antagonism", "pca_tests", "pca_contrasts", "pca_ed50")
    out: dict[str, list[dict]] = {name: [] for name in names}
    for identity, rows, assay in results.runs(animals, assays, "pca_depletion", readout):
        species = {"species": assay.get("species") or ""}
        for name, found in zip(names, _run(rows, assay), strict=True):
            more = species if name in ("pca_antagonism", "pca_ed50") else {}
            out[name] += [row | identity | more for row in found]
    return results.tables(out)


def _run(rows: pd.DataFrame, assay: Mapping):
    control, challenge = assay["control_group"], assay["challenge_group"]
    run = run_data(rows, control, challenge)
    groups = [_described(row) for row in run.groups.itertuples()]
    tests, contrasts, half_doses = [], [], []
    model = run.model
    if model is not None and {control, challenge} <= set(model.groups):
        tests = results.test_rows(model)
        run.flags += results.model_flags(tests, model)
        contrasts = _compare(run, control, challenge, groups)
        fault = _gate(model, control, challenge, groups)
        if fault:
            run.flags.append(f"assay invalid: {fault}")
        else:
            _antagonise(model, control, challenge, groups)
        half_doses = _ed50_rows(run, control, challenge, groups, fault)
    elif model is not None:
        run.flags.append("no percentages: a control group has no level above its limit")
    for row in groups:
        row["flags"] = results.joined(row["flags"], run.flags)
    return groups, tests, contrasts, half_doses


def _described(row) -> dict:
    return {
        "group": row.group,
        "role": row.role,
        "treatment": row.treatment,
        "dose_mg_per_kg": row.dose_mg_per_kg,
        "n": row.n,
        # the mean and SD of limits are those of no animals
        "mean_ng_per_g": np.nan if row.n_below_loq else row.mean,
        "sd_ng_per_g": np.nan if row.n_below_loq else row.sd,
        "n_below_loq": row.n_below_loq,
        "n_excluded": row.n_excluded,
        "n_units": row.n,
        "flags": group_flags(row, []),
    }


def _compare(run: RunData, control: str, challenge: str, groups: list[dict]) -> list[dict]:
    model = run.model
    by_name = {row["group"]: row for row in groups if row["group"] in model.groups}
    for name, row in by_name.items():
        row["n_units"] = run.n_units[name]
        mean, low, high = results.mean_interval(model, name)
        row["adjusted_mean_ng_per_g"] = mean
        if row["n_below_loq"]:
            row["mean_ng_per_g"] = mean
            row["flags"].append("mean by maximum likelihood")
        row |= {"mean_lower_ng_per_g": low, "mean_upper_ng_per_g": high}
    gate = against(model, control, [challenge])
    by_name[control]["p_vs_pca"] = by_name[challenge]["p_vs_vehicle"] = gate.p[0]
    family = _family(by_name, control, challenge)
    for name in by_name:
        if name not in (control, challenge, *family):
            by_name[name]["flags"].append("not one of the doses: in no family of comparisons")
    if not family:
        return []
    log = any("dunnett_log" in flag for flag in run.flags)
    rows = []
    for reference, column in ((challenge, "p_vs_pca"), (control, "p_vs_vehicle")):
        found = against(model, reference, family)
        for i, name in enumerate(family):
            by_name[name][column] = found.p[i]
            if reference == challenge:
                by_name[name] |= {
                    "difference_vs_pca_ng_per_g": found.difference[i],
                    "difference_vs_pca_lower_ng_per_g": found.lower[i],
                    "difference_vs_pca_upper_ng_per_g": found.upper[i],
                }
        rows += results.contrast_rows(model, reference, family, found, log=log)
    return rows + results.pair_rows(model)


def _family(by_name: Mapping[str, dict], control: str, challenge: str) -> list[str]:
    return [
        name
        for name, row in by_name.items()
        if row["role"] in _PROTECTED and name not in (control, challenge)
    ]


def _gate(model: GroupModel, control: str, challenge: str, groups: list[dict]) -> str:
    """Why the challenge did not deplete enough, or an empty string."""
    v, c = (model.mean[model.at(name)] for name in (control, challenge))
    if not v > 0:
        return "the vehicle group's mean is not above zero"
    depletion = reduction_pct(c, v, results.part(model, challenge, control), model.df)
    row = next(row for row in groups if row["group"] == challenge)
    row |= {
        "depletion_pct": depletion.value,
        "depletion_lower_pct": depletion.lower,
        "depletion_upper_pct": depletion.upper,
    }
    difference = against(model, control, [challenge])
    if not difference.upper[0] < 0:
        return f"{challenge} does not deplete (the interval of the difference includes zero)"
    if depletion.value < MIN_DEPLETION_PCT:
        return f"{challenge} depletes by {depletion.value:.1f} %, less than {MIN_DEPLETION_PCT:g} %"
    return ""


def _antagonise(model: GroupModel, control: str, challenge: str, groups: list[dict]) -> None:
    by_name = {row["group"]: row for row in groups if row["group"] in model.groups}
    for name in _family(by_name, control, challenge):
        means = [model.mean[model.at(group)] for group in (name, challenge, control)]
        covariance = results.part(model, name, challenge, control)
        found = antagonism_pct(*means, covariance, model.df)
        row = by_name[name]
        row |= {
            "antagonism_pct": found.value,
            "antagonism_lower_pct": found.lower,
            "antagonism_upper_pct": found.upper,
        }
        outside = found.value < 0 or found.value > 100
        row["flags"] += [found.reason, "outside 0 to 100 %, not clipped" if outside else ""]


def _ed50_rows(run: RunData, control: str, challenge: str, groups: list[dict], fault: str):
    treatments: dict[str, list[dict]] = {}
    for row in groups:
        if row["role"] == "treated" and row["group"] not in (control, challenge):
            treatments.setdefault(row["treatment"], []).append(row)
    out = []
    for treatment, rows in sorted(treatments.items()):
        reason = _no_ed50(run, rows, fault)
        found = Ed50("", np.nan, flags=[reason]) if reason else _fit(run, control, challenge, rows)
        out.append({"treatment": treatment} | _ed50_row(found))
    return out


def _no_ed50(run: RunData, rows: list[dict], fault: str) -> str:
    """Why a treatment gets no ED50, or an empty string."""
    doses = [row["dose_mg_per_kg"] for row in rows]
    if fault:
        return f"assay invalid: {fault}"
    if any(not dose > 0 for dose in doses):
        return "dose not recorded: no ED50"
    if len(set(doses)) < len(doses):
        names = " and ".join(row["group"] for row in rows if doses.count(row["dose_mg_per_kg"]) > 1)
        return f"no ED50: groups of one treatment and dose ({names}); was one not challenged?"
    if run.animals["below_loq"].any():
        return "no ED50: levels below the limit of quantification"
    return ""


def _fit(run: RunData, control: str, challenge: str, rows: list[dict]) -> Ed50:
    animals = run.animals
    mine = animals[animals["group"].isin([row["group"] for row in rows])]
    found = ed50(
        mine["dose_mg_per_kg"],
        mine["value"],
        animals.loc[animals["group"] == control, "value"],
        animals.loc[animals["group"] == challenge, "value"],
    )
    if run.model.blocks or sum(run.n_units.values()) < len(animals):
        found.flags.append("ED50 from single animals, not adjusted for blocks or cages")
    return found


def _ed50_row(found: Ed50) -> dict:
    row = {
        "qualifier": found.qualifier,
        "ed50_mg_per_kg": found.value,
        "ed50_lower_mg_per_kg": found.lower,
        "ed50_upper_mg_per_kg": found.upper,
        "flags": "; ".join(found.flags),
    }
    if found.qualifier != "=":
        return row
    best, one = found.free, found.one
    return row | {
        "wald_lower_mg_per_kg": best.wald[0],
        "wald_upper_mg_per_kg": best.wald[1],
        "hill": best.hill,
        "hill_se": best.hill_se,
        "vehicle_ng_per_g": best.vehicle,
        "challenge_ng_per_g": best.challenge,
        "ss": best.ss,
        "df": best.df,
        "lack_of_fit_f": best.lack_of_fit[0],
        "lack_of_fit_p": best.lack_of_fit[3],
        "ed50_slope_1_mg_per_kg": one.ed50,
        "ed50_slope_1_lower_mg_per_kg": one.profile[0],
        "ed50_slope_1_upper_mg_per_kg": one.profile[1],
        "ss_slope_1": one.ss,
        "slope_f": found.slope_test[0],
        "slope_p": found.slope_test[1],
    }
