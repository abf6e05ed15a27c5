"""From the wells of a run to Kd, Bmax, Km and Vmax, and from there to the assays that name it."""

import numpy as np
import pandas as pd
import pytest
from test_binding_conditions import ASSAY, LOT

from reuptake.binding.conditions import conditions_of
from reuptake.binding.mass_balance import counted_nM
from reuptake.binding.references import resolve
from reuptake.constants import constants_of
from reuptake.qc.plates import judge_plates
from reuptake.settings.model import Limits
from reuptake.tables import CONSTANTS, WELLS, typed

SATURATION = ASSAY | {"kind": "saturation_binding", "ligand_concentration": None}
KINETICS = {
    "kind": "uptake_kinetics",
    "target": "SERT",
    "species": "human",
    "substrate": {"name": "[3H]5-HT", "isotope": "3H", "decay": "specific_activity"},
    "ligand_concentration": None,
    "volume": "200 uL",
    "protein": None,
    "cells": 5e4,
    "efficiency": {"value": 0.42},
    "count_time": "1 min",
    "total_added_fraction": 1.0,
    "uptake_time": "10 min",
    "weights": "constant",
}
RUN = {"run": "S", "date": "2026-03-02", "measured": {}, "radioligand": LOT}
# counts of 1 fmol: 80 Ci/mmol on its reference date, efficiency 0.42
CPM_PER_FMOL = 80 * 2.22 * 0.42
LIGAND_nM = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def wells(rows, kind="saturation_binding", unit="CPM"):
    """Wells of one run from (role, ligand, unlabelled, time, signal)."""
    names = ["role", "ligand_concentration_nM", "concentration_nM", "time_min", "signal"]
    fixed = {"drop": "D", "run": "S", "assay": "a", "plate": "P", "kind": kind, "unit": unit}
    fixed |= {"target": "SERT", "species": "human", "simulated": False, "excluded": False}
    frame = pd.DataFrame(rows, columns=names).assign(**fixed)
    frame["well"] = [f"w{i}" for i in range(len(frame))]
    return typed(frame, WELLS)


def found(frame, assay=SATURATION, run=RUN):
    """The constants of a run by parameter."""
    table, points = constants_of(frame, {"a": assay}, {("S", "a"): run})
    return table.set_index("parameter", drop=False), points


def saturation_wells(kd_nM=5.3, sites_nM=0.24, alpha=2e-3, blank=20.0, added=True):
    """Wells counted at the exact equilibrium, with blanks and aliquots of what was added."""
    scale = CPM_PER_FMOL * 250
    rows = [("blank", np.nan, np.nan, np.nan, blank + d) for d in (-2, 2)] if blank else []
    for ligand in LIGAND_nM:
        total = counted_nM(sites_nM, ligand, kd_nM, alpha=alpha) * scale
        blocked = ligand * alpha / (1 + alpha) * scale
        rows += [("total", ligand, np.nan, np.nan, blank + total * f) for f in (0.99, 1.01)]
        rows += [("nonspecific", ligand, 1e4, np.nan, blank + blocked * f) for f in (0.99, 1.01)]
        rows += [("total_added", ligand, np.nan, np.nan, blank + ligand * scale)] * added
    return wells(rows)


def test_the_published_example_in_amounts_bound():
    """Kd 5.234430 (SE 0.084941), Bmax 1841.4219 (12.187), NS 10.983342 (0.185107) fmol/mg."""
    total = (88.7, 161.7, 307.7, 520.9, 856.5, 1188.8, 1573.5, 1929.4)
    blocked = (2.7, 5.61, 11.16, 21.78, 44.44, 86.68, 177.76, 352.0)
    rows = [
        (role, ligand, np.nan, np.nan, y)
        for role, ys in (("total", total), ("nonspecific", blocked))
        for ligand, y in zip(LIGAND_nM, ys, strict=True)
    ]
    table, points = found(wells(rows, unit="fmol/mg"), SATURATION | {"efficiency": None})
    assert table.value[["kd", "bmax", "ns"]].tolist() == pytest.approx(
        [5.234430, 1841.4219, 10.983342], rel=1e-6
    )
    assert table.se[["kd", "bmax", "ns"]].tolist() == pytest.approx(
        [0.084941, 12.187, 0.185107], rel=1e-4
    )
    assert table.unit.tolist() == ["nM", "fmol/mg", "fmol/mg/nM"]
    assert set(table.method) == {"free"}
    assert (table.lower < table.value).all()
    assert (table.value < table.upper).all()
    assert "depletion not assessable" in table["flags"]["kd"]
    assert "no blank wells: background taken as zero" in table["flags"]["kd"]
    assert len(points) == 16


