"""The result tables as figures and report read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.tables import TABLES, Column, read_csv

if TYPE_CHECKING:
    import pandas as pd

INDEX = (
    Column("file", "text", "name of the figure, without .svg or .png"),
    Column("kind", "text", "curves, plates or selectivity"),
    Column("compound", "text", "compound of a curves figure"),
    Column("modality", "text", "binding, uptake or response"),
    Column("drop", "text", "drop of a plates figure"),
    Column("caption", "text", "what the figure shows"),
    Column("simulated", "boolean", "true where any number behind it is simulated"),
)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every result table in `folder`, with its types and the text as it was before writing.

    The apostrophe by which the writer defuses a cell that a spreadsheet would run belongs to
    the file, not to the text, and is taken away.
    """
    return {name: _read(Path(folder) / f"{name}.csv", columns) for name, columns in TABLES.items()}


def read_index(folder: Path) -> pd.DataFrame:
    """The index of a folder of figures."""
    return _read(Path(folder) / "index.csv", INDEX)


def _read(path: Path, columns: tuple[Column, ...]) -> pd.DataFrame:
    frame = read_csv(path, columns)
    for name in frame.columns[frame.dtypes == "str"]:
        guarded = frame[name].str.match(r"'[=+\-@\t\r]")
        if guarded.any():
            frame[name] = frame[name].where(~guarded, frame[name].str[1:])
    return frame
