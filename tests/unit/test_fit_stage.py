"""From the wells of a drop to curves with their Ki."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit
from simulated_curves import inhibition
from test_binding_conditions import ASSAY as BINDING
from test_binding_conditions import LOT

from reuptake.binding.conditions import conditions_of
from reuptake.binding.mass_balance import bound_nM
from reuptake.curves.plates import fit_plates, gather
from reuptake.qc.plates import judge_plates
from reuptake.settings.model import Limits
from reuptake.stages import fit
from reuptake.tables import CURVES, WELLS, typed
from reuptake.uptake.inhibition import remaining_uptake

DOSES_nM = 10.0 ** np.arange(0, 4.5, 0.5)
TOP, FLOOR = 4815.0, 615.0
UPTAKE = {
    "kind": "uptake_inhibition",
    "target": "SERT",
    "species": "human",
    "preparation": "HEK-293 cells",
    "substrate": {"name": "[3H]5-HT", "isotope": "3H", "decay": "specific_activity"},
    "ligand_concentration": "15 nM",
    "km": {"value": "463 nM", "source": "Ramamoorthy 1993"},
    "cells": 5e4,
    "copies_per_cell": 1e6,
    "volume": "200 uL",
    "efficiency": {"value": 0.42, "source": "assumed"},
    "count_time": "1 min",
    "total_added_fraction": 1.0,
    "nonspecific_definer": "paroxetine 10 uM",
    "pre_incubation": "15 min",
    "uptake_time": "10 min",
    "temperature": "37 degC",
    "solvent_pct": 1.0,
    "depletion": "judge",
}
RUN = {"run": "R", "date": "2026-03-02", "measured": {}, "radioligand": LOT}
# no depletion to speak of: R_T 0.01 nM
QUIET = BINDING | {"protein": "1 ug", "bmax": {"value": "2.5 pmol/mg"}}


def plate(ic50s_nM, *, plate="P1", run="R", assay="a", kind="competition_binding", top=TOP):
    """An error-free plate: one curve a compound, in duplicate, with its control wells."""
    rows = [{"role": "total", "signal": top + d, "compound": ""} for d in (-30.0, 0.0, 0.0, 30.0)]
    rows += [{"role": "nonspecific", "signal": FLOOR + d} for d in (-9.0, 0.0, 0.0, 9.0)]
    for compound, ic50 in ic50s_nM.items():
        for dose in DOSES_nM:
            level = inhibition(dose, ic50, top=top, bottom=FLOOR)
            rows += [
                {
                    "role": "sample",
                    "compound": compound,
                    "concentration_nM": dose,
                    "signal": level + d,
                }
                for d in (-20.0, 20.0)
            ]
    frame = pd.DataFrame(rows)
    fixed = {"drop": "D", "run": run, "assay": assay, "plate": plate, "kind": kind, "unit": "CPM"}
    fixed |= {"target": "SERT", "species": "human", "experiment": f"D/{run}"}
    frame = frame.assign(**fixed, simulated=False, excluded=False)
    frame["well"] = [f"w{i}" for i in range(len(frame))]
    return typed(frame, WELLS)


def curves(wells, assay=QUIET, **more_assays):
    """The curves of the wells, by compound."""
    assays = {"a": {"weights": "constant", "depletion": "judge"} | assay} | more_assays
    judged = {k: {"limits": None, "total_added_fraction": 1.0} for k in assays}
    plates, wells = judge_plates(wells, judged, Limits().model_dump())
    runs = {(run, a): RUN for run in wells.run.unique() for a in assays}
    table = typed(fit.curves_of(wells, plates, assays, runs), CURVES)
    return table.set_index("compound", drop=False)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [1, 3, 4, 5])
def test_every_curve_of_a_plate_gets_its_controls(n):
    truth = {f"C{i}": 10.0 ** (1 + 0.5 * i) for i in range(n)}
    table = curves(plate(truth))
    assert table.index.tolist() == list(truth)
    for compound, ic50 in truth.items():
        row = table.loc[compound]
        assert row.ic50_nM == pytest.approx(ic50, rel=1e-6)
        assert row.ki_nM == pytest.approx(ic50 / 2, rel=1e-6)
        assert (row.status, row.ki_qualifier, row.ki_method) == ("ok", "=", "cheng_prusoff")
        assert (row.top, row.bottom) == pytest.approx((TOP, FLOOR), rel=1e-6)
        assert (row.n_points, row.df) == (18, 18 + 8 - 3)
        assert (row.ligand_nM, row.kd_nM, row.transporter_nM) == pytest.approx((5.3, 5.3, 0.01))


def test_identity_and_interval_of_the_ki():
    row = curves(plate({"A": 100.0})).loc["A"]
    assert (row["drop"], row.run, row.assay, row.plate, row.role) == ("D", "R", "a", "P1", "sample")
    assert (row.kind, row.target, row.species) == ("competition_binding", "SERT", "human")
    assert (row.experiment, row.plate_verdict) == ("D/R", "pass")
    # L = Kd: ln Ki = ln IC50 - ln 2, and 15 % in Kd is half as much in Ki, to first order
    spread = 1.959964 * 0.15 / 2
    below, above = np.log(2 * row.ki_nM / [row.ic50_lower_nM, row.ic50_upper_nM])
    assert np.log(row.ki_nM / row.ki_lower_nM) == pytest.approx(np.hypot(below, spread), rel=0.1)
    assert np.log(row.ki_upper_nM / row.ki_nM) == pytest.approx(np.hypot(above, spread), rel=0.1)
    certain = QUIET | {"kd": {"value": "5.3 nM", "source": "Agnel 1996"}}
    row = curves(plate({"A": 100.0}), certain).loc["A"]
    assert row.ki_lower_nM == pytest.approx(row.ic50_lower_nM / 2)
    assert row.ki_upper_nM == pytest.approx(row.ic50_upper_nM / 2)


def test_plates_have_their_own_controls():
    both = pd.concat(
        [plate({"A": 100.0}), plate({"A": 30.0}, plate="P2", top=9000.0)], ignore_index=True
    )
    table = curves(both)
    assert table.ic50_nM.tolist() == pytest.approx([100.0, 30.0], rel=1e-6)
    assert table.top.tolist() == pytest.approx([TOP, 9000.0], rel=1e-6)


def test_excluded_controls_and_samples_take_no_part():
    wells = plate({"A": 100.0})
    wells.loc[0, ["signal", "excluded"]] = [482.0, True]
    wells.loc[12, ["signal", "excluded"]] = [1e6, True]
    row = curves(wells).loc["A"]
    assert row.ic50_nM == pytest.approx(100.0, rel=0.02)
    assert row.top == pytest.approx(TOP, rel=0.01)
    assert (row.n_points, row.df) == (17, 17 + 7 - 3)
    wells.loc[0, "excluded"] = False
    assert curves(wells).loc["A"].top < 0.99 * TOP


def test_the_answer_with_the_excluded_wells_stands_beside_that_without():
    """Against scipy's fit of the same wells; where nothing is excluded there is none."""
    wells = plate({"A": 100.0, "B": 30.0})
    spoilt = (wells.compound == "A") & (wells.concentration_nM == DOSES_nM[3])
    wells.loc[spoilt, "signal"] *= 1.6
    wells.loc[spoilt, "excluded"] = True
    table = curves(wells)
    assert table.loc["A"].ic50_nM == pytest.approx(100.0, rel=1e-6)
    mine = wells[(wells.compound == "A") | wells.role.isin(["total", "nonspecific"])]
    level = mine.concentration_nM.mask(mine.role == "total", 0.0)
    level = level.mask(mine.role == "nonspecific", 1e30)

    def model(x, log10_ic50, top, bottom):
        return bottom + (top - bottom) / (1 + x / 10**log10_ic50)

    exactly = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-14)
    found, _ = curve_fit(model, level, mine.signal, p0=(2.0, TOP, FLOOR), **exactly)
    assert abs(10 ** found[0] - 100) > 10
    assert table.loc["A"].ic50_with_excluded_nM == pytest.approx(10 ** found[0], rel=1e-5)
    assert table.loc["A"].ic50_with_excluded_qualifier == "="
    assert table.loc["B"].ic50_with_excluded_qualifier == ""
    assert np.isnan(table.loc["B"].ic50_with_excluded_nM)


