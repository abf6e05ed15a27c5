"""The four tables of the guides: guide_table_0.csv, _a, _b and _c."""

from __future__ import annotations

from pathlib import Path

from reuptake.guides import guide_tables, read_affinities
from reuptake.tables import POTENCY, SELECTIVITY, read_csv, write_csv


def run(tables: Path, section: dict) -> None:
    """Write the guide tables."""
    made = guide_tables(
        read_csv(tables / "potency.csv", POTENCY),
        read_csv(tables / "selectivity.csv", SELECTIVITY),
        read_affinities(Path(section["reference"])),
        section["guide_compound"],
    )
    for name, table in made.items():
        write_csv(table, tables / f"{name}.csv")
