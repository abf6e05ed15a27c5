"""One run at a time on the same results, whether started by `reuptake run` or by Snakemake.

Two locks say that a run is alive: that of its results, held alone, and that of the working
folder, held together with runs on other results. The system frees them when their holder ends,
however it ends; the locks of Snakemake itself stay behind a killed run and tell nothing about
it. Both are taken before the first job.
"""

from __future__ import annotations

import fcntl
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import IO

SNAKEMAKE = Path(".snakemake")
# set for the Snakemake that `reuptake run` starts: it has inherited the locks
INHERITED = "REUPTAKE_HOLDS_LOCKS"

_of_this_process: list[IO] = []


class BusyError(Exception):
    """Another run holds the lock of the results."""


def hold(results: Path) -> tuple[IO, IO]:
    """Lock the results for this run, and open the lock of the working folder.

    Raises
    ------
    BusyError
        Naming process, host and start of the run that is at work.
    """
    SNAKEMAKE.mkdir(exist_ok=True)
    own = (results / ".run.lock").open("a+")
    if not alone(own):
        own.seek(0)
        holder = own.read().strip() or "it has not given its name"
        own.close()
        raise BusyError(
            f"another run is at work on {results}: {holder}. Wait for its end, or stop it there "
            "with Ctrl-C."
        )
    now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    own.truncate(0)
    own.write(f"process {os.getpid()} on {os.uname().nodename}, since {now}")
    own.flush()
    return own, (SNAKEMAKE / "runs.lock").open("a")


def alone(file: IO) -> bool:
    """Lock a file for this run alone, if nobody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def together(file: IO) -> None:
    """Lock a file along with other runs."""
    fcntl.flock(file, fcntl.LOCK_SH)


def hold_in_snakemake(results: Path) -> None:
    """Lock both for the rest of this process, unless `reuptake run` above it has done so.

    Raises
    ------
    BusyError
    """
    if INHERITED in os.environ:
        return
    results.mkdir(parents=True, exist_ok=True)
    try:
        own, shared = hold(results)
        together(shared)
    except OSError as error:
        print(
            f"{error.strerror}: this file system has no locks, see to it that no other run is at "
            f"work on {results}",
            file=sys.stderr,
        )
        return
    _of_this_process.extend((own, shared))