def test_an_excluded_control_concerns_every_curve_of_its_plate():
    both = pd.concat([plate({"A": 100.0}), plate({"B": 30.0}, plate="P2")], ignore_index=True)
    # one of the two in the middle, so that the mean of the others is the same
    total = both.index[(both.role == "total") & (both.plate == "P1")][1]
    both.loc[total, ["signal", "excluded"]] = [100.0, True]
    table = curves(both)
    assert table.loc["A"].ic50_nM == pytest.approx(100.0, rel=1e-6)
    assert abs(table.loc["A"].ic50_with_excluded_nM - 100.0) > 1
    assert table.loc["B"].ic50_with_excluded_qualifier == ""


def test_a_failed_plate_keeps_its_curves_and_says_so():
    wells = plate({"A": 100.0})
    wells.loc[wells.role == "nonspecific", "signal"] += 2500
    row = curves(wells).loc["A"]
    assert row.plate_verdict == "fail"
    assert "plate failed quality control: left out of the answers" in row["flags"]


def test_a_definer_that_is_the_compound_is_flagged():
    assay = QUIET | {"nonspecific_definer": "paroxetine 10 uM"}
    table = curves(plate({"Paroxetine": 10.0, "A": 100.0}), assay)
    assert "the non-specific definer is this compound" in table.loc["Paroxetine"]["flags"]
    assert "definer" not in table.loc["A"]["flags"]
    table = curves(plate({"GBR 12909": 10.0}), QUIET | {"nonspecific_definer": "GBR 12909 10 µM"})
    assert "the non-specific definer is this compound" in table.loc["GBR 12909"]["flags"]


