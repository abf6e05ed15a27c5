"""Runs killed at random moments: a plain call of the same finishes the job, to the byte.

A moment is a job, counted by what Snakemake says, and a delay after it, so that it does not
depend on how fast the machine is. Every second run is killed while it makes everything again.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from workingfolder import Working

pytestmark = pytest.mark.workflow

JOBS = 14  # of the partner's drop alone, `all` included
LONGEST_DELAY_S = 1.5


def killed(working: Working, after_jobs: int, delay_s: float, *arguments: str) -> None:
    """Start a run and kill its whole process group."""
    process = subprocess.Popen(
        ["reuptake", "run", "--cores", "2", *arguments],
        cwd=working.folder,
        env=working.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wanted = f"{after_jobs} of {JOBS} steps" if after_jobs else "Building DAG"
        for line in process.stdout:
            if line.startswith(wanted):
                break
        else:
            pytest.fail(f"the run did not come to: {wanted}")
        time.sleep(delay_s)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)


def kill_and_finish(seed: int, undisturbed: Working, folder: Path) -> None:
    chosen = random.Random(seed)
    working = Working(shutil.copytree(undisturbed.folder, folder), undisturbed.checkout)
    again = ["--forceall"] if seed % 2 else []
    if not again:
        for path in (folder / "results").iterdir():
            if path.name != "cache":  # a store, and drawing takes long
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.rmtree(folder / ".snakemake")
    killed(working, chosen.randrange(JOBS), chosen.uniform(0, LONGEST_DELAY_S), *again)

    done = working.command("reuptake", "run", "--cores", "2")
    assert done.returncode == 0, done.stdout
    now, expected = working.answers, undisturbed.answers
    assert now.keys() == expected.keys()
    assert [name for name in now if now[name] != expected[name]] == []
    left = [path for path in (folder / "results").rglob("*") if path.name.endswith(".tmp")]
    assert left == []
    done = working.command("reuptake", "verify")
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in working.command("reuptake", "run", "--cores", "2").stdout


@pytest.mark.parametrize("seed", range(1))
def test_a_killed_run_is_finished_by_the_next(seed, undisturbed, tmp_path):
    kill_and_finish(seed, undisturbed, tmp_path / "work")


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(100, 130))
def test_thirty_random_kills(seed, undisturbed, tmp_path):
    kill_and_finish(seed, undisturbed, tmp_path / "work")