def test_a_depleted_run_is_fitted_with_its_depletion():
    """R_T 0.6 nM at Kd 0.5 nM: more than half of the lowest ligand is bound."""
    table, points = found(saturation_wells(kd_nM=0.5, sites_nM=0.6))
    assert table.value["kd"] == pytest.approx(0.5, rel=1e-3)
    # 0.6 nM in 250 uL are 150 fmol in 15 ug
    assert table.value["bmax"] == pytest.approx(10.0, rel=1e-3)
    assert table.unit["bmax"] == "pmol/mg"
    assert table.sites_nM["kd"] == pytest.approx(0.6, rel=1e-3)
    assert set(table.method) == {"exact"}
    free_share = counted_nM(0.6, 0.25, 0.5, alpha=2e-3) / 0.25
    assert table.depletion_pct["kd"] == pytest.approx(100 * free_share, rel=0.01)
    assert "% of the radioligand is bound" in table["flags"]["kd"]
    assert points.fitted.to_numpy() == pytest.approx(points.response.to_numpy(), rel=0.02)


def test_the_added_ligand_is_what_was_counted():
    """The aliquots hold 80 % of the nominal ligand: so does every well."""
    frame = saturation_wells()
    frame["ligand_concentration_nM"] /= 0.8
    assert found(frame)[0].value["kd"] == pytest.approx(5.3, rel=1e-3)
    nominal, _ = found(frame[frame.role != "total_added"])
    assert nominal.value["kd"] > 6
    assert "radioligand concentration nominal, not measured" in nominal["flags"]["kd"]
    frame["ligand_concentration_nM"] *= 0.8 * 3
    assert "more than 2-fold apart" in found(frame)[0]["flags"]["kd"]


def test_counting_weights():
    assay = SATURATION | {"weights": "counting"}
    table, points = found(saturation_wells(), assay)
    assert table.value["kd"] == pytest.approx(5.3, rel=1e-3)
    # 1/(k Y + (c Y)^2): the largest counts weigh least
    assert points.weight.idxmin() == points.fitted.idxmax()
    equal = found(saturation_wells())[1].weight
    assert (equal == equal[0]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f[f.role != "nonspecific"], "no non-specific wells"),
        (lambda f: f[f.role != "total"], "no wells without a blocker"),
        (lambda f: f[f.ligand_concentration_nM.isin([1.0, 2.0])], "at least three ligand"),
    ],
)
def test_a_run_that_tells_nothing_is_refused_with_the_reason(change, words):
    table, points = found(change(saturation_wells(added=False)))
    assert table.parameter.tolist() == ["kd", "bmax"]
    assert table.value.isna().all()
    assert table["flags"].str.startswith("refused: ").all()
    assert table["flags"].str.contains(words).all()
    assert points.empty


def test_a_kd_beyond_the_data_is_flagged():
    table, _ = found(saturation_wells(kd_nM=200.0, sites_nM=1.0))
    assert "Kd above the highest ligand concentration" in table["flags"]["kd"]


def test_homologous_competition():
    """One substance, 2 nM hot and 0 to 1000 nM cold: Kd 5.3 nM, 1 pmol/mg."""
    scale, sites, alpha = CPM_PER_FMOL * 250, 0.06, 1e-3
    rows = [("nonspecific", 2.0, np.nan, np.nan, 2 * alpha / (1 + alpha) * scale)] * 3
    for cold in (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0):
        y = counted_nM(sites, 2.0, 5.3, cold, 5.3, alpha) * scale
        role = "sample" if cold else "total"
        rows += [(role, 2.0, cold or np.nan, np.nan, y * f) for f in (0.995, 1.005)]
    frame = wells(rows, kind="homologous_binding")
    table, _ = found(frame, SATURATION | {"kind": "homologous_binding"})
    # the cold ligand binds non-specifically as the hot one does: 0.1 % here
    assert table.value["kd"] == pytest.approx(5.3, rel=5e-3)
    assert table.value["bmax"] == pytest.approx(1.0, rel=5e-3)


def kinetics_wells(km_nM=463.0, vmax=30.0, ns=0.002, cold=False, linear_min=np.inf, times=()):
    """Uptake in pmol/(min 1e5 cells) as counts; with `cold` the label is 20 nM and diluted."""
    rows = []

    def well(role, substrate, time):
        rate = ns * substrate + (role != "nonspecific") * vmax * substrate / (km_nM + substrate)
        effective = linear_min * -np.expm1(-time / linear_min) if linear_min < np.inf else time
        fmol = rate * 1000 * 0.5 * effective
        hot = min(20.0, substrate) if cold else substrate
        for f in (0.99, 1.01):
            cpm = fmol * CPM_PER_FMOL * hot / substrate * f
            added = substrate - hot
            # a compound well holds unlabelled substrate; what blocks is not counted as such
            name = "sample" if added and role == "total" else role
            rows.append((name, hot, added or np.nan, time, cpm))

    for substrate in (25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0):
        well("total", substrate, 10.0)
        if not cold:
            well("nonspecific", substrate, 10.0)
    for time in times:
        well("total", 100.0, time)
    if cold:
        rows += [("nonspecific", 20.0, np.nan, 10.0, ns * 20 * 5000 * CPM_PER_FMOL)] * 2
    return wells(rows, kind="uptake_kinetics")


