"""The record of a run, its check against the files, and the crate."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

import dropmaker
import recorded
from reuptake.provenance import record
from reuptake.provenance.record import behind, without_drops
from reuptake.provenance.software import git_state
from reuptake.provenance.verify import differences, software_faults
from reuptake.stages import provenance

VALIDATOR = Path(__file__).parents[1] / "validator"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return recorded.make(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def mine(made, tmp_path, monkeypatch):
    """The archive at its place, put back afterwards: its paths are part of the record."""
    shutil.copytree(made.archive.folder, tmp_path / "kept")
    yield made
    shutil.rmtree(made.archive.folder)
    shutil.copytree(tmp_path / "kept", made.archive.folder)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verified(made, capsys) -> dropmaker.Outcome:
    return made.command(capsys, "verify")


def test_every_result_and_every_file_of_the_drop_is_recorded(made):
    kept = record.read(made.results)
    for kind in ("tables", "figures", "report"):
        files = {
            p.relative_to(made.results / kind).as_posix(): p
            for p in (made.results / kind).rglob("*")
            if p.is_file()
        }
        assert set(kept[kind]) == set(files)
        for name, path in files.items():
            assert record.checksum_of(kept, kind, name) == sha256(path), name
    drop = kept["drops"][dropmaker.NAME]
    assert drop["status"] == "accepted"
    assert drop["files"] == {
        name: sha256(made.drop / name) for name in ("drop.yaml", "layout.csv", "raw/p1.csv")
    }
    assert drop["seal_sha256"] == sha256(made.drop / "SHA256SUMS")


def test_the_software_is_recorded(made):
    software = record.read(made.results)["software"]
    assert software["libraries"]["numpy"] == version("numpy")
    assert software["libraries"]["rocrate"] == version("rocrate")
    lock = Path(__file__).parents[2] / "uv.lock"
    assert software["lock_sha256"] == sha256(lock)
    assert set(software["stages"]) == {name.removesuffix("_drop") for name in recorded.OUTPUTS}


def test_every_key_of_the_config_is_recorded(made):
    kept = record.read(made.results)["config"]
    assert kept["config"]["guide_compound"] == "Sert-IN-2"
    assert kept["config"]["limits"]["z_prime"] == {"warn": 0.5, "fail": 0.4}
    assert kept["assays"]["binding"]["target"] == "SERT"
    assert kept["targets"]["DAT"]["role"] == "off-target"


def test_each_table_has_its_inputs(made):
    tables = record.read(made.results)["tables"]
    assert tables["potency.csv"]["inputs"] == ["tables/curves.csv"]
    assert tables["potency.csv"]["rules"] == [
        "accept",
        "collect",
        "fit_drop",
        "ingest_drop",
        "potency",
        "qc_drop",
    ]
    assert tables["potency.csv"]["drops"] == [dropmaker.NAME]
    # drops.csv needs no fit
    assert tables["drops.csv"]["rules"] == ["accept", "ingest_drop", "listing"]


def test_only_the_volatile_block_differs_between_two_records(mine):
    before = (mine.results / record.RECORD).read_text()
    kept = json.loads(before)
    assert list(kept) == sorted(kept)
    provenance.run(replace(mine.run, call={"user": "CD", "cores": 7}))
    after = json.loads((mine.results / record.RECORD).read_text())
    assert after.pop("volatile") != kept.pop("volatile")
    assert after == kept


def test_paths_without_their_drops():
    paths = ["r/drops/a/x", "r/drops/b/x", "r/drops/b/y/z", "r/drops/all.json", "r/drops2/a/x"]
    assert without_drops(paths, "r/drops") == [
        "r/drops/*/x",
        "r/drops/*/y/z",
        "r/drops/all.json",
        "r/drops2/a/x",
    ]
    assert without_drops(["./r//drops/a/x"], "./r/drops/") == ["r/drops/*/x"]


def test_what_stands_behind_a_rule():
    rules = {
        "a": {"inputs": ["raw"], "outputs": ["1"]},
        "b": {"inputs": ["1", "values"], "outputs": ["2"]},
        "c": {"inputs": ["1"], "outputs": ["3"]},
        "d": {"inputs": ["2", "3"], "outputs": ["4"]},
    }
    assert behind("d", rules) == (["a", "b", "c", "d"], ["raw", "values"])
    assert behind("c", rules) == (["a", "c"], ["raw"])


def git(folder: Path, *words: str) -> str:
    if not shutil.which("git"):
        pytest.skip("needs git")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *identity, "-C", folder, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_commit_and_changes(tmp_path):
    (tmp_path / "workflow").mkdir()
    (tmp_path / "Snakefile").write_text("a\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    commit = git(tmp_path, "rev-parse", "HEAD")
    # new data are no change of the software
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "new.csv").touch()
    assert git_state(tmp_path) == {"commit": commit, "dirty": False, "changed": []}
    (tmp_path / "Snakefile").write_text("b\n")
    (tmp_path / "workflow" / "new.py").touch()
    changed = ["Snakefile", "workflow/new.py"]
    assert git_state(tmp_path) == {"commit": commit, "dirty": True, "changed": changed}


def test_no_git_or_that_of_another_folder(tmp_path, monkeypatch):
    none = {"commit": "", "dirty": None, "changed": []}
    assert git_state(tmp_path) == none
    git(tmp_path, "init", "-q")
    (tmp_path / "copy").mkdir()
    assert git_state(tmp_path / "copy") == none
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tmp_path) == none


def test_results_as_they_were_made_are_verified(made, capsys):
    outcome = verified(made, capsys)
    assert outcome.code == 0, outcome.text
    assert outcome.text.startswith("all as recorded on ")
    assert "drops (1 with 3 files)" in outcome.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "edit results/tables/potency.csv",
            [
                "tables/potency.csv: changed since the run that mad",
                "Delete tables/potency.csv and run the pipeline again",
            ],
        ),
        ("remove results/tables/curves.csv", ["tables/curves.csv: missing since the run"]),
        (
            "remove results/figures/curves-cmpd-1-binding.svg",
            ["figures/curves-cmpd-1-binding.svg: missing since the run", "figures/index.csv"],
        ),
        (
            "edit results/report/compounds/cmpd-1.html",
            ["report/compounds/cmpd-1.html: changed", "Delete report/index.html and run"],
        ),
        ("add results/tables/mine.csv", ["tables/mine.csv: an extra file", "Move it out"]),
        ("add results/report/compounds/x.html", ["report/compounds/x.html: an extra file"]),
        (
            f"edit drops/{dropmaker.NAME}/raw/p1.csv",
            ["raw/p1.csv: changed since the run", "reuptake register"],
        ),
        (f"remove drops/{dropmaker.NAME}/raw/p1.csv", ["p1.csv: analysed in the run, but now"]),
        (f"add drops/{dropmaker.NAME}/raw/p2.csv", ["p2.csv: a file that was not there"]),
        (f"remove drops/{dropmaker.NAME}/SHA256SUMS", ["the drop's seal is gone"]),
        (f"edit drops/{dropmaker.NAME}/SHA256SUMS", ["the drop was sealed again"]),
        (f"remove drops/{dropmaker.NAME}", ["the drop is not there any more"]),
        ("remove assays.yaml", ["assays file cannot be read"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_difference_is_told_with_its_remedy(mine, capsys, change, words):
    verb, _, name = change.partition(" ")
    path = mine.archive.folder / name
    if verb == "remove":
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        with path.open("a") as file:
            file.write("\n")
    outcome = verified(mine, capsys)
    assert outcome.code == 1
    first, *_, last = outcome.text.splitlines()
    for word in words:
        assert word in first
    assert last == "1 difference from the record of the run"


def test_a_drop_that_came_later(mine, capsys):
    later = dropmaker.write_drop(mine.drop.with_name("2026-02-01-later"))
    # one that is not sealed is none yet
    assert verified(mine, capsys).code == 0
    dropmaker.seal_by_hand(later)
    outcome = verified(mine, capsys)
    assert (outcome.code, "2026-02-01-later: a drop that came after" in outcome.text) == (1, True)


def test_a_changed_key_of_the_config_is_named(mine, capsys):
    assays = mine.archive.folder / "assays.yaml"
    dropmaker.edit(
        assays,
        "partner:\n  kind: response\n  target: SERT",
        "partner:\n  kind: response\n  target: DAT",
    )
    with mine.archive.config.open("a") as file:
        file.write("title: Another\n")
    text = verified(mine, capsys).text
    assert "config assays.partner.target was 'SERT' in the run and is 'DAT' now" in text
    assert "config config.title was 'Transporter selectivity' in the run and is 'Another' now" in (
        text
    )
    assert "2 differences" in text


def test_values_of_the_command_line_belong_to_the_config(mine):
    """What was given on the command line of the run is no difference afterwards."""
    kept = record.read(mine.results)
    kept["config"]["config"]["title"] = "As given"
    assert [str(d) for d in differences(kept, mine.results)] == [
        "config config.title was 'As given' in the run and is 'Transporter selectivity' now. "
        "Put it back, or: Run the pipeline again (`make run`)."
    ]
    kept["volatile"]["config"] = {"title": "As given"}
    assert differences(kept, mine.results) == []


def test_other_software_is_told(made):
    before = record.read(made.results)["software"]

    def told(**changes) -> list[str]:
        return [str(problem) for problem in software_faults(before, before | changes)]

    assert told() == []
    # another commit with the same code makes the same results
    assert told(git={"commit": "0" * 40, "dirty": False, "changed": []}) == []
    (line,) = told(python="3.99.0")
    assert line.startswith(f"python was {before['python']} in the run and is 3.99.0 now. ")
    (line,) = told(libraries=before["libraries"] | {"numpy": "9.9"})
    assert f"numpy {before['libraries']['numpy']} (now 9.9)" in line
    assert "make setup" in line
    (line,) = told(lock_sha256="0" * 64)
    assert line.startswith("uv.lock: the lock of the environment is not that of the run")
    (line,) = told(stages=before["stages"] | {"fit": "x", "qc": "x"})
    assert line.startswith("the code of stage fit, qc is not that of the run")
    if before["git"]["commit"]:
        assert before["git"]["commit"][:12] in line


@pytest.mark.parametrize("content", [None, "{}", "nonsense", '{"schema": 99}', "[]"])
def test_no_record_is_a_line_and_no_traceback(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "provenance").mkdir()
        (tmp_path / "provenance" / "run.json").write_text(content)
    outcome = dropmaker.command(capsys, "verify", "--results", tmp_path)
    assert outcome.code == 1
    assert "run.json: " in outcome.text
    assert "make run" in outcome.text
    assert "Traceback" not in outcome.text


def graph(made) -> dict[str, dict]:
    crate = json.loads((made.results / "ro-crate-metadata.json").read_text())
    return {entity["@id"]: entity for entity in crate["@graph"]}


def test_the_crate_says_what_was_made_of_what(made):
    entities = graph(made)
    action = entities["#run"]
    assert action["instrument"] == entities["./"]["mainEntity"]
    results = {ref["@id"] for ref in action["result"]}
    assert results == {
        f"{kind}/{path.relative_to(made.results / kind).as_posix()}"
        for kind in ("tables", "figures", "report")
        for path in (made.results / kind).rglob("*")
        if path.is_file()
    }
    for name in results:
        path = made.results / name
        assert entities[name]["sha256"] == sha256(path)
        assert entities[name]["contentSize"] == str(path.stat().st_size)
    (drop,) = (ref["@id"] for ref in action["object"])
    raw = entities[f"{drop}raw/p1.csv"]
    assert raw["sha256"] == sha256(made.drop / "raw" / "p1.csv")
    assert {"@id": raw["@id"]} in entities[drop]["hasPart"]


def test_a_drop_is_named_by_its_seal(made):
    """arcp://ni as the library of that scheme makes it."""
    arcp = pytest.importorskip("arcp")
    uri = arcp.arcp_hash((made.drop / "SHA256SUMS").read_bytes())
    assert graph(made)[uri]["name"] == f"data drop {dropmaker.NAME}"


@pytest.fixture
def validate(tmp_path):
    """The validator of RO-Crates, in an environment of its own, without a network."""
    python = VALIDATOR / ".venv" / "bin" / "python"
    if not python.exists():
        pytest.skip("no validator of RO-Crates: `make validator` installs it")
    from importlib.resources import files

    context = files("rocrate") / "data" / "ro-crate.jsonld"

    def run(crate: Path) -> subprocess.CompletedProcess:
        command = [python, VALIDATOR / "validate.py", crate, context, tmp_path / "cache"]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


def test_the_crate_is_valid(mine, validate):
    done = validate(mine.results)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "workflow-run-crate-0.5: passed" in done.stdout


def test_the_validator_finds_what_is_wrong(mine, validate):
    path = mine.results / "ro-crate-metadata.json"
    crate = json.loads(path.read_text())
    for entity in crate["@graph"]:
        entity.pop("instrument", None)
    path.write_text(json.dumps(crate))
    os.remove(mine.results / "tables" / "potency.csv")
    done = validate(mine.results)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "MUST have an instrument property" in done.stdout
    assert "tables/potency.csv" in done.stdout