def depleted_plate(ki_nM, doses_nM, sites_nM=0.6):
    """A plate counted at the exact equilibrium of both ligands, L = Kd = 5.3 nM."""
    wells = plate({"potent": 3.0})
    mine = (wells.role == "sample").to_numpy()
    dose = np.repeat(doses_nM, 2)
    bound = bound_nM(sites_nM, 5.3, 5.3, dose, ki_nM)
    level = FLOOR + (TOP - FLOOR) * bound / bound_nM(sites_nM, 5.3, 5.3)
    wells.loc[mine, "concentration_nM"] = dose
    wells.loc[mine, "signal"] = level + np.tile([-20.0, 20.0], len(doses_nM))
    return wells


def test_depletion_reaches_the_ki():
    """R_T 0.6 nM, true Ki 0.58: Cheng-Prusoff reads 27.8 % high, the exact fit is right."""
    assay = BINDING | {"bmax": {"value": "10 pmol/mg"}}
    row = curves(depleted_plate(0.58, 10.0 ** np.arange(-2, 2.5, 0.5)), assay).loc["potent"]
    assert (row.ki_qualifier, row.ki_method) == ("=", "exact")
    assert row.ki_nM == row.ki_exact_nM == pytest.approx(0.58, rel=2e-3)
    assert row.ki_cheng_prusoff_nM == pytest.approx(0.741, rel=0.01)
    assert row.depletion_bias_pct == pytest.approx(27.8, abs=0.5)
    assert row.depletion_competitor_pct == pytest.approx(20.0, abs=0.5)
    # 30 % in R_T moves the IC50 by 0.09 of 1.48 nM, hence Ki by 0.045 nM
    assert np.log10(row.ki_upper_nM / row.ki_nM) > np.log10(1 + 1.96 * 0.045 / 0.58)
    assert "predicted bias of Cheng-Prusoff 27." in row["flags"]
    assert "titration" not in row["flags"]
    weak = curves(plate({"weak": 1000.0}), assay).loc["weak"]
    assert (weak.ki_qualifier, weak.ki_method) == ("=", "cheng_prusoff")
    assert weak.ki_exact_nM == pytest.approx(weak.ki_nM, rel=0.06)


def test_titration_of_sites_is_a_limit():
    """Ki 1 fM at 3 nM of sites: the curve counts sites, and tells only that Ki is small."""
    assay = BINDING | {"bmax": {"value": "50 pmol/mg"}}
    wells = depleted_plate(1e-6, 10.0 ** np.arange(-1.5, 3.0, 0.5), sites_nM=3.0)
    row = curves(wells, assay).loc["potent"]
    assert (row.ki_qualifier, row.ki_method) == ("<", "exact")
    assert 1e-6 < row.ki_nM < 0.1
    assert np.isnan(row.ki_lower_nM)
    assert "titration of sites" in row["flags"]


