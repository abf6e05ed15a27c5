"""Slurm jobs of a run that was killed: it could not cancel them, and they would go on writing."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

_RUN = re.compile(r"SLURM run ID: (\S+)")
_WAIT_S = 120


def cancel(logs: Path) -> None:
    """Cancel the jobs of earlier runs and wait until they have ended.

    The jobs of a run carry its ID as their name, and Snakemake's log tells the ID. Where there
    is no Slurm, there is nothing to do.

    Parameters
    ----------
    logs : Path
        Folder of Snakemake's logs; no run that wrote one may still be alive.
    """
    jobs = _queued()
    if not jobs:
        return
    runs = {
        run
        for log in logs.glob("*.log")
        for run in _RUN.findall(log.read_text(encoding="utf-8", errors="replace"))
    }
    left = {job for job, name in jobs.items() if name in runs}
    if not left:
        return
    print(f"cluster jobs of an earlier run are cancelled: {', '.join(sorted(left))}", flush=True)
    subprocess.run(["scancel", *left], check=False)
    deadline = time.monotonic() + _WAIT_S
    while ending := left & _queued().keys():
        if time.monotonic() > deadline:
            # every file is written under another name and renamed: two writers do no harm
            print(f"still ending: {', '.join(sorted(ending))}; the run goes on", flush=True)
            return
        time.sleep(1)


def _queued() -> dict[str, str]:
    """Name by ID of this user's jobs that wait, run or are about to end."""
    command = ["squeue", "--me", "--noheader", "--format=%i %j"]
    try:
        done = subprocess.run(command, text=True, capture_output=True, timeout=60, check=True)
    except FileNotFoundError:
        return {}
    except subprocess.SubprocessError as error:
        print(f"jobs of an earlier run may still be at work: {error}", file=sys.stderr)
        return {}
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
