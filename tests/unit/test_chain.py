"""From a number back to its wells, on a plate whose every count and line are known."""

from __future__ import annotations

import csv
import hashlib
import json

import pytest

import dropmaker
import recorded


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return recorded.make(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def ask(made, capsys):
    def run(*words) -> dropmaker.Outcome:
        return made.command(capsys, "why", *words)

    return run


def steps(node: dict, start: str) -> list[dict]:
    """All steps below a node whose name begins with `start`."""
    here = [node] if node["what"].startswith(start) else []
    return here + [found for part in node["from"] for found in steps(part, start)]


def test_a_potency_leads_to_the_counts_in_the_raw_file(made, ask):
    """What is shown of each well is what stands in that line of the file."""
    outcome = ask("potency", "compound=cmpd-2", "quantity=IC50", "--json")
    assert outcome.code == 0, outcome.text
    tree = json.loads(outcome.text)
    (experiment,) = steps(tree, "experiment")
    assert experiment["what"] == f"experiment {dropmaker.NAME}/A"
    (curve,) = steps(tree, "curve of")
    assert curve["facts"]["status"] == "ok"
    (raw,) = steps(tree, "raw file")
    path = made.drop / "raw" / "p1.csv"
    assert raw["what"] == f"raw file {path}"
    assert raw["facts"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    # cmpd-2 stands in rows E and F, lines 5 and 6; the controls in all of them
    assert raw["facts"]["lines"] == "1 to 8"
    lines = path.read_text().splitlines()
    (wells,) = steps(tree, "wells")
    for j, concentration in enumerate(dropmaker.CONCENTRATIONS_NM):
        counts = [lines[i].split(",")[1 + j] for i in (4, 5)]
        expected = f"{counts[0]} (E{2 + j}, line 5), {counts[1]} (F{2 + j}, line 6)"
        assert wells["from"][j]["what"] == f"{float(concentration):g} nM"
        assert wells["from"][j]["facts"][""] == expected
    (total,) = steps(tree, "total (8)")
    first = ", ".join(
        f"{line.split(',')[0]} ({'ABCDEFGH'[i]}1, line {i + 1})" for i, line in enumerate(lines)
    )
    assert total["facts"][""] == first


def test_the_value_is_that_of_the_table(made, ask):
    with (made.results / "tables" / "potency.csv").open(newline="") as file:
        row = next(
            r for r in csv.DictReader(file) if r["compound"] == "cmpd-1" and r["quantity"] == "IC50"
        )
    tree = json.loads(ask("potency", "compound=cmpd-1", "quantity=IC50", "--json").text)
    assert tree["facts"]["value"] == f"= {row['value_nM']} nM"
    assert tree["facts"]["95 %"] == f"{row['lower_nM']} to {row['upper_nM']} nM"
    assert tree["facts"]["n"] == "1"
    assert tree["facts"]["simulated"] == "yes"


def test_settings_and_software_are_named(ask):
    tree = json.loads(ask("potency", "compound=cmpd-1", "quantity=IC50", "--json").text)
    (config,) = steps(tree, "config of assay binding")
    assert config["facts"]["species"] == "human"
    assert config["facts"]["weights"] == "constant"
    # the assay that had no part in it is not there
    assert not steps(tree, "config of assay partner")
    (software,) = steps(tree, "software")
    assert set(software["facts"]) >= {"reuptake", "Python", "numpy", "uv.lock sha256"}
    (code,) = steps(tree, "code of the stages")
    assert set(code["facts"]) == {"ingest", "qc", "fit", "accept", "collect", "potency"}


def test_the_text_is_an_indented_tree(ask):
    lines = ask("curves", "compound=cmpd-1").text.splitlines()
    assert lines[0].startswith(f"curve of drop {dropmaker.NAME}, run A, plate P1: model 3PL")
    assert lines[1].startswith("  run A, as drop.yaml describes it: date 2026-01-05")
    assert lines[2].startswith("  plate P1: verdict pass; robust Z' ")
    assert lines[3] == "  wells"
    assert lines[4].startswith("    0.1 nM: ")


def test_a_plate_and_a_well(ask):
    text = ask("plates", f"drop={dropmaker.NAME}", "plate=P1").text
    assert text.startswith(f"plate P1 of drop {dropmaker.NAME}, run A: verdict pass")
    assert "\n    sample (60): " in text
    text = ask("wells", "well=C5").text
    assert text.startswith(
        f"well C5 of drop {dropmaker.NAME}, run A, plate P1: role sample; "
        "compound cmpd-1; nM 3.16; counts "
    )
    assert "lines 3 to 3; sha256 " in text


def test_an_ambiguous_key_lists_its_rows(ask):
    outcome = ask("potency", "target=SERT", "quantity=IC50")
    assert outcome.code == 1
    assert outcome.text == (
        "4 rows of potency.csv fit; add what tells them apart:\n"
        "  compound=cmpd-1\n  compound=cmpd-2\n  compound=cmpd-3\n  compound=ref-1\n"
    )


def test_an_unknown_value_lists_what_there_is(ask):
    outcome = ask("potency", "compound=cmpd-9")
    assert outcome.code == 1
    assert outcome.text == (
        "no row of potency.csv has the compound 'cmpd-9'; there is:\n"
        "  cmpd-1\n  cmpd-2\n  cmpd-3\n  ref-1\n"
    )
    outcome = ask("potency", "compound=cmpd-1", "target=DAT")
    assert outcome.text == (
        "no row of potency.csv with compound=cmpd-1 has the target 'DAT'; there is:\n  SERT\n"
    )


def test_an_empty_table_has_no_row(ask):
    outcome = ask("selectivity", "compound=cmpd-1")
    assert outcome.code == 1
    assert "no row of selectivity.csv has the compound 'cmpd-1'" in outcome.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["potencies", "compound=x"], "the tables are selectivity, potency, experiments"),
        (["potency", "compound"], "is not of the form column=value"),
        (["potency", "kompound=x"], "potency has no column 'kompound'"),
        (["potency"], "Missing argument"),
    ],
)
def test_wrong_usage_is_status_2(ask, words, said):
    outcome = ask(*words)
    assert outcome.code == 2
    assert said in outcome.text.replace("\n", " ")


def test_a_table_that_was_edited_is_warned_of(tmp_path, capsys):
    made = recorded.make(tmp_path)
    table = made.results / "tables" / "curves.csv"
    table.write_text(table.read_text().replace(",3PL,", ",4PL,", 1))
    text = made.command(capsys, "why", "curves", "compound=cmpd-1").text
    assert "warning: curves.csv: changed since the run" in text


def test_without_a_record_the_wells_are_told_all_the_same(tmp_path, capsys):
    made = recorded.make(tmp_path)
    (made.results / "provenance" / "run.json").unlink()
    outcome = made.command(capsys, "why", "curves", "compound=cmpd-1")
    assert outcome.code == 0
    assert "sha256 not recorded" in outcome.text
    assert outcome.text.endswith("are not recorded: run the pipeline\n")


def test_tables_of_another_version(tmp_path, capsys):
    made = recorded.make(tmp_path)
    table = made.results / "tables" / "wells.csv"
    table.write_text(table.read_text().replace(",file,line,", ",x,y,", 1))
    outcome = made.command(capsys, "why", "curves", "compound=cmpd-1")
    assert outcome.code == 1
    assert "no column 'file': another version of reuptake wrote it. Run the pipe" in outcome.text
