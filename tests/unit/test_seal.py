"""Seals: whatever is not as it was sealed rejects the drop; how it was sealed does not matter."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

import pytest

import dropmaker
from reuptake.drops import seal


@pytest.fixture
def archive(tmp_path):
    return dropmaker.write_archive(tmp_path)


@pytest.fixture
def sealed(archive, capsys):
    outcome = archive.register(capsys)
    assert outcome.code == 0, outcome.text
    return archive


def reasons(archive, status: str = "rejected") -> str:
    verdict = archive.ingest()
    assert verdict["status"] == status, verdict["reasons"]
    return "\n".join(verdict["reasons"])


def sha256sum(drop, command: str) -> None:
    if not shutil.which("sha256sum"):
        pytest.skip("needs sha256sum")
    subprocess.run(command, shell=True, cwd=drop, check=True)


def test_the_seal_is_that_of_sha256sum(sealed):
    """GNU sha256sum itself finds every file as sealed, and the digests are those of hashlib."""
    drop = sealed.drop()
    lines = (drop / "SHA256SUMS").read_text().splitlines()
    assert lines == [
        f"{hashlib.sha256((drop / name).read_bytes()).hexdigest()}  {name}"
        for name in ("drop.yaml", "layout.csv", "raw/p1.csv")
    ]
    sha256sum(drop, "sha256sum --check --strict --quiet SHA256SUMS")


def test_a_known_digest(tmp_path):
    """FIPS 180-4 example: SHA-256 of 'abc'."""
    (tmp_path / "abc").write_bytes(b"abc")
    seal.write(tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  abc\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        "sha256sum drop.yaml layout.csv raw/p1.csv > SHA256SUMS",
        "sha256sum --binary drop.yaml layout.csv raw/p1.csv > SHA256SUMS",
        "find . -type f ! -name SHA256SUMS -exec sha256sum {} + > SHA256SUMS",
        "find . -type f -exec sha256sum {} + > SHA256SUMS",
        "touch .DS_Store && find . -type f -exec sha256sum -b {} + > SHA256SUMS && rm .DS_Store",
        "sha256sum drop.yaml */* layout.csv SHA256SUMS > SHA256SUMS",
    ],
    ids=["text", "binary", "dot slash", "its own line", "junk", "bare own line"],
)
def test_a_seal_by_sha256sum_in_its_forms(archive, command):
    drop = archive.drop()
    (drop / "SHA256SUMS").touch()
    sha256sum(drop, command)
    assert reasons(archive, "accepted") == ""


def test_upper_case_and_windows_line_ends(sealed):
    path = sealed.drop() / "SHA256SUMS"
    lines = [line.split("  ") for line in path.read_text().splitlines()]
    path.write_bytes(
        b"".join(f"{digest.upper()}  {name}\r\n".encode() for digest, name in lines) + b"\r\n"
    )
    assert reasons(sealed, "accepted") == ""


@pytest.mark.parametrize("name", ["drop.yaml", "layout.csv", "raw/p1.csv"])
def test_a_changed_file(sealed, name):
    file = sealed.drop() / name
    file.write_bytes(file.read_bytes() + b"\n")
    said = reasons(sealed)
    assert f"{name}: the file was changed after sealing" in said
    assert "reuptake register" in said


def test_a_removed_file_names_the_file_and_what_misses_it(sealed):
    (sealed.drop() / "raw/p1.csv").unlink()
    said = reasons(sealed)
    assert "raw/p1.csv: sealed, but the file is missing" in said
    assert "drop.yaml, line 11, counts: the file is missing" in said


def test_a_file_that_cannot_be_read_rejects_its_drop_only(sealed, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(seal, "sha256", refuse)
    said = reasons(sealed)
    assert "layout.csv: sealed, but unreadable: Permission denied. Check the file's perm" in said


@pytest.mark.parametrize("name", ["note.txt", "raw/spare.csv", "raw/SHA256SUMS"])
def test_an_added_file(sealed, name):
    (sealed.drop() / name).write_text("more\n")
    assert f"{name}: the file was added after sealing" in reasons(sealed)


def test_everything_at_once(sealed):
    drop = sealed.drop()
    (drop / "raw/p1.csv").unlink()
    (drop / "note.txt").touch()
    dropmaker.edit(drop / "layout.csv", "P1,A1,total", "P1,A1,blank")
    said = reasons(sealed)
    for part in ("p1.csv: sealed, but", "note.txt: the file was added", "layout.csv: the file was"):
        assert part in said


def test_a_file_behind_a_link_is_not_what_was_sealed(sealed, tmp_path):
    file = sealed.drop() / "raw/p1.csv"
    file.rename(tmp_path / "p1.csv")
    file.symlink_to(tmp_path / "p1.csv")
    assert "raw/p1.csv: sealed, but the path leaves the drop folder through a link" in reasons(
        sealed
    )


@pytest.mark.parametrize("junk", [".DS_Store", "Thumbs.db", "raw/.DS_Store", "._layout.csv"])
def test_what_systems_leave_behind_is_ignored(archive, capsys, junk):
    file = archive.drop() / junk
    file.write_bytes(b"\0junk")
    assert archive.register(capsys).code == 0
    assert junk not in (archive.drop() / "SHA256SUMS").read_text()
    file.write_bytes(b"other junk")
    assert reasons(archive, "accepted") == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file was added after sealing"),
        (b"nonsense\n", "SHA256SUMS, line 1: not a line of sha256sum (found 'nonsense')"),
        (b"\xff\xfe\x00", "the seal cannot be read"),
        (b"0" * 64 + b"  ../../etc/passwd\n", "the path leaves the drop folder"),
        (b"0" * 64 + b"  /etc/passwd\n", "/etc/passwd: sealed, but the path leaves"),
        (b"0" * 64 + b"  raw\n", "raw: sealed, but not a regular file"),
        (b"0" * 64 + b"  " + b"r" * 5000 + b"\n", "File name too long"),
        (b"0" * 63 + b"  layout.csv\n", "not a line of sha256sum"),
        (b"0" * 64 + b"  layout.csv\n", "layout.csv: the file was changed after sealing"),
    ],
    ids=["empty", "nonsense", "binary", "up", "absolute", "folder", "long", "short", "wrong"],
)
def test_a_broken_seal(archive, content, words):
    (archive.drop() / "SHA256SUMS").write_bytes(content)
    said = reasons(archive)
    assert words in said
    assert "Traceback" not in said


def test_a_file_that_stands_twice_in_a_seal_has_to_be_as_both_say(sealed):
    with (sealed.drop() / "SHA256SUMS").open("a") as stream:
        stream.write("0" * 64 + "  layout.csv\n")
    assert "layout.csv: the file was changed after sealing" in reasons(sealed)


def test_a_second_registration_seals_again_after_a_complete_check(sealed, capsys):
    drop = sealed.drop()
    before = (drop / "SHA256SUMS").read_text()
    (drop / "note.txt").write_text("why the file was mended\n")
    assert sealed.register(capsys).code == 0
    assert (drop / "SHA256SUMS").read_text() != before
    assert reasons(sealed, "accepted") == ""
    dropmaker.edit(drop / "layout.csv", "P1,A1,total", "P1,A1,totals")
    kept = (drop / "SHA256SUMS").read_text()
    assert sealed.register(capsys).code == 1
    assert (drop / "SHA256SUMS").read_text() == kept


def test_a_seal_that_cannot_be_written_is_told_in_a_line(archive, capsys):
    (archive.drop() / "SHA256SUMS").mkdir()
    outcome = archive.register(capsys)
    assert outcome.code == 1
    assert "SHA256SUMS: Is a directory" in outcome.text
    assert sorted(os.listdir(archive.drop())) == ["SHA256SUMS", "drop.yaml", "layout.csv", "raw"]
