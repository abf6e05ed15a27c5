"""``reuptake register`` as it is called: exit status, what it prints, what it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dropmaker


@pytest.fixture
def archive(tmp_path):
    return dropmaker.write_archive(tmp_path)


def command(*words, cwd=None) -> subprocess.CompletedProcess:
    script = Path(sys.executable).with_name("reuptake")
    return subprocess.run(
        [script, *map(str, words)], capture_output=True, text=True, check=False, cwd=cwd
    )


def test_a_good_drop_is_sealed_and_a_bad_one_told_on_stderr(archive):
    drop = archive.drop()
    done = command("register", drop, "--config", archive.config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sealed" in done.stdout
    (drop / "SHA256SUMS").unlink()
    (drop / "layout.csv").write_bytes(bytes(range(256)))
    done = command("register", drop, "--config", archive.config)
    assert (done.returncode, done.stdout) == (1, "")
    assert "layout.csv: binary content" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (drop / "SHA256SUMS").exists()


def test_from_inside_the_folder_and_with_a_slash(archive, monkeypatch, capsys):
    drop = archive.drop()
    monkeypatch.chdir(drop)
    assert dropmaker.command(capsys, "register", ".", "--config", archive.config).code == 0
    outcome = dropmaker.command(capsys, "register", f"{drop}/", "--config", archive.config)
    assert outcome.code == 0
    assert outcome.text.startswith(f"{dropmaker.NAME}: sealed")


@pytest.mark.parametrize(
    "words",
    [
        ["register"],
        ["register", "no-such-folder"],
        ["register", "config.yaml"],
        ["register", "drops", "--config", "no-such.yaml"],
        ["register", "drops", "--config", "drops"],
        ["register", "drops", "--nonsense"],
        ["register", "drops", "more"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(archive, words, monkeypatch, capsys):
    monkeypatch.chdir(archive.folder)
    before = dropmaker.snapshot(archive.folder)
    outcome = dropmaker.command(capsys, *words)
    assert outcome.code == 2, outcome.text
    assert "Traceback" not in outcome.text
    assert dropmaker.snapshot(archive.folder) == before


def test_the_known_assays_are_named(archive, capsys):
    dropmaker.edit(archive.drop() / "drop.yaml", "assay: binding", "assay: uptake")
    text = archive.register(capsys).text
    assert "unknown assay (found 'uptake')" in text
    assert "known are binding, partner, swim" in text


def test_every_one_of_many_problems_is_printed(archive, capsys):
    layout = archive.drop() / "layout.csv"
    layout.write_text(layout.read_text().replace("sample", "simple"))
    text = archive.register(capsys).text
    assert text.count("unknown role (found 'simple')") == 60
    assert "60 problems, not sealed" in text


def test_registration_is_light():
    """Neither plotting nor fitting is imported to check a drop."""
    code = (
        "import sys; from reuptake import cli; from reuptake.drops import check, seal;"
        "from reuptake.settings import load;"
        "print([m for m in ('matplotlib', 'scipy', 'pandas', 'pyarrow', 'jinja2')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
