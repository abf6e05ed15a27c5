import csv
import math
import platform
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.optimize import curve_fit

from reuptake.binding.radiochemistry import HALF_LIFE_DAYS, transporter_on_cells_nM
from reuptake.readers import SourceFile, read_counts
from reuptake.simulation import demonstration
from reuptake.simulation.files import write_files
from reuptake.simulation.plates import (
    PLATE_96,
    PLATE_384,
    Curve,
    Errors,
    Run,
    expected_cpm,
    layout,
    log10_shift,
    simulate_plate,
    simulate_run,
)
from reuptake.simulation.signal import (
    BindingAssay,
    UptakeAssay,
    cpm_per_fmol,
    remaining_uptake,
)

ROOT = Path(__file__).parents[2]
CONFIG, REFERENCE, DROPS = ROOT / "config", ROOT / "data" / "reference", ROOT / "data" / "drops"
EXACT = Errors(pipetting_cv=0, edge_effect=0, dilution_sd_log10=0, assay_sd_log10=0)

# The 0.6 nM case whose bound radioligand is tabulated in test_mass_balance.
BINDING = BindingAssay(
    ki_nM={"X": 0.58},
    transporter_nM=0.6,
    ligand_nM=5.3,
    kd_nM=5.3,
    alpha=0.0,
    volume_uL=250,
    cpm_per_fmol=74.592,
    background_cpm=20,
    count_time_min=1,
)
UPTAKE = UptakeAssay(
    ki_nM={"X": 0.3607454},
    transporter_nM=0.4151348,
    substrate_nM=15,
    km_nM=463,
    vmax_fmol_per_min=100,
    uptake_time_min=10,
    nonspecific_fraction=0,
    volume_uL=200,
    cpm_per_fmol=74.592,
    background_cpm=20,
    count_time_min=1,
)


@pytest.fixture(scope="module")
def drops():
    return demonstration.demonstration_drops(CONFIG, REFERENCE)


# --- expected signal


def test_counts_of_a_femtomole():
    # 80 Ci/mmol are 177.6 dpm/fmol; 42 % of them are counted; 5.5 % are lost in a year
    fresh = cpm_per_fmol(80, 0.42, date(2026, 1, 1), date(2026, 1, 1))
    assert fresh == pytest.approx(177.6 * 0.42, rel=1e-12)
    after_a_year = cpm_per_fmol(80, 0.42, date(2026, 1, 1), date(2027, 1, 1))
    assert after_a_year / fresh == pytest.approx(0.9453293, rel=1e-6)


def test_half_life_is_the_reference_table_s():
    with (REFERENCE / "constants.csv").open(encoding="utf-8", newline="") as file:
        table = {(r["entity"], r["parameter"]): r["value"] for r in csv.DictReader(file)}
    assert float(table["3H", "half_life"]) == HALF_LIFE_DAYS["3H"]


def test_binding_signal_is_the_exact_mass_balance():
    bound_nM = np.array([0.291516224, 0.275733970, 0.176976723, 0.032561642])
    counted = BINDING.counted_cpm([0, 0.1, 1, 10], 0.58)
    np.testing.assert_allclose(counted, bound_nM * 250 * 74.592, rtol=2e-7)


def test_transporter_of_whole_cells():
    assert transporter_on_cells_nM(5e4, 1e6, 200) == pytest.approx(0.4151348, rel=1e-6)


def test_tight_binding_halves_uptake_at_half_the_transporter_above_the_apparent_ki():
    # IC50 = K' + E/2: 0.3724326 + 0.4151348/2 = 0.58
    assert remaining_uptake(0.4151348, 0.58, 0.3724326) == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("inhibitor_nM", [0, 1e-3, 0.3, 0.415, 0.58, 7, 1e3])
def test_tight_binding_is_morrison_s_equation(inhibitor_nM):
    e, i, k = 0.4151348, inhibitor_nM, 0.3724326
    root = math.sqrt((e + i + k) ** 2 - 4 * e * i)
    assert remaining_uptake(e, i, k) == pytest.approx(1 - (e + i + k - root) / (2 * e), abs=1e-12)


def test_uptake_signal_is_michaelis_menten_times_what_the_inhibitor_leaves():
    # 100 fmol/min·15/(463 + 15)·10 min = 31.38075 fmol; Ki 0.3607454 gives an IC50 of 0.58
    uninhibited, half = UPTAKE.counted_cpm([0, 0.58], UPTAKE.ki_nM["X"])
    assert uninhibited == pytest.approx(31.380753 * 74.592, rel=1e-6)
    assert half == pytest.approx(uninhibited / 2, rel=1e-6)


