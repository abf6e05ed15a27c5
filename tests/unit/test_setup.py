"""Set-up, profile and git attributes do what the documentation says of them."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command, cwd, **environment):
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


def test_a_python_that_is_too_old_is_named_with_the_remedy(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cat"):
        (tools / name).symlink_to(shutil.which(name))
    old = tools / "python3"  # as an old interpreter answers: its version, and no to every check
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.18 || exit 1\n')
    old.chmod(0o755)
    project = tmp_path / "project"
    (project / "workflow/scripts").mkdir(parents=True)
    shutil.copy(ROOT / "workflow/scripts/setup.sh", project / "workflow/scripts")
    result = run(
        shutil.which("sh"), "workflow/scripts/setup.sh", cwd=project, PATH=str(tools), PYTHON=""
    )
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, and found: Python 3.9.18" in result.stderr
    assert "PYTHON=/path/to/python3" in result.stderr
    assert not (project / ".venv").exists()


def test_make_alone_lists_every_target():
    result = run("make", "--no-print-directory", cwd=ROOT, MAKEFLAGS="")
    assert result.returncode == 0, result.stderr
    listed = {line.split()[1] for line in result.stdout.splitlines()}
    assert {"setup", "run", "test", "lint", "demo", "bench", "environment", "clean"} <= listed


def test_clean_never_touches_data(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "uv.lock").touch()
    kept = ["data/drops/a/drop.yaml", "data/drops/a/results/raw.csv", "results/README.md"]
    removed = ["results/tables/README.md", "results/.hidden/x", ".snakemake/locks/x"]
    for name in kept + removed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for folder in ("workflow", "tests", "bench"):
        (tmp_path / folder).mkdir()
    result = run("make", "clean", cwd=tmp_path, MAKEFLAGS="")
    assert result.returncode == 0, result.stderr
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in removed)


def test_a_clone_keeps_raw_files_byte_for_byte(tmp_path):
    raw = b"Plate 1\r\nA\t47\t\xb2\r\nlast line without end\n\r"
    files = ["data/drops/2026-01-01-a/raw/p1.txt", "tests/data/reader/p1.csv"]
    origin = tmp_path / "origin"
    origin.mkdir()
    shutil.copy(ROOT / ".gitattributes", origin)
    for name in files:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_bytes(raw)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.autocrlf=true"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        result = run(*git, *command, cwd=origin)
        assert result.returncode == 0, result.stderr
    result = run(*git, "clone", "-q", str(origin), str(tmp_path / "clone"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for name in files:
        assert (tmp_path / "clone" / name).read_bytes() == raw, name


def test_snakemake_reads_the_default_profile():
    from snakemake.cli import get_argument_parser  # 1 s, for this test alone

    profile = str(ROOT / "workflow/profiles/default")
    options = get_argument_parser([profile]).parse_args(["--profile", profile])
    assert options.scheduler == "greedy"
    assert options.keep_going
    assert options.rerun_incomplete
    assert options.show_failed_logs
    assert not options.printshellcmds
    assert options.max_checksum_file_size == 10 * 10**9  # every raw file is compared by content
    defaults = get_argument_parser().parse_args([])
    assert options.rerun_triggers == defaults.rerun_triggers
