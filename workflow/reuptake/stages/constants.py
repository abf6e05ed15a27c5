"""One drop: the constants that its saturation, homologous and kinetics runs measured."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from reuptake.constants import constants_of
from reuptake.tables import write_parquet


def run(verdict: Path, wells: Path, section: dict, constants: Path, isotherms: Path) -> None:
    """Fit the constants of a drop; a rejected drop has none."""
    runs = {
        (entry["run"], entry["assay"]): entry
        for entry in json.loads(verdict.read_text(encoding="utf-8"))["runs"]
    }
    found, points = constants_of(pd.read_parquet(wells), section["assays"], runs)
    write_parquet(found, constants)
    write_parquet(points, isotherms)
