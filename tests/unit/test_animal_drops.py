"""Drops of animals: registered and ingested whole, refused in words, analysed run by run."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import dropmaker
from dropmaker import edit
from reuptake.settings.load import load_settings
from reuptake.settings.sections import section
from reuptake.stages import accept, animals, in_vivo
from reuptake.tables import TABLES, read_csv


@pytest.fixture
def archive(tmp_path):
    archive = dropmaker.write_archive(tmp_path)
    dropmaker.write_animals(archive.drop())
    return archive


def tables_of(archive) -> dict[str, pd.DataFrame]:
    """The in-vivo tables of the sealed drop, by the stages of the workflow."""
    settings = load_settings([archive.config])
    verdict = archive.ingest()
    assert verdict["status"] == "accepted", verdict["reasons"]
    drop = archive.folder / "results" / dropmaker.NAME
    share = section("animals", settings, dropmaker.NAME, frozenset(settings.assays))
    animals.run(drop / "verdict.json", drop / "animals.parquet", share, drop)
    accepted = archive.folder / "accepted.json"
    accept.run([drop / "verdict.json"], accepted)
    in_vivo.run(accepted, drop.parent, section("in_vivo", settings), archive.folder / "tables")
    names = ("animals", "animal_runs", "forced_swim", "forced_swim_tests", "pca_antagonism")
    return {n: read_csv(archive.folder / "tables" / f"{n}.csv", TABLES[n]) for n in names}


def test_a_drop_of_animals_is_sealed_and_accepted(archive, capsys):
    outcome = archive.register(capsys)
    assert outcome.code == 0, outcome.text
    assert "2 runs, 0 plates, 0 wells, 19 animals" in outcome.text
    assert "not analysed" not in outcome.text
    verdict = archive.ingest()
    assert (verdict["status"], verdict["n_animals"], verdict["reasons"]) == ("accepted", 19, [])


def test_areas_become_levels_and_groups_are_compared(archive, capsys):
    archive.register(capsys)
    tables = tables_of(archive)
    # 800 of 10 a ng is 80 ng in 50 mg of tissue: 1600 ng/g
    levels = tables["animals"][tables["animals"].run == "H"].set_index("animal").value
    assert levels["Vehicle-0"] == pytest.approx(1600.0, rel=1e-9)
    pca = tables["pca_antagonism"].set_index("group")
    # means 800, 300 and 550 area units: half of what PCA takes is protected
    assert pca.antagonism_pct["low + PCA"] == pytest.approx(50.0, rel=1e-9)
    assert pca.depletion_pct["PCA"] == pytest.approx(62.5, rel=1e-9)
    swim = tables["forced_swim"].set_index("group")
    assert swim.difference_s["low"] == pytest.approx(-50.0)
    assert swim.reduction_pct["low"] == pytest.approx(25.0)
    assert set(tables["forced_swim_tests"].test) == {
        "anova",
        "welch",
        "kruskal",
        "brown_forsythe",
        "shapiro",
    }
    run = tables["animal_runs"].set_index("run").loc["F"]
    assert (run.n_animals, run.n_scorers, run.arrive_randomisation) == (10, 1, "by lot")
    assert run.arrive_sample_size == ""
    for table in tables.values():
        assert table.simulated.all()


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("swim.csv", "low-0,low,treated,cmpd-1,3,mg/kg,150", "low-0,low,treated,cmpd-1,3,,150",
         "swim.csv, line 7, unit: a dose without a unit"),
        ("swim.csv", "cmpd-1,3,mg/kg,160", "cmpd-1,3,mg/kg,460", "longer than the test (300 s)"),
        ("swim.csv", "animal,group", "animal,gruppe", "swim.csv, line 1, group: the column is"),
        ("pca.csv", "PCA-1,PCA,challenge,PCA,,,280,area,50", "PCA-1,PCA,challenge,PCA,,,280,area,",
         "pca.csv, line 6, tissue_mg: no tissue weight"),
        ("pca.csv", "vehicle,saline,,,800,", "vehicle,saline,,,8000,",
         "above the calibration"),
        ("calibration.csv", "5-HT,5,ng,50", "5-HT,5,mol,50", "not a unit of mass"),
        ("drop.yaml", "animals: swim.csv", "animals: swimm.csv", "the file is missing"),
        ("drop.yaml", "animals: swim.csv\n", "responses: swim.csv\n", "run F has no animals"),
        ("drop.yaml", "    arrive: {", "    calibration: calibration.csv\n    arrive: {",
         "calibration does not belong to an assay of kind forced_swim"),
        ("drop.yaml", "blinding: scorer", "blindness: scorer", "blindness"),
    ],
)  # fmt: skip
def test_every_fault_is_told_and_nothing_sealed(archive, capsys, file, old, new, words):
    edit(archive.drop() / file, old, new)
    outcome = archive.register(capsys)
    assert outcome.code == 1
    assert words in outcome.text
    assert not (archive.drop() / "SHA256SUMS").exists()
    dropmaker.seal_by_hand(archive.drop())
    verdict = archive.ingest()
    assert verdict["status"] == "rejected"
    assert any(words in reason for reason in verdict["reasons"])


def test_two_faults_of_two_files_are_told_at_once(archive, capsys):
    edit(archive.drop() / "swim.csv", "low-0,low,treated", "low-0,low,traeted")
    edit(
        archive.drop() / "pca.csv", "PCA-1,PCA,challenge,PCA,,,280", "PCA-1,PCA,challenge,PCA,,,-2"
    )
    text = archive.register(capsys).text
    assert "unknown role" in text
    assert "a negative amount" in text


def test_a_control_group_that_is_not_there_names_the_near_one(archive, capsys):
    assays = archive.folder / "assays.yaml"
    assays.write_text(assays.read_text().replace("test_length", "trend: true\n  test_length"))
    edit(assays, "  control_group: Vehicle\n  trend", "  control_group: Vehicel\n  trend")
    text = archive.register(capsys).text
    assert "no animals of the control_group Vehicel" in text
    assert "did you mean Vehicle?" in text


def test_a_rejected_drop_gives_no_row(archive, capsys):
    edit(archive.drop() / "swim.csv", "low-0,low,treated", "low-0,low,traeted")
    dropmaker.seal_by_hand(archive.drop())
    assert archive.ingest()["status"] == "rejected"
    drop = archive.folder / "results" / dropmaker.NAME
    assert pd.read_parquet(drop / "animals.parquet").empty
    assert json.loads((drop / "verdict.json").read_text())["n_animals"] >= 0


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [("X + PCA", "X"), ("X", "X"), ("PCA", "PCA"), ("X + Y", "X + Y"), ("X+PCA", "X+PCA")],
)
def test_a_treatment_with_its_challenge_is_the_compound(treatment, expected):
    assert in_vivo.without_challenge(treatment, {"pca"}) == expected
