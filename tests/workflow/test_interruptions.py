"""Runs that meet, are killed or interrupted: the next one goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from workingfolder import PARTNER

pytestmark = pytest.mark.workflow


@contextmanager
def at_work(working):
    """`reuptake run` in a process group of its own, from when Snakemake holds its locks."""
    process = subprocess.Popen(
        ["reuptake", "run", "--cores", "1"],
        cwd=working.folder,
        env=working.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # a shell lets what it starts in the background ignore Ctrl-C, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 60
        while not any((working.folder / ".snakemake" / "locks").glob("*")):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)


def ask_for_a_new_report(working) -> None:
    working.configure("config.yaml", lambda config: config.update(title="The second report"))


def finish(working) -> str:
    done = working.command("reuptake", "run", "--cores", "1")
    assert done.returncode == 0, done.stdout
    assert "drops: 4 accepted, 0 rejected, 0 not registered\n" in done.stdout
    assert done.stdout.endswith("report: results/report/index.html\n")
    report = working.folder / "results" / "report" / "index.html"
    assert "The second report" in report.read_text(encoding="utf-8")
    return done.stdout


def test_a_live_run_is_respected_and_a_killed_one_cleared_away(finished):
    ask_for_a_new_report(finished)
    with at_work(finished) as process:
        os.killpg(process.pid, signal.SIGSTOP)
        second = finished.command("reuptake", "run", "--cores", "1")
        assert second.returncode == 1
        assert f"another run is at work on results: process {process.pid} on" in second.stdout
        os.killpg(process.pid, signal.SIGKILL)
    assert any((finished.folder / ".snakemake" / "locks").glob("*"))
    assert "an earlier run was killed: its lock is removed" in finish(finished)


def test_an_interrupt_leaves_nothing_to_clear_away(finished):
    ask_for_a_new_report(finished)
    with at_work(finished) as process:
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    # Snakemake may show one of its own, but not this program
    assert "reuptake/running.py" not in output
    assert not any((finished.folder / ".snakemake" / "locks").glob("*"))
    assert "an earlier run was killed" not in finish(finished)


def test_wrong_usage_passes_through(finished):
    done = finished.command("reuptake", "run", "--no-such-option")
    assert done.returncode == 2
    assert "--no-such-option" in done.stdout


@pytest.mark.parametrize(
    "missing", ["tables/wells.csv", "tables/drops.csv", f"drops/{PARTNER}/curves.parquet"]
)
def test_nothing_that_a_killed_run_has_removed_is_forgotten(finished, missing):
    """Snakemake removes a file before it makes it again, and looks for targets alone."""
    (finished.folder / "results" / missing).unlink()
    assert finished.plan().jobs
