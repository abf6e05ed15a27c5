"""All drop folders, also those that are not processed: drops.csv."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from reuptake.drops import seal
from reuptake.drops.check import check_drop
from reuptake.drops.folder import SEAL, folder_fault
from reuptake.drops.scan import Folder
from reuptake.settings.model import Exclusion
from reuptake.stages import accept
from reuptake.stages.ingest import summary
from reuptake.tables import DROPS, typed, write_csv


def run(accepted: Path, others: list[Folder], section: dict, drops: Path) -> None:
    """Write drops.csv; `others` are checked as `reuptake register` would, and left alone."""
    rows = accept.read(accepted)
    for folder in others:
        exclusions = [Exclusion.model_validate(e) for e in section["exclusions"]]
        mine = [e for e in exclusions if e.drop == folder.name]
        checked = check_drop(folder.path, section["assays"], mine)
        sealed = os.path.exists(folder.path / SEAL)
        if sealed and not os.access(folder.path / SEAL, os.R_OK):
            checked.problems[:0] = seal.faults(folder.path)[:1]
        status = "rejected" if sealed or folder_fault(folder.path) else "unregistered"
        row = summary(checked, status)
        if not row["reasons"]:
            row["reasons"] = ["complete: run `reuptake register` on it"]
        rows.append(row)
    known = {row["drop"] for row in rows}
    table = typed(pd.DataFrame([_row(row) for row in rows]), DROPS)
    table = table.sort_values("drop", ignore_index=True)
    write_csv(table, drops)
    for line in absent_exclusions(section["exclusions"], known):
        print(line)


def _row(verdict: dict) -> dict:
    names = {column.name for column in DROPS}
    row = {key: value for key, value in verdict.items() if key in names}
    return row | {"reasons": "; ".join(verdict["reasons"])}


def absent_exclusions(exclusions: list[dict], known: set[str]) -> list[str]:
    """Warnings for exclusions of drops that are not there."""
    return [
        f"warning: exclusions file, line {e['line']}: there is no drop {e['drop']}"
        for e in exclusions
        if e["drop"] not in known
    ]
