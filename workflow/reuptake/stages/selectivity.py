"""Experiments and potencies to selectivity.csv."""

from __future__ import annotations

from pathlib import Path

from reuptake.selectivity import selectivities_of
from reuptake.tables import EXPERIMENTS, POTENCY, read_csv, write_csv


def run(tables: Path, section: dict) -> None:
    """Compute every ratio to the primary target."""
    table = selectivities_of(
        read_csv(tables / "experiments.csv", EXPERIMENTS),
        read_csv(tables / "potency.csv", POTENCY),
        section["roles"],
    )
    write_csv(table, tables / "selectivity.csv")