# --- plates


def curves(n, points=10):
    concentrations = tuple(10.0 ** (3 - k / 2) for k in range(points))
    return [Curve("X", "sample", concentrations) for _ in range(n)]


@pytest.mark.parametrize(
    ("picture", "n_curves", "replicates", "shape"),
    [(PLATE_96, 3, 2, (8, 12)), (PLATE_384, 9, 3, (16, 24))],
)
def test_pictures_hold_whole_curves_and_enough_controls(picture, n_curves, replicates, shape):
    wells = layout(picture, curves(n_curves))
    assert len(wells) == shape[0] * shape[1]
    assert (wells["row"].max() + 1, wells["col"].max() + 1) == shape
    roles = wells["role"].value_counts()
    assert roles["sample"] == n_curves * replicates * 10
    assert roles["total"] >= 8
    assert roles["nonspecific"] >= 6
    assert roles["blank"] >= 2
    assert roles["total_added"] >= 3
    doses = wells["concentration_nM"].value_counts()
    assert set(doses) == {n_curves * replicates}
    for role in ("total", "nonspecific"):  # spread: in every quarter of the plate
        of_role = wells[wells["role"] == role]
        quarters = {
            (row < shape[0] / 2, col < shape[1] / 2)
            for row, col in zip(of_role["row"], of_role["col"], strict=True)
        }
        assert len(quarters) == 4


def test_concentrations_run_from_left_to_right():
    wells = layout("T.aaB\naa.TN\n", [Curve("X", "reference", (30.0, 10.0))]).set_index("well")
    assert wells["concentration_nM"].dropna().to_dict() == {"A3": 30, "A4": 10, "B1": 30, "B2": 10}
    assert wells.loc["A3", ["role", "compound"]].tolist() == ["reference", "X"]
    assert wells.loc[["A1", "B4", "B5", "A2"], "role"].tolist() == (
        ["total", "total", "nonspecific", "empty"]
    )


def test_without_errors_a_plate_counts_what_is_expected():
    wells = layout(PLATE_96, curves(3))
    long_count = replace(BINDING, count_time_min=1e9)
    counts = simulate_plate(wells, long_count, np.random.default_rng(1), EXACT)["counts"]
    expected = expected_cpm(wells, BINDING) + 20
    np.testing.assert_allclose(counts, expected, atol=0.51)
    of = {role: set(counts[wells["role"] == role]) for role in wells["role"].unique()}
    assert of["blank"] == of["empty"] == {20}
    assert of["total"] == {20 + round(0.291516224 * 250 * 74.592)}
    assert of["nonspecific"] == {20}
    assert of["total_added"] == {20 + round(5.3 * 250 * 74.592)}


@pytest.mark.parametrize("count_time_min", [1, 5])
def test_scatter_is_counting_and_pipetting(count_time_min):
    # Var = Y/t + (c·S)², Y the mean and S its part above background, and 1/12 from rounding
    wells = layout("T" * 200 + "\n", [])
    truth = replace(BINDING, transporter_nM=0.1, count_time_min=count_time_min)
    errors = replace(EXACT, pipetting_cv=0.03)
    rng = np.random.default_rng(7)
    counts = np.concatenate(
        [simulate_plate(wells, truth, rng, errors)["counts"] for _ in range(100)]
    )
    signal = float(truth.counted_cpm(0, 1))
    variance = (signal + 20) / count_time_min + (0.03 * signal) ** 2 + 1 / 12
    n = len(counts)
    assert counts.mean() == pytest.approx(signal + 20, abs=4 * math.sqrt(variance / n))
    assert counts.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / n))


def test_the_edge_is_mildly_low_and_a_dropped_well_grossly():
    wells = layout("TTTT\n" * 4, [])
    long_count = replace(BINDING, count_time_min=1e9, background_cpm=0)
    errors = replace(EXACT, edge_effect=-0.03)
    plate = simulate_plate(wells, long_count, np.random.default_rng(1), errors, dropped="B2")
    relative = plate.set_index("well")["counts"] / 5436.2
    assert relative["A1"] == pytest.approx(0.97, abs=1e-3)
    assert relative["C3"] == pytest.approx(1.00, abs=1e-3)
    assert relative["B2"] == pytest.approx(0.10, abs=1e-3)


