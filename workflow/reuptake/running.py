"""A run of the workflow from outside: one at a time, a stale lock removed, a summary at the end."""

from __future__ import annotations

import csv
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from reuptake import leftovers
from reuptake.problems import ProblemsError
from reuptake.settings.load import ROOT, load_settings, resolve

_SNAKEMAKE = Path(".snakemake")
_PROFILE = ROOT / "workflow" / "profiles" / "default"
_DRY = {"-n", "--dry-run", "--dryrun"}


def run(arguments: list[str]) -> int:
    """Check the configuration, run Snakemake with `arguments`, tell how it went.

    Returns
    -------
    int
        Snakemake's exit status; 1 for a configuration with problems or a second run.
    """
    try:
        config = load_settings(*_config_of(arguments)).config
    except ProblemsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    results = resolve(config.results)
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"the results folder {results} cannot be made: {error.strerror}", file=sys.stderr)
        return 1
    # jobs call `reuptake` by name, also where the environment is not activated
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": tools}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    if not any(a.startswith("--workflow-profile") for a in arguments):
        # where both are read, the default one would win over the user's own
        own_profile = any(a.startswith("--profile") for a in arguments)
        command += ["--workflow-profile", "none" if own_profile else str(_PROFILE)]
    dry = bool(_DRY & set(arguments))
    if not dry and not {"-q", "--quiet", "--verbose"} & set(arguments):
        # progress and failures, without the text of every rule
        arguments = [*arguments, "--quiet", "rules", "reason", "host"]
    _SNAKEMAKE.mkdir(exist_ok=True)
    with (results / ".run.lock").open("a+") as own, (_SNAKEMAKE / "runs.lock").open("a") as shared:
        if not _lock(own):
            own.seek(0)
            print(f"another run is at work on {results}: {own.read().strip()}", file=sys.stderr)
            return 1
        own.truncate(0)
        own.write(f"process {os.getpid()} on {os.uname().nodename}")
        own.flush()
        # Runs on other results may share this working folder. If none does, a lock of
        # Snakemake's own is one left by a kill.
        if not dry and _lock(shared) and any((_SNAKEMAKE / "locks").glob("*")):
            leftovers.cancel(_SNAKEMAKE / "log")
            print("an earlier run was killed: its lock is removed", flush=True)
            subprocess.run([*command, "--unlock"], check=False, env=environment)
        fcntl.flock(shared, fcntl.LOCK_SH)
        # Snakemake holds both locks as well: they stay if this process alone is killed
        held = (own.fileno(), shared.fileno())
        status = _wait(subprocess.Popen([*command, *arguments], env=environment, pass_fds=held))
    if dry:
        return status
    if status:
        print(f"the run failed (status {status}): what follows may be older than it")
    table = results / "tables" / "drops.csv"
    if table.exists():
        print(summary(drops_table(table), results / "report" / "index.html"))
    return status


def _wait(process: subprocess.Popen) -> int:
    """Wait until Snakemake has ended its jobs, also when interrupted from the keyboard."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def _config_of(arguments: list[str]) -> tuple[list[Path], dict]:
    """Config files and values among Snakemake's arguments."""
    files: list[Path] = []
    values: dict = {}
    option = ""
    for argument in arguments:
        if argument.startswith("-"):
            option, _, value = argument.partition("=")
            argument = value
            if not value:
                continue
        if option == "--configfile" or option == "--configfiles":
            files.append(Path(argument))
        elif option in ("--config", "-C") and "=" in argument:
            key, _, value = argument.partition("=")
            values[key] = value
    return files, values


def _lock(file: IO) -> bool:
    """Lock a file for this run alone, if nobody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def drops_table(path: Path) -> list[dict]:
    """Rows of drops.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary(drops: list[dict], report: Path) -> str:
    """How many drops were accepted, rejected or not registered, why, and where to read on."""
    counts = {
        status: sum(row["status"] == status for row in drops)
        for status in ("accepted", "rejected", "unregistered")
    }
    lines = [
        "",
        f"drops: {counts['accepted']} accepted, {counts['rejected']} rejected, "
        f"{counts['unregistered']} not registered",
    ]
    for row in drops:
        if row["status"] != "accepted":
            lines.append(f"  {row['drop']} ({row['status']}): {row['reasons'].split('; ')[0]}")
    lines.append(f"report: {report}")
    return "\n".join(lines)