@pytest.mark.parametrize("cold", [False, True])
def test_km_and_vmax_also_with_diluted_label(cold):
    table, _ = found(kinetics_wells(cold=cold), KINETICS)
    assert table.value["km"] == pytest.approx(463.0, rel=0.01)
    assert table.value["vmax"] == pytest.approx(30.0, rel=0.01)
    assert table.unit["vmax"] == "pmol/(min 1e5 cells)"
    assert "linearity in time not shown" in table["flags"]["km"]


def test_substrate_consumed():
    """25 nM in 200 uL are 5 pmol; 30 x 25/488 x 10 min x 0.5 are 7.7: more than there is."""
    table, _ = found(kinetics_wells(ns=0.0), KINETICS)
    assert table.depletion_pct["km"] == pytest.approx(100 * 30 * 25 / 488 * 5 / 5, rel=0.01)
    assert "% of the substrate is taken up" in table["flags"]["km"]
    table, _ = found(kinetics_wells(vmax=1.0, ns=0.0), KINETICS)
    assert "% of the substrate" not in table["flags"]["km"]


def test_uptake_that_levels_off_is_flagged():
    times = (1.0, 2.0, 4.0, 7.0, 15.0, 20.0)
    table, _ = found(kinetics_wells(times=times), KINETICS)
    assert table.linear_to_min["km"] == 20.0
    table, _ = found(kinetics_wells(times=times, linear_min=8.0), KINETICS)
    assert table.linear_to_min["km"] < 10
    assert "uptake is linear" in table["flags"]["km"]


def test_kinetics_without_a_time_is_refused():
    frame = kinetics_wells()
    frame["time_min"] = np.nan
    table, _ = found(frame, KINETICS | {"uptake_time": None})
    assert table["flags"].str.contains("uptake time not given").all()


def constants(**change):
    row = {
        "drop": "sat",
        "run": "S",
        "assay": "a",
        "target": "SERT",
        "parameter": "kd",
        "value": 4.9,
        "se": 0.49,
        "lower": 4.0,
        "upper": 6.0,
        "unit": "nM",
        "ligand": "[3H]citalopram",
    }
    return typed(pd.DataFrame([row | change]), CONSTANTS)


BY_RUN = ASSAY | {"kd": {"run": "sat/S"}}
LEVELS = {"unit": "CPM"} | dict.fromkeys(
    ("mean_total", "mean_nonspecific", "mean_added", "mean_blank", "bound_pct"), np.nan
)


def test_an_assay_takes_the_constants_of_its_run():
    resolved = resolve(BY_RUN, constants())
    c = conditions_of(resolved, RUN, LEVELS)
    assert (c.kd_nM, c.kd_sd) == (4.9, pytest.approx(0.1))
    assert c.constants_from == ("sat/S",)
    assert c.missing == ()
    assert BY_RUN["kd"] == {"run": "sat/S"}
    bmax = resolve(
        ASSAY | {"bmax": {"run": "sat/S"}},
        constants(parameter="bmax", value=2.0, se=0.2, lower=1.0, upper=3.0, unit="pmol/mg"),
    )
    c = conditions_of(bmax, RUN, LEVELS)
    assert (c.transporter_nM, c.transporter_sd) == pytest.approx((0.12, np.hypot(0.1, 0.3)))


def test_a_bmax_measured_in_the_run_needs_no_other_source():
    resolved = resolve(ASSAY | {"bmax": {"run": "sat/S"}}, constants())
    c = conditions_of(resolved, RUN | {"measured": {"bmax": "10 pmol/mg"}}, LEVELS)
    assert (c.transporter_nM, c.transporter_sd) == pytest.approx((0.6, 0.3))
    assert c.constants_from == ()
    assert not [note for note in c.notes if "Bmax" in note]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drop": "other"}, "no accepted run of this name has a kd"),
        ({"run": "T"}, "no accepted run of this name has a kd"),
        ({"target": "DAT"}, "it is of DAT"),
        ({"ligand": "[3H]paroxetine"}, "it is of [3H]paroxetine"),
        ({"value": np.nan, "flags": "refused: no non-specific wells"}, "no non-specific wells"),
        ({"upper": np.inf}, "its interval is open"),
        ({"lower": 0.0}, "its interval is open"),
    ],
)
def test_a_run_that_cannot_be_used_refuses_the_ki(change, words):
    c = conditions_of(resolve(BY_RUN, constants(**change)), RUN, LEVELS)
    (missing,) = c.missing
    assert missing.startswith("Kd (sat/S: ")
    assert words in missing


def test_a_run_with_two_assays_of_the_target_is_ambiguous():
    both = pd.concat([constants(), constants(assay="b")])
    assert "2 assays of the run" in resolve(BY_RUN, both)["kd"]["refused"]


def test_plates_of_such_runs_are_not_judged_by_their_controls():
    judged, flagged = judge_plates(
        saturation_wells(),
        {"a": {"limits": None, "total_added_fraction": 1.0}},
        Limits().model_dump(),
    )
    assert judged.verdict.tolist() == ["pass"]
    assert judged.z_prime.isna().all()
    assert "differ by design" in judged["flags"][0]
    assert (flagged["flags"] == "").all()
