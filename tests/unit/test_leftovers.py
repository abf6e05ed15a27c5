"""Jobs of a killed run; squeue and scancel are stood in for, tests/cluster asks the real ones."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reuptake import leftovers

LOG = "Building DAG of jobs...\nSLURM run ID: {run}\nUsing shell: /usr/bin/bash\n"


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A queue in a file; scancel takes jobs out of it."""
    tools, queue = tmp_path / "bin", tmp_path / "queue"
    tools.mkdir()
    scripts = {
        "squeue": f'echo "$@" >> {tmp_path}/asked; cat {queue}',
        "scancel": f'for job; do sed -i "/^$job /d" {queue}; done',
    }
    for name, script in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    queue.write_text("7 run-a\n8 run-b\n9 a model of mine\n10 run-c\n11 run-a\n")
    logs = tmp_path / "log"
    logs.mkdir()
    for run in ("run-a", "run-c", "run-old"):
        (logs / f"{run}.snakemake.log").write_text(LOG.format(run=run))
    (logs / "local.snakemake.log").write_bytes(b"no cluster here \xff\n")
    return tmp_path


def test_jobs_of_earlier_runs_are_cancelled_and_no_others(slurm, capsys):
    leftovers.cancel(slurm / "log")
    assert (slurm / "queue").read_text() == "8 run-b\n9 a model of mine\n"
    assert "10, 11, 7" in capsys.readouterr().out
    assert all("--me" in line for line in (slurm / "asked").read_text().splitlines())


def test_jobs_that_do_not_end_are_named(slurm, monkeypatch, capsys):
    (slurm / "bin" / "scancel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(leftovers, "_WAIT_S", 0)
    leftovers.cancel(slurm / "log")
    assert "still ending: 10, 11, 7" in capsys.readouterr().out


def test_a_queue_that_cannot_be_asked_is_told(slurm, capsys):
    (slurm / "bin" / "squeue").write_text("#!/bin/sh\nexit 1\n")
    leftovers.cancel(slurm / "log")
    assert "may still be at work" in capsys.readouterr().err


def test_no_slurm_no_word(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    leftovers.cancel(tmp_path)
    assert capsys.readouterr() == ("", "")


def test_half_written_files_go_and_dates_from_the_future_come_back(tmp_path):
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in (".wells.csv.bench-1.77.tmp", "wells.csv", ".run.lock", "not.tmp"):
        (tables / name).write_text("x")
    ahead, behind = time.time() + 1e6, 86400.0
    os.utime(tables / "wells.csv", (ahead, ahead))
    os.utime(tables / "not.tmp", (behind, behind))
    leftovers.tidy(tmp_path)
    assert {path.name for path in tables.iterdir()} == {"wells.csv", ".run.lock", "not.tmp"}
    assert (tables / "wells.csv").stat().st_mtime <= time.time()
    assert (tables / "not.tmp").stat().st_mtime == behind


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_jobs_of_this_folder_are_ended_and_no_others(tmp_path, monkeypatch, capsys):
    program = tmp_path / "reuptake"
    program.write_text("import time; print(flush=True); time.sleep(60)\n")
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    started = []
    for folder, command in ((here, "stage"), (here, "verify"), (elsewhere, "stage")):
        folder.mkdir(exist_ok=True)
        words = [sys.executable, str(program), command, "ingest"]
        started.append(subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE))
    try:
        for process in started:
            process.stdout.readline()
        monkeypatch.chdir(here)
        leftovers.end_jobs()
        job, *others = started
        assert job.wait(timeout=10) == -9
        assert [process.poll() for process in others] == [None, None]
        assert capsys.readouterr().out == f"jobs of an earlier run are ended: process {job.pid}\n"
    finally:
        for process in started:
            process.kill()
            process.communicate()
