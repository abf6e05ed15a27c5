"""What a run that was killed leaves behind: jobs that would go on writing, and odd files."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_RUN = re.compile(r"SLURM run ID: (\S+)")
_WAIT_S = 120
_END_S = 10


def tidy(results: Path) -> None:
    """Remove half-written files from the results, and date back those from the future.

    Snakemake refuses to make a file from a younger one, such as one that was written while the
    clock was fast. It compares contents before it makes anything again because of a date.

    Parameters
    ----------
    results : Path
        Results that no run is at work on.
    """
    now = time.time()
    for path in results.rglob("*"):
        with contextlib.suppress(OSError):  # another user's: it is not in the way of this run
            if path.name.startswith(".") and path.suffix == ".tmp":
                path.unlink()
            elif path.is_file() and path.lstat().st_mtime > now:
                os.utime(path, follow_symlinks=False)


def end_jobs() -> None:
    """End the jobs that a killed run started on this machine, in this working folder.

    Where the system has no /proc they end by themselves: every file is written under another
    name and renamed.
    """
    ended = set()
    deadline = time.monotonic() + _END_S
    while (left := set(_at_work())) and time.monotonic() < deadline:
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        ended |= left
        time.sleep(0.05)
    if ended:
        named = ", ".join(map(str, sorted(ended)))
        print(f"jobs of an earlier run are ended: process {named}", flush=True)


def _at_work() -> Iterator[int]:
    """Processes that are a stage of the workflow in this working folder."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            words = (process / "cmdline").read_bytes().split(b"\0")
            stage = len(words) > 2 and words[1].endswith(b"/reuptake") and words[2] == b"stage"
            if stage and Path(os.readlink(process / "cwd")) == Path.cwd():
                yield int(process.name)


def cancel(logs: Path) -> None:
    """Cancel the Slurm jobs of earlier runs and wait until they have ended.

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
