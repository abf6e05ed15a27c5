"""The result tables as figures and report read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.tables import TABLES, Column, read_csv

if TYPE_CHECKING:
    import pandas as pd

INDEX = (
    Column("file", "text", "name of the figure, without .svg or .png"),
    Column(
        "kind",
        "text",
        "curves, depletion, isotherms, plates, runcharts, selectivity, forced_swim,"
        " pca_depletion, pca_dose_response or diagram",
    ),
    Column(
        "compound", "text", "compound of a curves, depletion or runcharts figure or a dose-response"
    ),
    Column("modality", "text", "binding, uptake or response"),
    Column("drop", "text", "drop of a plates or isotherms figure or of a run with animals"),
    Column("run", "text", "run with animals"),
    Column("assay", "text", "its assay"),
    Column("caption", "text", "what the figure shows"),
    Column("simulated", "boolean", "true where any number behind it is simulated"),
)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every result table in `folder`, with its types."""
    return {
        name: read_csv(Path(folder) / f"{name}.csv", columns) for name, columns in TABLES.items()
    }


def read_index(folder: Path) -> pd.DataFrame:
    """The index of a folder of figures."""
    return read_csv(Path(folder) / "index.csv", INDEX)
