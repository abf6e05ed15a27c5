"""The result tables as figures and report read them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reuptake.parts import Parts
from reuptake.tables import TABLES, Column, read_csv

INDEX = (
    Column("file", "text", "name of the figure, without .svg or .png"),
    Column(
        "kind",
        "text",
        "selectivity, heatmap, curves, forest, profiles, depletion, isotherms, plates, runcharts,"
        " forced_swim, agreement, pca_depletion, pca_dose_response or diagram",
    ),
    Column("compound", "text", "compound that the figure is of"),
    Column("modality", "text", "binding, uptake or response"),
    Column("drop", "text", "drop of a plates or isotherms figure or of a run with animals"),
    Column("run", "text", "run with animals"),
    Column("assay", "text", "its assay"),
    Column("caption", "text", "what the figure shows"),
    Column("simulated", "boolean", "true where any number behind it is simulated"),
)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every result table in `folder` but the wells, with its types."""
    return {
        name: read_csv(Path(folder) / f"{name}.csv", columns)
        for name, columns in TABLES.items()
        if name != "wells"
    }


def wells_in(file: Path) -> Parts:
    """All wells, some drops at a time."""
    return Parts(Path(file))


def read_index(folder: Path) -> pd.DataFrame:
    """The index of a folder of figures."""
    return read_csv(Path(folder) / "index.csv", INDEX)


def series_of(frame: pd.DataFrame) -> pd.Series:
    """The target, with its species where that is not human."""
    human = frame["species"].str.lower().isin(["human", ""])
    return frame["target"].where(human, frame["target"] + ", " + frame["species"])
