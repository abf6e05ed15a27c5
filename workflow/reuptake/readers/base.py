"""What passes between the files, the readers and those who ask for counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reuptake.problems import Problem


@dataclass(frozen=True)
class SourceFile:
    """A raw file.

    Attributes
    ----------
    name : str
        Path relative to the drop, for messages.
    content : bytes
        The file exactly as exported.
    """

    name: str
    content: bytes


@dataclass(frozen=True, eq=False)
class CounterPlate:
    """The counts of one plate.

    Attributes
    ----------
    label : str
        The instrument's number of the plate, or its name in a list; what ``counts_plate``
        in drop.yaml selects.
    counts : numpy.ndarray
        (rows, columns) float64; NaN where the file has no number for the well.
    unit : str
        The quantity as the file names it, without its digits (CCPM1 is CCPM); ``counts``
        where the file does not say.
    file : str
        The file it was read from.
    measured_at : str
        ISO timestamp, empty where the file does not state one.
    lines : numpy.ndarray or None
        (rows, columns) int: the line of the file that each well stands in, in a workbook the
        row of its sheet; 0 where it stands in none, None where the reader does not tell.
    """

    label: str
    counts: np.ndarray
    unit: str
    file: str
    measured_at: str = ""
    lines: np.ndarray | None = None


class Row(NamedTuple):
    """A row of a table: where it stands (from 1) and its cells, stripped."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A delimited text file or one sheet of a workbook (whose `delimiter` is empty)."""

    name: str
    rows: list[Row]
    delimiter: str


@dataclass(frozen=True)
class Document:
    """A decoded file, as readers get it.

    Attributes
    ----------
    name : str
    text : str
        Empty for a workbook.
    tables : list of Table
        The text taken as a delimited table, or the sheets of a workbook; blank rows are kept.
    fault : Problem or None
        Why the text cannot be taken as a table, where it cannot.
    """

    name: str
    text: str
    tables: list[Table]
    fault: Problem | None = None


def tables_of(
    document: Document, fits: Callable[[Table], bool], missing: Problem
) -> tuple[list[Table], list[Problem]]:
    """The tables a reader has to read, or why there are none.

    A lone table is read whatever it looks like, so that its faults are told; of several
    sheets those that fit, since others hold notes.
    """
    if document.fault:
        return [], [document.fault]
    tables = document.tables
    if len(tables) > 1:
        tables = [table for table in tables if fits(table)]
    return tables, [] if tables else [missing.within(document.name)]


# What to do about a cell that should hold counts and does not.
NUMBER_REMEDY = "Export the file again with plain numbers; - or blank is a well not counted"