def test_a_run_does_not_depend_on_what_else_is_simulated():
    wells = layout(PLATE_96, curves(3))
    whole = simulate_run(Run("R", "a", BINDING, {"P1": wells, "P2": wells}), seed=3)
    alone = simulate_run(Run("R", "a", BINDING, {"P2": wells}), seed=3)
    assert whole["P2"].equals(alone["P2"])
    assert not whole["P1"].equals(whole["P2"])
    assert not simulate_run(Run("R", "a", BINDING, {"P2": wells}), 4)["P2"].equals(alone["P2"])
    assert not simulate_run(Run("S", "a", BINDING, {"P2": wells}), 3)["P2"].equals(alone["P2"])


def test_assays_of_a_run_share_the_dilution_error():
    errors = Errors(dilution_sd_log10=0.06, assay_sd_log10=0.03)
    shifts = np.array(
        [[log10_shift(seed, "R", assay, "X", errors) for assay in "ab"] for seed in range(2000)]
    )
    # variance 0.06² + 0.03², correlation 0.06²/(0.06² + 0.03²) = 0.8
    np.testing.assert_allclose(shifts.std(axis=0), math.hypot(0.06, 0.03), rtol=0.06)
    assert np.corrcoef(shifts.T)[0, 1] == pytest.approx(0.8, abs=0.04)


def test_affinity_is_recovered_over_a_hundred_redraws():
    # 0.05 nM of sites and a Ki of 25 nM: no depletion to speak of, so Cheng-Prusoff holds
    truth = replace(BINDING, transporter_nM=0.05, ki_nM={"X": 25.0}, count_time_min=5)
    concentrations = tuple(10.0 ** (4 - k / 2) for k in range(10))
    run = Run("R", "a", truth, {"P": layout(PLATE_96, [Curve("X", "sample", concentrations)] * 3)})

    def one_site(x, top, bottom, log10_ic50):
        return bottom + (top - bottom) / (1 + 10.0 ** (x - log10_ic50))

    log10_ki = []
    for seed in range(100):
        wells = simulate_run(run, seed)["P"]
        wells = wells[wells["role"].isin(["total", "nonspecific", "sample"])]
        x = np.log10(wells["concentration_nM"].to_numpy())
        x = np.where(wells["role"] == "total", -30, np.where(wells["role"] == "sample", x, 30))
        (_, _, log10_ic50), _ = curve_fit(one_site, x, wells["counts"], p0=[500, 50, 1.5])
        log10_ki.append(log10_ic50 - math.log10(1 + 5.3 / 5.3))
    between_runs = math.hypot(0.05, 0.05)
    assert np.mean(log10_ki) == pytest.approx(math.log10(25), abs=3.5 * between_runs / 10)
    # 99.9 % limits of an SD from 100 draws; the fit adds about 0.01 to the SD between runs
    assert 0.77 * between_runs < np.std(log10_ki, ddof=1) < 1.25 * math.hypot(between_runs, 0.015)


# --- the demonstration


def test_the_truth_is_the_reference_table_s():
    ki = demonstration.true_ki_nM(REFERENCE / "affinities.csv", "binding")
    assert ki["SERT"]["paroxetine"] == 0.13
    assert ki["DAT"]["citalopram"] == 28100
    assert ki["NET"]["desipramine"] == 0.8
    assert all(set(of_target) == set(demonstration.COMPOUNDS) for of_target in ki.values())


def test_a_truth_that_is_not_unique_is_refused(tmp_path):
    table = (REFERENCE / "affinities.csv").read_text(encoding="utf-8").splitlines()
    broken = tmp_path / "affinities.csv"
    broken.write_text("\n".join([*table, table[1]]), encoding="utf-8")
    with pytest.raises(ValueError, match="2 rows for citalopram, SERT"):
        demonstration.true_ki_nM(broken, "binding")


def test_the_drops_of_the_project_are_what_the_simulator_writes(drops):
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("random draws may differ in the last digit on another kind of processor")
    assert {folder.name for folder in DROPS.iterdir()} >= set(drops)
    for drop, files in drops.items():
        for name, content in files.items():
            assert (DROPS / drop / name).read_bytes() == content, f"{drop}/{name}"
        present = {p.relative_to(DROPS / drop).as_posix() for p in (DROPS / drop).rglob("*.*")}
        assert present == set(files)


def test_two_calls_write_the_same_bytes(drops, tmp_path):
    assert demonstration.demonstration_drops(CONFIG, REFERENCE) == drops
    write_files(tmp_path / "x", drops["2026-03-09-binding"])
    written = tmp_path / "x" / "raw" / "net-2.txt"
    before = written.stat().st_mtime_ns
    write_files(tmp_path / "x", drops["2026-03-09-binding"])
    assert written.stat().st_mtime_ns == before


