"""Jobs of a killed run; squeue and scancel are stood in for, tests/cluster asks the real ones."""

from __future__ import annotations

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
