"""Experiments, potencies and run charts to selectivity.csv and selectivity_windows.csv."""

from __future__ import annotations

from pathlib import Path

from reuptake.selectivity import selectivities_of, windows_of
from reuptake.tables import EXPERIMENTS, POTENCY, RUNCHARTS, read_csv, write_csv


def run(tables: Path, section: dict) -> None:
    """Compute every ratio to the primary target, and the window of each compound."""
    table = selectivities_of(
        read_csv(tables / "experiments.csv", EXPERIMENTS),
        read_csv(tables / "potency.csv", POTENCY),
        section["roles"],
        read_csv(tables / "runcharts.csv", RUNCHARTS),
        section["selectivity_classes"],
    )
    write_csv(table, tables / "selectivity.csv")
    write_csv(windows_of(table), tables / "selectivity_windows.csv")
