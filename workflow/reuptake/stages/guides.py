"""The four tables of the guides: guide_table_0.csv, _a, _b and _c."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reuptake.guides import NUMBERS, guide_tables
from reuptake.published import read_affinities
from reuptake.tables import TABLES, read_csv, write_csv

_READ = ("potency", "selectivity", "forced_swim", "pca_antagonism")


def run(tables: Path, section: dict) -> None:
    """Write the guide tables."""
    made = guide_tables(
        {name: read_csv(tables / f"{name}.csv", TABLES[name]) for name in _READ},
        read_affinities(Path(section["reference"])),
        section["guide_compound"],
    )
    for name, table in made.items():
        numbers = {n: pd.to_numeric(table[n]) for n in NUMBERS if n in table}
        write_csv(table.assign(**numbers), tables / f"{name}.csv")