def test_a_slope_that_depletion_does_not_explain():
    """Two sites, 10 and 1000 nM: no mass balance at one site gives that shallow curve."""
    wells = plate({"A": 10.0})
    mine = wells.role == "sample"
    two = [
        inhibition(d, ic50, top=TOP, bottom=FLOOR)
        for ic50 in (10.0, 1000.0)
        for d in wells.concentration_nM[mine]
    ]
    wells.loc[mine, "signal"] = np.mean(np.reshape(two, (2, -1)), axis=0) + np.tile(
        [-20.0, 20.0], len(DOSES_nM)
    )
    row = curves(wells, BINDING | {"bmax": {"value": "400 pmol/mg"}}).loc["A"]
    assert row.hill < 0.8
    assert (row.ki_qualifier, row.ki_method) == ("<", "bound")
    assert "no exact Ki: depletion does not explain a slope of" in row["flags"]
    assert row.ki_nM == row.ki_cheng_prusoff_nM


@pytest.mark.parametrize(
    ("change", "qualifier", "method", "words"),
    [
        ({"kd": None}, "", "none", "no Ki: Kd missing"),
        ({"ligand_concentration": None}, "", "none", "no Ki: radioligand concentration missing"),
        ({"species": None, "kd": None}, "", "none", "no Ki: Kd, species missing"),
        # no sites, neither from protein nor, without a volume, from the counts
        ({"volume": None}, "<", "bound", "not recorded: volume"),
        ({"volume": None}, "<", "bound", "depletion not assessable"),
        ({"volume": None, "ligand_concentration": "10.7 nM"}, "", "none", "L > 2 Kd"),
        # the plate's own specific binding tells the sites: 0.48 nM
        ({"protein": None}, "=", "cheng_prusoff", "not recorded: protein"),
    ],
)
def test_what_a_ki_of_binding_needs(change, qualifier, method, words):
    """The IC50 is there in any case."""
    row = curves(plate({"A": 100.0}), QUIET | change).loc["A"]
    assert (row.ki_qualifier, row.ki_method) == (qualifier, method)
    assert words in row["flags"]
    assert row.ic50_nM == pytest.approx(100.0, rel=1e-6)


def test_guards_are_printed_with_their_verdicts():
    """R_T 0.6 nM, L = Kd = 5.3, Ki 0.58: G2 is 0.3/1.482 = 20 %, G5 +27.8 %."""
    assay = BINDING | {"bmax": {"value": "10 pmol/mg"}}
    row = curves(depleted_plate(0.58, DOSES_nM / 100), assay).loc["potent"]
    assert row.guards == "G1 not known; G2 fail; G3 pass; G4 not known; G5 fail"
    row = curves(plate({"A": 100.0})).loc["A"]
    assert row.guards == "G1 not known; G2 pass; G3 pass; G4 not known; G5 pass"
    row = curves(plate({"A": 100.0}), QUIET | {"kd": None}).loc["A"]
    assert row.guards.count("not known") == 5


def test_a_partial_inhibitor_has_no_ki():
    wells = plate({"A": 100.0})
    mine = wells.role == "sample"
    wells.loc[mine, "signal"] = TOP - 0.5 * (TOP - wells.signal[mine])
    row = curves(wells).loc["A"]
    assert (row.status, row.ki_qualifier) == ("partial", "")
    assert "partial inhibition is not competition at one site" in row["flags"]


NO_LEVELS = dict.fromkeys(
    ("mean_total", "mean_nonspecific", "mean_added", "mean_blank", "bound_pct"), np.nan
) | {"unit": "CPM"}


@pytest.mark.parametrize(
    ("ic50_nM", "flagged"), [(0.58, True), (0.61, True), (0.64, False), (100.0, False)]
)
def test_floor_of_an_uptake_ic50(ic50_nM, flagged):
    """50,000 cells with 1e6 copies in 200 uL: 0.4151348 nM, floor 0.2075674, 0.58 is 2.79 x."""
    row = {"ic50_qualifier": "=", "ic50_nM": ic50_nM}
    flags = fit._floor(row, conditions_of(UPTAKE, RUN, NO_LEVELS))
    assert bool(flags) == flagged
    if ic50_nM == 0.58:
        assert flags == ["tight binding: IC50 is 2.79 times its floor of 0.208 nM"]


