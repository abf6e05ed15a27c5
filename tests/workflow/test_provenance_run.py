"""The record of a real run: complete, unmoved by a run that does nothing, and a way back."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from workingfolder import BINDING, PARTNER, SATURATION, UPTAKE

pytestmark = pytest.mark.workflow


def read(working) -> dict:
    path = working.folder / "results" / "provenance" / "run.json"
    return json.loads(path.read_text(encoding="utf-8"))


def steps(node: dict, start: str) -> list[dict]:
    here = [node] if node["what"].startswith(start) else []
    return here + [found for part in node["from"] for found in steps(part, start)]


def test_a_run_that_does_nothing_leaves_the_record_alone(finished):
    files = [finished.folder / "results" / name for name in ("provenance/run.json", "run.json")]
    files.append(finished.folder / "results" / "ro-crate-metadata.json")
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    done = finished.command("reuptake", "run", "--cores", "1")
    assert "Nothing to be done" in done.stdout
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_only_the_volatile_block_is_written_otherwise_the_next_time(finished):
    before = read(finished)
    (finished.folder / "results" / "provenance" / "run.json").unlink()
    assert finished.plan().rules == {"provenance"}
    finished.snakemake("--cores", "1")
    after = read(finished)
    assert before.pop("volatile")["cores"] == 2
    assert after.pop("volatile")["cores"] == 1
    assert after == before


def test_rules_behind_the_tables_are_those_of_the_graph(finished, followers):
    """Snakemake's own graph of the rules says the same."""
    for name, table in read(finished)["tables"].items():
        behind = {rule for rule, after in followers.items() if table["rule"] in after}
        # that graph has a drop with animals, this archive none
        assert set(table["rules"]) == behind - {"animals_drop"}, name
        assert table["drops"] == sorted([BINDING, UPTAKE, PARTNER, SATURATION])
    assert read(finished)["tables"]["guide_table_a.csv"]["files"] == [
        "data/reference/affinities.csv"
    ]


def test_verify_on_a_finished_run_and_after_an_edit(finished):
    done = finished.command("reuptake", "verify")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("all as recorded on ")
    table = finished.folder / "results" / "tables" / "potency.csv"
    table.write_bytes(table.read_bytes().replace(b",=,", b",>,", 1))
    raw = finished.drops / BINDING / "raw" / "sert.txt"
    raw.write_bytes(raw.read_bytes().replace(b"Plate 1", b"Plate  1", 1))
    done = finished.command("reuptake", "verify")
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert told[0].startswith("tables/potency.csv: changed since the run that made it. Delete ")
    assert f"{BINDING}/raw/sert.txt: changed since the run. Put the file back" in told[1]
    assert told[2] == "2 differences from the record of the run"


def test_the_remedies_work(finished):
    """Followed, they lead to results that are as recorded.

    Of a deleted table, an edited figure, and a config key that no number hangs on.
    """
    results = finished.folder / "results"
    (results / "tables" / "selectivity.csv").unlink()
    figure = next((results / "figures").glob("*.svg"))
    figure.write_text("edited")
    finished.configure("assays.yaml", lambda a: a["sert_binding"].update(format="spa"))
    told = finished.command("reuptake", "verify").stdout
    assert "tables/selectivity.csv: missing since the run. Run the pipeline again" in told
    assert f"figures/{figure.name}: changed since the run that made it. Delete figures/ind" in told
    (results / "figures" / "index.csv").unlink()
    assert "config assays.sert_binding.format was 'filtration' in the run and is 'spa' now" in told
    finished.run()
    done = finished.command("reuptake", "verify")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_values_given_to_the_run_belong_to_it(finished):
    """Results elsewhere, a title on the command line and one in a second file."""
    (finished.folder / "lab.yaml").write_text("guide_compound: DEMO-1\n")
    given = ("--configfile", "lab.yaml", "--config", "results=./other", "title=Given")
    finished.run(*given)
    done = finished.command("reuptake", "verify", "--results", "other")
    assert done.returncode == 0, done.stdout
    (finished.folder / "lab.yaml").write_text("guide_compound: DEMO-2\n")
    done = finished.command("reuptake", "verify", "--results", "other")
    assert "guide_compound was 'DEMO-1' in the run and is 'DEMO-2' now" in done.stdout


def test_a_selectivity_leads_to_lines_of_raw_files(finished):
    """Each count that is shown is what stands in its column of that line of the export."""
    table = finished.table("selectivity")
    row = table[table.qualifier != ""].iloc[0]
    keys = [f"{c}={row[c]}" for c in ("compound", "target", "modality", "quantity")]
    done = finished.command("reuptake", "why", "selectivity", *keys, "--json")
    assert done.returncode == 0, done.stdout
    tree = json.loads(done.stdout)
    assert tree["facts"]["ratio"] == f"{row['qualifier']} {row['ratio']}"
    assert len(steps(tree, f"{row['quantity']} of ")) == 2
    curves = steps(tree, "curve of") + steps(tree, "reference curve of")
    checked = 0
    for curve in curves:
        (raw,) = steps(curve, "raw file")
        path = finished.folder / raw["what"].removeprefix("raw file ")
        assert raw["facts"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        lines = path.read_text(encoding="latin-1").splitlines()
        (wells,) = steps(curve, "wells")
        for dose in wells["from"]:
            found = re.findall(r"(\d+) \(([A-P])(\d+), line (\d+)", dose["facts"][""])
            assert found
            for count, letter, column, line in found:
                cells = lines[int(line) - 1].split("\t")
                assert (cells[0], cells[int(column)]) == (letter, count)
                checked += 1
    assert checked >= 40
