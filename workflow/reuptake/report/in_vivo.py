"""Runs with animals, as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from reuptake.animals.columns import ARRIVE
from reuptake.formatting import MISSING, bounded, interval, p_value, significant
from reuptake.guides import compounds_in
from reuptake.report.animal_tables import (
    NOT_RECORDED,
    animals_table,
    contrasts_table,
    depletion_table,
    ed50_table,
    of_run,
    scorers_table,
    swim_table,
    tests_table,
)
from reuptake.report.elements import Table, anchor
from reuptake.report.pictures import Pictures

_KEYS = ["drop", "run", "assay"]
_NAMES = {"forced_swim": "Forced swim test", "pca_depletion": "Antagonism of PCA"}
_FIGURES = ("forced_swim", "pca_depletion", "pca_dose_response", "agreement")


@dataclass(frozen=True)
class Experiment:
    """One run with animals.

    Attributes
    ----------
    id : str
        Where it stands on the page of runs with animals.
    heading, lead : str
    simulated : bool
    results : list of str
        A sentence for each comparison, interval first.
    methods : str
        The methods paragraph.
    figures : list of dict
    tables : list of Table
        Those that have rows: groups, ED50, tests, comparisons, scorers, animals.
    arrive : list of (str, str)
        The Essential 10: item and what is known.
    """

    id: str
    heading: str
    lead: str
    simulated: bool
    results: list[str]
    methods: str
    figures: list[dict] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    arrive: list[tuple[str, str]] = field(default_factory=list)


def compounds_of(tables: dict[str, pd.DataFrame]) -> set[str]:
    """Every compound that animals were given."""
    found = (compounds_in(tables[name])["treatment"] for name in ("forced_swim", "pca_antagonism"))
    return set().union(*found)


def runs_of(tables: dict[str, pd.DataFrame], compound: str) -> pd.DataFrame:
    """The runs (rows of animal_runs) in which a compound was given."""
    runs = tables["animal_runs"]
    if runs.empty:
        return runs
    groups = pd.concat(
        [compounds_in(tables[name]) for name in ("forced_swim", "pca_antagonism")],
        ignore_index=True,
    )
    mine = groups.loc[groups["treatment"] == compound, _KEYS].drop_duplicates()
    return runs.merge(mine, on=_KEYS)


def experiments(
    tables: dict[str, pd.DataFrame],
    runs: pd.DataFrame,
    pictures: Pictures | None,
    compound: str = "",
) -> list[Experiment]:
    """The runs as the pages show them.

    Parameters
    ----------
    tables : dict
        All result tables.
    runs : DataFrame
        Rows of animal_runs.
    pictures : Pictures, optional
        Without them the runs have no figures.
    compound : str
        On the page of a compound: its groups and their controls only, and no further tables.
    """
    in_order = runs.sort_values(["kind", *_KEYS], kind="stable")
    return [_experiment(tables, run, pictures, compound) for run in in_order.to_dict("records")]


def _experiment(tables, run: dict, pictures, compound: str) -> Experiment:
    mine = {
        name: of_run(tables[name], run)
        for name in (
            "forced_swim",
            "forced_swim_tests",
            "forced_swim_contrasts",
            "forced_swim_readouts",
            "scorer_agreement",
            "pca_antagonism",
            "pca_tests",
            "pca_contrasts",
            "pca_ed50",
            "pca_readouts",
            "animals",
        )
    }
    swim = run["kind"] == "forced_swim"
    groups = mine["forced_swim" if swim else "pca_antagonism"]
    tests = mine["forced_swim_tests" if swim else "pca_tests"]
    shown, half = groups, mine["pca_ed50"]
    if compound:
        controls = groups["group"].isin([run["control_group"], run["challenge_group"]])
        shown = groups[controls | (groups["treatment"] == compound)]
        half = half[half["treatment"] == compound]
    up = "../" if compound else ""
    group_table = swim_table if swim else depletion_table
    found = [group_table(shown, up)] + ([ed50_table(half)] if len(half) else [])
    if not compound:
        readouts = mine["forced_swim_readouts" if swim else "pca_readouts"]
        for readout, rows in readouts.groupby("readout", sort=True):
            found.append(group_table(rows, up, f"Groups: {readout}"))
        found += [
            tests_table(tests),
            contrasts_table(mine["forced_swim_contrasts" if swim else "pca_contrasts"]),
            scorers_table(mine["scorer_agreement"]),
            animals_table(mine["animals"]),
        ]
    identity = {name: run[name] for name in _KEYS}
    drawn: list[dict] = []
    for kind in (_FIGURES[:3] if compound else _FIGURES) if pictures else ():
        of = {"compound": compound} if compound and kind == "pca_dose_response" else {}
        drawn += pictures.of(kind, **identity, **of)
    species = run["species"] or "species not recorded"
    who = f"operator {run['operator'] or NOT_RECORDED}"
    return Experiment(
        id=run_anchor(run),
        heading=f"{_NAMES[run['kind']]}, {species}: {run['run']}",
        lead=f"Drop {run['drop']}, assay {run['assay']}, {run['date']}, {who}; "
        f"{run['n_animals']} animals in {run['n_groups']} groups"
        f"{_excluded(run)}; comparison group {run['control_group']}.",
        simulated=bool(run["simulated"]),
        results=_results(shown, half, run),
        methods=_methods(run, tests),
        figures=drawn,
        tables=[table for table in found if table.rows],
        arrive=[] if compound else _arrive(run, groups, mine["animals"]),
    )


def run_anchor(run: dict) -> str:
    """The id of a run on the page of runs with animals."""
    return anchor("animals", *(run[name] for name in _KEYS))


def _excluded(run: dict) -> str:
    return f", {run['n_excluded']} excluded" if run["n_excluded"] else ""


def _results(groups: pd.DataFrame, half_doses: pd.DataFrame, run: dict) -> list[str]:
    """A sentence for each group that was compared, and for each ED50."""
    said = []
    for row in groups.to_dict("records"):
        if run["kind"] == "forced_swim" and row["p_dunnett"] == row["p_dunnett"]:
            reduced = f"{significant(row['reduction_pct'])} %"
            limits = interval(row["reduction_lower_pct"], row["reduction_upper_pct"])
            span_s = interval(row["difference_lower_s"], row["difference_upper_s"])
            said.append(
                f"{row['group']}: {significant(row['difference_s'])} s against "
                f"{run['control_group']} (simultaneous 95 % CI {span_s} s; "
                f"{p_value(row['p_dunnett'])}; n = {row['n']}), a reduction of {reduced} "
                f"(95 % CI {limits} %)."
            )
        elif row.get("antagonism_pct") == row.get("antagonism_pct") and "antagonism_pct" in row:
            limits = interval(row["antagonism_lower_pct"], row["antagonism_upper_pct"])
            words = "no interval" if limits == MISSING else f"95 % CI {limits} %"
            said.append(
                f"{row['group']}: antagonism {significant(row['antagonism_pct'])} % ({words}; "
                f"against the challenge {p_value(row['p_vs_pca'])}; n = {row['n']})."
            )
    for row in half_doses.to_dict("records"):
        if row["qualifier"]:
            text = bounded(row["qualifier"], row["ed50_mg_per_kg"], "mg/kg")
            limits = interval(row["ed50_lower_mg_per_kg"], row["ed50_upper_mg_per_kg"])
            words = f" (95 % CI {limits} mg/kg)" if row["qualifier"] == "=" else ""
            flags = f"; {row['flags']}" if row["flags"] else ""
            said.append(f"ED50 of {row['treatment']}: {text}{words}{flags}.")
    return said


def _methods(run: dict, tests: pd.DataFrame) -> str:
    """The methods paragraph, with the run's own numbers."""
    p = dict(zip(tests["test"], tests["p"], strict=True))
    df = dict(zip(tests["test"], tests["df2"], strict=True)).get("anova", float("nan"))
    pooled = f" with {df:g} degrees of freedom" if df == df else ""
    checked = (
        f" Equal variances: Brown-Forsythe {p_value(p['brown_forsythe'])}; normal residuals: "
        f"Shapiro-Wilk {p_value(p['shapiro'])}."
        if {"brown_forsythe", "shapiro"} <= set(p)
        else ""
    )
    counted = f"n counts {run['unit']}s."
    if run["kind"] == "forced_swim":
        scored = ""
        if run["n_scorers"] == run["n_scorers"] and (run["n_scorers"] or 0) > 1:
            scored = f" {run['n_scorers']} scorers judged the animals; their mean was taken."
        trend = " A fall over the doses was tested by Williams' contrasts." if run["trend"] else ""
        return (
            f"Immobility in a test of {run['test_length_s']:g} s.{scored} Every group "
            f"was compared with {run['control_group']} by Dunnett's test (two-sided, single-step, "
            f"pooled variance{pooled}; p by quadrature), whatever the analysis of variance said."
            f"{trend} Differences have simultaneous 95 % intervals; the reduction, "
            f"100(1 - mean/control mean), has Fieller's 95 % interval for that comparison alone, "
            f"Hedges' g that of the noncentral t.{checked} {counted} Nothing was clipped or left "
            "out but what is marked as excluded."
        )
    return (
        f"{run['challenge_group']} had first to deplete by 40 % or more with an interval that "
        f"excludes zero. Antagonism is 100(D - C)/(V - C) of the means of a dose (D), "
        f"{run['challenge_group']} (C) and {run['control_group']} (V), with Fieller's 95 % "
        f"interval, the covariance of the shared group included. The doses were compared with "
        f"{run['challenge_group']}, and as a second family with {run['control_group']}, by "
        f"Dunnett's test (two-sided, pooled variance{pooled}). The ED50 is that of a logistic "
        f"curve through the levels of all animals, with its profile interval.{checked} {counted}"
    )


