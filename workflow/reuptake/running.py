"""A run of the workflow from outside: one at a time, a stale lock removed, a summary at the end."""

from __future__ import annotations

import csv
import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from reuptake.problems import ProblemsError
from reuptake.settings.load import ROOT, load_settings, resolve

_PROFILE = ROOT / "workflow" / "profiles" / "default"


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
    with _only_run(results) as owner:
        if owner:
            print(f"another run is at work on {results}: {owner}", file=sys.stderr)
            return 1
        # jobs call `reuptake` by name, also where the environment is not activated
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = os.environ | {"PATH": tools}
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        if not any(a.startswith("--workflow-profile") for a in arguments):
            command += ["--workflow-profile", str(_PROFILE)]
        # we hold the only run's lock, so a lock of Snakemake's own is one left by a kill
        if any(Path(".snakemake/locks").glob("*")):
            print("an earlier run was killed: its lock is removed")
            subprocess.run([*command, "--unlock"], check=False, env=environment)
        status = subprocess.run([*command, *arguments], check=False, env=environment).returncode
    table = results / "tables" / "drops.csv"
    if table.exists():
        print(summary(drops_table(table), results / "report" / "index.html"))
    return status


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


@contextmanager
def _only_run(results: Path):
    """Hold the run lock of a results folder; yields who holds it already, or an empty string."""
    results.mkdir(parents=True, exist_ok=True)
    with (results / ".run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            yield lock.read().strip() or "unknown"
            return
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {os.uname().nodename}")
        lock.flush()
        yield ""


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
        f"{counts['accepted']} drops accepted, {counts['rejected']} rejected, "
        f"{counts['unregistered']} not registered",
    ]
    for row in drops:
        if row["status"] != "accepted":
            lines.append(f"  {row['drop']} ({row['status']}): {row['reasons'].split('; ')[0]}")
    lines.append(f"report: {report}")
    return "\n".join(lines)