def test_floor_where_it_is_not_known():
    known = conditions_of(UPTAKE, RUN, NO_LEVELS)
    assert fit._floor({"ic50_qualifier": ">", "ic50_nM": 0.1}, known) == []
    unknown = conditions_of(UPTAKE | {"cells": None}, RUN, NO_LEVELS)
    assert fit._floor({"ic50_qualifier": "=", "ic50_nM": 0.1}, unknown) == []
    more = RUN | {"measured": {"cells": 1e5}}
    row = {"ic50_qualifier": "=", "ic50_nM": 1.0}
    assert fit._floor(row, known) == []
    denser = conditions_of(UPTAKE, more, NO_LEVELS)
    assert fit._floor(row, denser)[0].endswith("floor of 0.415 nM")


def uptake_plate(ki_nM, sites_nM):
    """Uptake left by Morrison's equation at S 15, Km 463 nM."""
    wells = plate({"A": 1.0}, kind="uptake_inhibition")
    mine = (wells.role == "sample").to_numpy()
    dose = np.repeat(10.0 ** np.arange(-2, 2.5, 0.5), 2)
    left = remaining_uptake(sites_nM, dose, ki_nM * (1 + 15 / 463))
    wells.loc[mine, "concentration_nM"] = dose
    wells.loc[mine, "signal"] = FLOOR + (TOP - FLOOR) * left + np.tile([-20.0, 20.0], 9)
    return wells


def test_ki_of_uptake_close_to_the_floor():
    """E 0.4151348 nM: IC50 0.58 is a Ki of 0.3607454, not of 0.5617992."""
    row = curves(uptake_plate(0.3607454, 0.4151348), UPTAKE).loc["A"]
    assert (row.ki_qualifier, row.ki_method) == ("=", "exact")
    assert row.ki_nM == pytest.approx(0.3607454, rel=5e-3)
    assert row.ic50_nM == pytest.approx(0.58, rel=0.03)
    assert row.ki_cheng_prusoff_nM == pytest.approx(row.ic50_nM / (1 + 15 / 463), rel=1e-9)
    assert (row.transporter_nM, row.kd_nM) == pytest.approx((0.4151348, 463.0), rel=1e-6)
    assert "tight binding: IC50 is" in row["flags"]
    # 15 min are five half-lives of dissociation at kon 1.07e7 for this Ki
    assert row.kon_required_per_M_s == pytest.approx(1.067e7, rel=5e-3)
    assert "equilibrium not demonstrated" in row["flags"]


def test_ki_of_uptake_far_from_the_floor():
    table = curves(plate({"A": 100.0}, kind="uptake_inhibition"), UPTAKE)
    row = table.loc["A"]
    assert row.ic50_nM == pytest.approx(100.0, rel=1e-6)
    assert (row.ki_qualifier, row.ki_method) == ("=", "cheng_prusoff")
    assert row.ki_nM == pytest.approx(100.0 / (1 + 15 / 463), rel=1e-6)


@pytest.mark.parametrize(
    ("change", "qualifier", "method", "words"),
    [
        ({"km": None}, "", "none", "no Ki: Km missing"),
        ({"species": None}, "", "none", "no Ki: species missing"),
        ({"ligand_concentration": None}, "", "none", "substrate concentration missing"),
        ({"cells": None}, "<", "bound", "depletion not assessable"),
        (
            {"cells": None, "depletion": {"assume": "negligible", "reason": "few cells"}},
            "=",
            "cheng_prusoff",
            "depletion assumed negligible",
        ),
    ],
)
def test_what_a_ki_of_uptake_needs(change, qualifier, method, words):
    row = curves(plate({"A": 100.0}, kind="uptake_inhibition"), UPTAKE | change).loc["A"]
    assert (row.ki_qualifier, row.ki_method) == (qualifier, method)
    assert words in row["flags"]
    assert row.ic50_nM == pytest.approx(100.0, rel=1e-6)


def test_partial_inhibition_of_uptake_is_a_result_without_ki():
    wells = plate({"A": 100.0}, kind="uptake_inhibition")
    mine = wells.role == "sample"
    wells.loc[mine, "signal"] = TOP - 0.5 * (TOP - wells.signal[mine])
    row = curves(wells, UPTAKE).loc["A"]
    assert (row.status, row.ic50_qualifier, row.ki_qualifier) == ("partial", "=", "")
    assert row.ic50_nM == pytest.approx(100.0, rel=1e-3)


