"""A run of the workflow from outside: one at a time, a stale lock removed, a summary at the end."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

import yaml

from reuptake import disk, leftovers, locks, notifying
from reuptake.problems import ProblemsError
from reuptake.settings.load import ROOT, load_settings, resolve

_PROFILE = ROOT / "workflow" / "profiles" / "default"
_DRY = {"-n", "--dry-run", "--dryrun"}


def run(arguments: list[str]) -> int:
    """Check configuration and disks, run Snakemake with `arguments`, tell how it went.

    Returns
    -------
    int
        Snakemake's exit status; 1 for a configuration with problems, folders that cannot be
        written, a second run, or a Snakemake that was killed.
    """
    try:
        config = load_settings(*_config_of(arguments)).config
    except ProblemsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    results = resolve(config.results)
    dry = bool(_DRY & set(arguments))
    try:
        _prepare(results)
        with ExitStack() as held:
            own, shared = map(held.enter_context, locks.hold(results))
            status = _snakemake(arguments, results, (own, shared), dry)
            if not dry:
                _tell(status, results, config.notify)
    except (_NotWritableError, locks.BusyError) as error:
        print(error, file=sys.stderr)
        return 1
    return status


class _NotWritableError(Exception):
    """A folder that the run needs cannot be written."""


def _prepare(results: Path) -> None:
    """Make the folders that a run writes to, and see that it can."""
    for folder in (results, locks.SNAKEMAKE):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder {folder} cannot be made: {error.strerror}. {disk.remedy(error)}"
            raise _NotWritableError(message.rstrip(". ")) from None
        if fault := disk.fault(folder):
            raise _NotWritableError(fault)


def _snakemake(arguments: list[str], results: Path, held: tuple[IO, IO], dry: bool) -> int:
    """Clear away what a killed run has left, run Snakemake, and return its exit status."""
    # jobs call `reuptake` by name, also where the environment is not activated
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": tools, locks.INHERITED: "1"}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    if not any(a.startswith("--workflow-profile") for a in arguments):
        # where both are read, the default one would win over the user's own
        own_profile = any(a.startswith("--profile") for a in arguments)
        command += ["--workflow-profile", "none" if own_profile else str(_PROFILE)]
    if not dry and not {"-q", "--quiet", "--verbose"} & set(arguments):
        # progress and failures, without the text of every rule
        arguments = [*arguments, "--quiet", "rules", "reason", "host"]
    _, shared = held
    if not dry:
        # Runs on other results may share this working folder. If none does, a lock of
        # Snakemake's own is one left by a kill.
        if locks.alone(shared) and any((locks.SNAKEMAKE / "locks").glob("*")):
            leftovers.cancel(locks.SNAKEMAKE / "log")
            leftovers.end_jobs()
            print("an earlier run was killed: its lock is removed", flush=True)
            subprocess.run([*command, "--unlock"], check=False, env=environment)
        leftovers.tidy(results)
    locks.together(shared)
    # Snakemake holds both locks as well: they stay if this process alone is killed
    files = [file.fileno() for file in held]
    return _wait(subprocess.Popen([*command, *arguments], env=environment, pass_fds=files))


def _tell(status: int, results: Path, notify: tuple[str, ...]) -> None:
    """Say how the run went, here and to the command that is to be notified."""
    lines = []
    if status:
        lines += [f"the run failed (status {status}): what follows may be older than it"]
        lines += filter(None, map(disk.shortage, (results, locks.SNAKEMAKE)))
    table = results / "tables" / "drops.csv"
    if table.exists():
        lines += [summary(drops_table(table), results / "report" / "index.html")]
    text = "\n".join(lines)
    if text:
        print(text, flush=True)
    if notify:
        notifying.notify(notify, results, status, text)


def _wait(process: subprocess.Popen) -> int:
    """Wait until Snakemake has ended its jobs, also when interrupted from the keyboard."""
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            continue
        if status < 0:
            print(f"Snakemake was ended by signal {-status}: call the same again", file=sys.stderr)
            return 1
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
            if value.startswith(("[", "{")):  # lists and mappings are given as in YAML
                with suppress(yaml.YAMLError):
                    values[key] = yaml.safe_load(value)
    return files, values


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
