"""Curves to experiments.csv and potency.csv."""

from __future__ import annotations

from pathlib import Path

from reuptake.potency import experiments_of, potencies_of
from reuptake.tables import CURVES, read_csv, write_csv


def run(tables: Path) -> None:
    """Combine curves to experiments and experiments to potencies."""
    experiments = experiments_of(read_csv(tables / "curves.csv", CURVES))
    write_csv(experiments, tables / "experiments.csv")
    write_csv(potencies_of(experiments), tables / "potency.csv")
