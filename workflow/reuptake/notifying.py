"""Telling somebody about a run: the command of the config key `notify`, started when there is news.

News is what differs from the last time that the command was told: drops and their verdicts, or
any table. A failed run is always news.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reuptake.drops.seal import sha256
from reuptake.tables import replacing

STATE = ".notified.json"
TIME_LIMIT_S = 60


def notify(command: Sequence[str], results: Path, status: int, summary: str) -> None:
    """Start `command` if there is news; whatever becomes of it, the run goes on.

    It is started as it stands, not by a shell. It reads the summary on its standard input;
    ``REUPTAKE_STATUS`` is the run's exit status, ``REUPTAKE_NEWS`` a JSON file with the same as
    data (:func:`news`), which is gone when it ends.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    results : Path
    status : int
        Exit status of the run.
    summary : str
        What the run has told on the screen.
    """
    path = results / STATE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    told = news(known, results, status)
    if not (status or told["changed_drops"] or told["changed_tables"]):
        return
    try:
        # kept only if the command has done its work: else the next run tries again
        with replacing(path) as temporary:
            text = json.dumps(told, indent=1, ensure_ascii=False)
            temporary.write_text(f"{text}\n", encoding="utf-8")
            variables = {"REUPTAKE_STATUS": str(status), "REUPTAKE_NEWS": str(temporary.resolve())}
            subprocess.run(
                command,
                input=f"{_headline(told)}\n{summary}\n",
                text=True,
                encoding="utf-8",
                errors="replace",
                env=os.environ | variables,
                timeout=TIME_LIMIT_S,
                check=True,
            )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or error
        print(f"notify: nobody was told, {command[0]}: {why}", file=sys.stderr)


def news(known: dict, results: Path, status: int) -> dict:
    """The state of the results, and what of it differs from the last one that was told.

    Parameters
    ----------
    known : dict
        What was returned the last time; empty at first.
    results : Path
    status : int

    Returns
    -------
    dict
        ``status``; ``report``; ``drops``, each with status and reasons; ``tables`` with their
        SHA-256; ``changed_drops`` and ``changed_tables``, names.
    """
    tables = sorted((results / "tables").glob("*.csv"))
    drops = {}
    if (results / "tables" / "drops.csv") in tables:
        with (results / "tables" / "drops.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                drops[row["drop"]] = {"status": row["status"], "reasons": row["reasons"]}
    now = {"drops": drops, "tables": {path.name: sha256(path) for path in tables}}
    changed = {f"changed_{kind}": _changed(known.get(kind, {}), now[kind]) for kind in now}
    report = str((results / "report" / "index.html").resolve())
    return {"status": status, "report": report, **changed, **now}


def _changed(before: dict, now: dict) -> list[str]:
    """Names of what is new, gone or different."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _headline(told: dict) -> str:
    """What is new, in a line."""
    outcome = "The run failed." if told["status"] else "The run ended well."
    drops = ", ".join(
        f"{name} ({told['drops'].get(name, {}).get('status', 'gone')})"
        for name in told["changed_drops"]
    )
    tables = ", ".join(told["changed_tables"])
    return f"{outcome} Drops with news: {drops or 'none'}. Changed tables: {tables or 'none'}."
