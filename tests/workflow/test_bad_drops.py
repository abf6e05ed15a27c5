"""Bad, double, unregistered and absent drops: each is answered, and none stops the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workingfolder import BINDING, PARTNER, SATURATION, UPTAKE, Working, prepare

pytestmark = pytest.mark.workflow

GOOD = {BINDING, UPTAKE, PARTNER, SATURATION}


def as_drop(files: dict[str, bytes], name: str, run: str) -> dict[str, bytes]:
    """The files of the binding drop or the partner's under another drop and run name."""
    for old in (b"2026-03-02-A", b"2026-03-20-P"):
        files = {path: content.replace(old, run.encode()) for path, content in files.items()}
    for old in (BINDING, PARTNER):
        line = f"drop: {old}\n".encode(), f"drop: {name}\n".encode()
        files = files | {"drop.yaml": files["drop.yaml"].replace(*line)}
    return files


@pytest.fixture(scope="session")
def archive_folder(once, checkout, drop_contents, finished_folder) -> Path:
    """A finished run over four good drops and one of every kind of bad one."""
    binding, partner = drop_contents[BINDING], drop_contents[PARTNER]

    def make(folder: Path) -> None:
        archive = prepare(folder, checkout, drop_contents, finished_folder)
        # two copies of one run
        for name in ("2026-05-01-first", "2026-05-02-second"):
            archive.add(name, as_drop(binding, name, "2026-05-01-X"))
        # still being copied: complete, and with a fault
        archive.add("2026-06-01", as_drop(partner, "2026-06-01", "2026-06-01-P"), sealed=False)
        faulty = as_drop(partner, "2026-06-02", "2026-06-02-P")
        faulty["responses.csv"] = faulty["responses.csv"].replace(b"sample", b"smaple", 1)
        archive.add("2026-06-02", faulty, sealed=False)
        archive.add("2026 06 03", as_drop(partner, "2026 06 03", "2026-06-03-P"))
        for name, seal in (("2026-06-04", b"\xff\xfe\x00"), ("2026-06-05", b"no seal at all\n")):
            drop = archive.add(name, as_drop(partner, name, f"{name}-P"))
            (drop / "SHA256SUMS").write_bytes(seal)
        # names and links that are no input of a rule
        drop = archive.add("2026-06-06", as_drop(partner, "2026-06-06", "2026-06-06-P"))
        (drop / "link").symlink_to("nowhere")
        for name in ("{drop}", "new\nline", b"\xff.txt".decode(errors="surrogateescape")):
            (drop / name).touch()
        archive.add("2026-06-07", {"drop.yaml": b"\x00\x01"})
        archive.add("2026-06-08", {"notes.txt": b"nothing else\n"})
        archive.run()

    return once("archive", make)


@pytest.fixture
def archive(tmp_path, archive_folder, checkout) -> Working:
    folder = shutil.copytree(archive_folder, tmp_path / "work", symlinks=True)
    return Working(folder, checkout)


def test_each_drop_is_listed_with_the_reason(archive):
    drops = archive.table("drops").set_index("drop")
    assert drops.status.to_dict() == dict.fromkeys(GOOD, "accepted") | {
        "2026-05-01-first": "rejected",
        "2026-05-02-second": "rejected",
        "2026-06-01": "unregistered",
        "2026-06-02": "unregistered",
        "2026 06 03": "rejected",
        "2026-06-04": "rejected",
        "2026-06-05": "rejected",
        "2026-06-06": "rejected",
        "2026-06-07": "rejected",
        "2026-06-08": "rejected",
    }
    reasons = drops.reasons
    double = "run 2026-05-01-X, plate SERT-1 is also in drop"
    assert f"{double} 2026-05-02-second" in reasons["2026-05-01-first"]
    assert f"{double} 2026-05-01-first" in reasons["2026-05-02-second"]
    assert "complete: run `reuptake register`" in reasons["2026-06-01"]
    assert "responses.csv, line" in reasons["2026-06-02"]
    assert "smaple" in reasons["2026-06-02"]
    assert "letters, digits" in reasons["2026 06 03"]
    assert "the seal cannot be read" in reasons["2026-06-04"]
    assert "SHA256SUMS, line 1: not a line of sha256sum" in reasons["2026-06-05"]
    assert "link" in reasons["2026-06-06"]
    assert "drop.yaml" in reasons["2026-06-07"]
    assert "drop.yaml" in reasons["2026-06-08"]


def test_bad_drops_are_in_no_other_table(archive, finished_folder):
    for path in (finished_folder / "results" / "tables").iterdir():
        if path.name != "drops.csv":
            assert archive.tables()[path.name] == path.read_bytes(), path.name


def test_unregistered_drops_are_left_alone(archive):
    processed = {path.name for path in (archive.folder / "results" / "drops").iterdir()}
    assert not processed & {"2026-06-01", "2026-06-02", "2026 06 03"}
    assert processed >= GOOD
    for name in ("2026-06-01", "2026-06-02"):
        assert not (archive.drops / name / "SHA256SUMS").exists()
    assert "Nothing to be done" in archive.run()


def test_an_unregistered_drop_that_changes_is_listed_again(archive):
    path = archive.drops / "2026-06-02" / "responses.csv"
    path.write_bytes(path.read_bytes().replace(b"smaple", b"sample"))
    assert archive.plan().rules == {"listing", "figures", "report", "provenance"}


def test_strict_fails_after_everything_is_answered(archive):
    report = archive.folder / "results" / "report" / "index.html"
    archive.configure("config.yaml", lambda config: config.update(title="A strict report"))
    output = archive.run("--config", "strict=true", status=1)
    assert "strict: 8 drops rejected: 2026 06 03, 2026-05-01-first" in output
    assert "A strict report" in report.read_text(encoding="utf-8")
    assert set(archive.table("curves")["drop"]) == GOOD - {SATURATION}
    assert archive.plan("--config", "strict=true").rules == {"strict"}
    # the record holds every key, this one too
    assert archive.plan().rules == {"provenance"}


def test_strict_passes_where_nothing_is_rejected(finished):
    finished.run("--config", "strict=true")


@pytest.mark.slow
def test_no_drops_at_all(fresh):
    shutil.rmtree(fresh.drops)
    fresh.run()
    assert len(fresh.table("drops")) == 0
    for name in ("wells", "plates", "curves", "potency", "selectivity"):
        assert len(fresh.table(name)) == 0, name
    # the guide's compound has its block even so
    assert set(fresh.table("guide_table_a").compound) == {"Sert-IN-2"}
    assert (fresh.folder / "results" / "report" / "index.html").exists()


@pytest.mark.slow
def test_other_folders_with_spaces_and_one_core(fresh, finished_folder):
    """The same answers to the byte as from the usual folders with two cores."""
    drops = fresh.folder / "an archive" / "its drops"
    drops.parent.mkdir()
    fresh.drops.rename(drops)
    results = fresh.folder.parent / "the answers"
    places = "drops=an archive/its drops", f"results={results}"
    fresh.snakemake("--cores", "1", "--config", *places)
    assert not (fresh.folder / "results").exists()
    for path in (finished_folder / "results" / "tables").iterdir():
        assert (results / "tables" / path.name).read_bytes() == path.read_bytes(), path.name
    assert (results / "report" / "index.html").exists()