def _arrive(run: dict, groups: pd.DataFrame, animals: pd.DataFrame) -> list[tuple[str, str]]:
    """The Essential 10: what the data tell, then what the drop records, or that it does not."""
    sizes = ", ".join(f"{row['group']} {row['n']}" for row in groups.to_dict("records"))
    reasons = sorted(set(animals.loc[animals["excluded"].astype(bool), "reason"]) - {""})
    why = f" ({'; '.join(reasons)})" if reasons else ""
    weight = NOT_RECORDED
    if run["weight_lowest"] == run["weight_lowest"]:
        weight = f"{significant(run['weight_lowest'])} to {significant(run['weight_highest'])}"
    told = {
        "study_design": f"{run['n_groups']} groups, compared with {run['control_group']}; the "
        f"experimental unit is the {run['unit']}.",
        "sample_size": f"Animals a group: {sizes}.",
        "inclusion_exclusion": f"{run['n_excluded']} animals excluded{why}.",
        "outcome_measures": f"{run['readouts'] or NOT_RECORDED}.",
        "statistical_methods": "As in the methods paragraph.",
        "experimental_animals": f"Species {run['species'] or NOT_RECORDED}; strain "
        f"{run['strains'] or NOT_RECORDED}; sex {run['sexes'] or NOT_RECORDED}; weight {weight}.",
        "results": "n, mean, SD, difference and interval of every group in the table above.",
    }
    # what the data alone cannot tell
    asked = {
        "sample_size": "Rationale",
        "inclusion_exclusion": "Criteria",
        "randomisation": "",
        "blinding": "",
        "experimental_procedures": "",
    }
    rows = []
    for key, name in ARRIVE.items():
        recorded = run[f"arrive_{key}"]
        if not recorded and key in asked:
            recorded = f"{asked[key]} {NOT_RECORDED}.".strip() if asked[key] else NOT_RECORDED
        rows.append((name, " ".join(part for part in (told.get(key, ""), recorded) if part)))
    return rows