def test_every_drop_says_that_it_is_simulated_and_none_holds_the_guide_compound(drops):
    assert len(drops) == 11
    plates = []
    for drop, files in drops.items():
        described = yaml.safe_load(files["drop.yaml"])
        assert described["drop"] == drop
        assert described["simulated"] is True
        assert "simulated by reuptake.simulation, seed" in described["source"]
        for name, content in files.items():
            assert b"sert-in-2" not in content.lower()
            if name.startswith("raw/") and name != "raw/net-2.txt":
                assert b"\r\nName: SIMULATED" in content
        for run in described["runs"]:
            plates += [(run["run"], plate["plate"]) for plate in run.get("plates", [])]
    assert len(plates) == len(set(plates)) == 3 * 12 + 3 * 3 + 3 + 1 + 1


def without_numbers(line):
    """A line's shape: its numbers, weekday and month masked."""
    line = re.sub(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)( \d\d-)[A-Z][a-z]{2}-", r"Day\2Mon-", line)
    return re.sub(r"\d+", "#", re.sub(r" *\d+(?=[:/]|$)", "#", line))


def test_exports_are_laid_out_as_a_real_one(drops, shared):
    path = shared / "real-drops" / "2013-10-31-nop-spa" / "raw" / "E0013328A.txt"
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    real = path.read_bytes().decode("iso-8859-1").split("\r\n")
    content = drops["2026-03-04-uptake"]["raw/sert.txt"].decode("iso-8859-1")
    ours = content.split("\r\n")
    n = len(real) - 1  # the real file has no footer, only a last line break
    assert real[-1] == ""
    assert ours[n:] == ["", ours[n + 1], "END", ""]
    named = ("s:", "c:", "Name: ", "Plate ID: ")
    for theirs, line in zip(real[:n], ours[:n], strict=True):
        if theirs.startswith(named):
            assert line.startswith(named)
        else:
            assert without_numbers(line) == without_numbers(theirs)
    assert ours[n + 1] == f"Total count rate: {total(ours):10.1f} CCPM"


def total(lines):
    grid = [line.split("\t")[1:-1] for line in lines if re.match(r"[A-P]\t", line)]
    return sum(int(cell) for row in grid for cell in row)


def test_a_split_run_reads_as_one(drops):
    files = drops["2026-03-09-binding"]
    first, second = files["raw/net-1.txt"], files["raw/net-2.txt"]
    assert first.endswith(b"End of plate 2\r\n")
    assert second.splitlines()[1] == b"Plate 3"
    assert b"RUN INFORMATION" not in second
    whole = (first + second).decode("iso-8859-1").split("\r\n")
    assert whole[-3] == f"Total count rate: {total(whole):10.1f} CCPM"


def test_the_readers_find_the_simulated_counts(drops):
    files = drops["2026-03-09-binding"]
    sources = [SourceFile(name, files[name]) for name in ("raw/net-1.txt", "raw/net-2.txt")]
    plates = read_counts(sources)
    assert [plate.label for plate in plates] == ["1", "2", "3", "4"]
    assert {plate.counts.shape for plate in plates} == {(8, 12)}
    assays = yaml.safe_load((CONFIG / "assays.yaml").read_text(encoding="utf-8"))
    truth = demonstration.true_ki_nM(REFERENCE / "affinities.csv", "binding")
    *_, net = demonstration.binding_runs(assays, truth, "2026-03-09-B", dilution=5)
    simulated = simulate_run(net.run, demonstration.SEED)
    for plate, wells in zip(plates, simulated.values(), strict=True):
        np.testing.assert_array_equal(plate.counts.ravel(), wells["counts"])


def test_stock_layouts_list_five_times_the_final_concentration(drops):
    def concentrations(drop):
        lines = drops[drop]["layout.csv"].decode().splitlines()
        return {
            (r["plate"], r["well"]): (float(r["concentration"]), r["unit"])
            for r in csv.DictReader(lines)
            if r["concentration"]
        }

    final, stock = concentrations("2026-03-02-binding"), concentrations("2026-03-09-binding")
    assert set(final) == set(stock)
    for well, (value, unit) in final.items():
        assert stock[well] == (pytest.approx(5 * value, rel=1e-6), unit)
    assert {unit for _, unit in final.values()} == {"nM", "uM"}