@pytest.mark.parametrize(
    ("unit", "entry", "variance"),
    [
        ("CPM", {"count_time": "5 min"}, 0.2),
        ("CCPM", {"count_time": "30 s"}, 2.0),
        ("DPM", {"count_time": "5 min", "efficiency": {"value": 0.4}}, 0.5),
        ("DPM", {"count_time": "5 min", "efficiency": None}, None),
        ("counts", {"count_time": "5 min"}, 1.0),
        ("CPM", {"count_time": None}, None),
        ("response", {"count_time": "5 min"}, None),
    ],
)
def test_counting_variance_by_unit(unit, entry, variance):
    """Var(CPM) = CPM/t; on a scale Y = k CPM it is k Y/t."""
    wells = pd.DataFrame({"assay": ["a"], "unit": [unit]})
    answer = fit._counting_assays(wells, {"a": {"weights": "counting"} | entry})
    assert answer == ({} if variance is None else {"a": pytest.approx(variance)})
    assert fit._counting_assays(wells, {"a": {"weights": "constant"} | entry}) == {}


def test_counting_weights_take_the_runs_own_scatter():
    wells = plate({"A": 100.0, "B": 10.0})
    sets = wells.groupby(["role", "compound", "concentration_nM"], dropna=False).signal
    sets = sets.agg(["mean", "var", "size"]).assign(df=lambda t: t["size"] - 1)
    # two controls of four wells and eighteen duplicates
    assert sorted(sets["size"].tolist()) == [2] * 18 + [4, 4]
    table = fit_plates(wells, {"a": 0.2})
    c2 = (sets.df * (sets["var"] - 0.2 * sets["mean"]) / sets["mean"] ** 2).sum() / sets.df.sum()
    assert table.proportional_error.tolist() == pytest.approx([np.sqrt(c2)] * 2)
    assert table.ic50_nM.tolist() == pytest.approx([100.0, 10.0], rel=2e-3)
    assert fit_plates(wells, {}).proportional_error.isna().all()


def test_controls_with_a_compound_belong_to_it_alone():
    rows = [
        {"compound": c, "role": role, "concentration_nM": nM, "signal": y}
        for c, scale in (("A", 100.0), ("B", 50.0))
        for role, nM, y in [
            ("vehicle", 0.0, scale),
            *(("sample", d, inhibition(d, 100, top=scale)) for d in DOSES_nM),
        ]
    ]
    rows.append({"compound": "", "role": "full_block", "concentration_nM": np.nan, "signal": 0.0})
    frame = typed(pd.DataFrame(rows).assign(excluded=False, plate="", assay="p"), WELLS)
    found, curve, concentration, response = gather(frame)
    assert found.compound.tolist() == ["A", "B"]
    assert response[(concentration == 0) & (curve == 0)].tolist() == [100.0]
    assert response[(concentration == 0) & (curve == 1)].tolist() == [50.0]
    assert curve[np.isinf(concentration)].tolist() == [0, 1]


def test_files_in_files_out(tmp_path):
    wells = plate({"A": 100.0})
    plates, wells = judge_plates(
        wells, {"a": {"limits": None, "total_added_fraction": 1.0}}, Limits().model_dump()
    )
    paths = {name: tmp_path / name for name in ("verdict", "wells", "plates", "curves")}
    paths["verdict"].write_text(json.dumps({"runs": [RUN | {"assay": "a"}]}))
    wells.to_parquet(paths["wells"])
    plates.to_parquet(paths["plates"])
    assay = QUIET | {"weights": "constant"}
    inputs = (paths["verdict"], paths["wells"], paths["plates"])
    fit.run(*inputs, [], {"assays": {"a": assay}}, paths["curves"])
    table = pd.read_parquet(paths["curves"])
    assert list(table.columns) == [column.name for column in CURVES]
    assert table.ki_nM.tolist() == pytest.approx([50.0], rel=1e-6)


def test_no_wells_no_curves():
    empty = typed(pd.DataFrame(), WELLS)
    assert fit.curves_of(empty, pd.DataFrame(), {}, {}).empty
