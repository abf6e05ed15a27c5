"""Plain lists of counts: a row per well, with plate, well and counts in any order.

With a header, the columns are found by their names and further columns are left alone.
Without one there are two or three columns: the well's is told by its content, and of the
other two the plate's is the one whose values recur.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document, Row, Table, tables_of
from reuptake.wellnames import parse_well, smallest_plate, well_name

# Names of columns and of computed rows, after _names.
_PLATE = re.compile(r"plate(id|no|number|name)?|barcode|cassette")
_WELL = re.compile(r"well(id|no|name|pos|position)?|wname|pos(ition)?")
_COUNTS = re.compile(r"(c?cpm|c?dpm|(raw|total)?counts?|value|signal)[0-9]*")
_SUMMARY = re.compile(r"(average|avg|mean|median|total|sum|std|sd|sem|%?cv|min|max)[a-z%]*")

_HEADER_REMEDY = "Give the list a header with the columns plate, well and counts (or CPM, DPM)"
_WELL_REMEDY = (
    "Name the well as A1 or A01; if this is a header, call the columns plate, well, counts"
)
_ROWS_REMEDY = "Export the list without averages, deviations and totals"


@dataclass(frozen=True)
class _Columns:
    """Which column holds what; `plate` is None where the list is of one plate."""

    well: int
    counts: int
    plate: int | None
    unit: str


@dataclass
class _Plate:
    file: str
    unit: str
    counts: dict[tuple[int, int], float] = field(default_factory=dict)
    lines: dict[tuple[int, int], int] = field(default_factory=dict)


def recognises(document: Document) -> bool:
    """A list of wells with counts, or a workbook with such a sheet."""
    return any(_is_list(table) for table in document.tables)


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """The plates in order of first appearance, each of the smallest size that holds its wells.

    Raises
    ------
    ProblemsError
        If the columns cannot be told apart, a row is not a well's (averages among the data),
        a well occurs twice, or a cell of counts holds no number.
    """
    problems: list[Problem] = []
    plates: dict[str, _Plate] = {}
    for document in documents:
        missing = Problem("no list of wells in it", _HEADER_REMEDY)
        tables, faults = tables_of(document, _is_list, missing)
        problems += faults
        for table in tables:
            _read_table(table, plates, problems)
    if problems:
        raise ProblemsError(problems)
    return [_as_counter_plate(label, plate) for label, plate in plates.items()]


def _as_counter_plate(label: str, plate: _Plate) -> CounterPlate:
    rows, columns = (max(axis) + 1 for axis in zip(*plate.counts, strict=True))
    counts = np.full(smallest_plate(rows, columns), math.nan)
    lines = np.zeros(counts.shape, dtype=int)
    for well, value in plate.counts.items():
        counts[well], lines[well] = value, plate.lines[well]
    return CounterPlate(label, counts, plate.unit, plate.file, lines=lines)


def _filled(table: Table) -> list[Row]:
    return [row for row in table.rows if any(row.cells)]


def _is_list(table: Table) -> bool:
    rows = _filled(table)
    if not rows:
        return False
    names = _names(rows[0])
    named = [i for i, name in enumerate(names) if _WELL.fullmatch(name)]
    if named:
        wells = sum(_is_well(_cell(row, named[0])) for row in rows[1:])
        return any(map(_COUNTS.fullmatch, names)) and 2 * wells >= len(rows) - 1
    if not 2 <= _width(rows) <= 3:
        return False
    return any(2 * sum(_is_well(_cell(row, i)) for row in rows) >= len(rows) for i in range(3))


def _width(rows: list[Row]) -> int:
    return max(i + 1 for row in rows for i, cell in enumerate(row.cells) if cell)


def _names(row: Row) -> list[str]:
    """Column names without case, blanks and punctuation: ``Well Position`` is wellposition."""
    return [re.sub(r"[^a-z0-9%]", "", cell.lower()) for cell in row.cells]


def _cell(row: Row, column: int) -> str:
    return row.cells[column] if column < len(row.cells) else ""


def _is_well(cell: str) -> bool:
    try:
        parse_well(cell)
    except ValueError:
        return False
    return True


def _read_table(table: Table, plates: dict[str, _Plate], problems: list[Problem]) -> None:
    def fault(message: str, remedy: str, row: Row, column: str = "", value: str = "") -> None:
        problems.append(Problem(message, remedy, table.name, row.line, column, value))

    rows = _filled(table)
    headed = any(map(_WELL.fullmatch, _names(rows[0])))
    try:
        columns = _named_columns(rows[0]) if headed else _told_columns(rows)
    except ValueError as error:
        fault(str(error), _HEADER_REMEDY, rows[0])
        return
    rows = rows[1:] if headed else rows
    if not rows:
        problems.append(Problem("no well in the list", "Export it again", table.name))
    try:
        decimal = text.decimal_mark((_cell(row, columns.counts) for row in rows), table.delimiter)
    except ValueError as error:
        problems.append(Problem(str(error), NUMBER_REMEDY, table.name))
        return
    for row in rows:
        label = "1" if columns.plate is None else _cell(row, columns.plate)
        name, value = _cell(row, columns.well), _cell(row, columns.counts)
        try:
            well = parse_well(name)
        except ValueError as error:
            if any(map(_SUMMARY.fullmatch, _names(row))):
                found = " ".join(row.cells).strip()
                fault("a computed row stands among the wells", _ROWS_REMEDY, row, value=found)
            else:
                fault(str(error), _WELL_REMEDY, row, "well", name)
            continue
        if not label:
            fault("no plate named", "Name the plate in every row", row, well_name(*well))
            continue
        try:
            counts = text.count(value, decimal)
        except ValueError as error:
            fault(str(error), NUMBER_REMEDY, row, well_name(*well), value)
            continue
        plate = plates.setdefault(label, _Plate(table.name, columns.unit))
        if well in plate.counts:
            fault(
                f"the well stands twice in plate {label}; first in line {plate.lines[well]}",
                "Keep one row a well, and name the plate if there are several",
                row,
                well_name(*well),
                value,
            )
        if columns.unit != plate.unit:
            fault(
                f"plate {label} is in {plate.unit} in {plate.file} and here in {columns.unit}",
                "Export all of it in one unit",
                row,
            )
        plate.counts.setdefault(well, counts)
        plate.lines.setdefault(well, row.line)


def _named_columns(header: Row) -> _Columns:
    """The columns by the names in the header.

    Raises
    ------
    ValueError
        If a name is missing or occurs more than once.
    """
    names = _names(header)
    found = {
        "well": [i for i, name in enumerate(names) if _WELL.fullmatch(name)],
        "plate": [i for i, name in enumerate(names) if _PLATE.fullmatch(name)],
        "counts": [i for i, name in enumerate(names) if _COUNTS.fullmatch(name)],
    }
    for what, places in found.items():
        if len(places) > 1:
            several = ", ".join(header.cells[i] for i in places)
            raise ValueError(f"more than one column for {what}: {several}")
        if not places and what != "plate":
            raise ValueError(f"no column for {what} among {', '.join(header.cells)}")
    counts = found["counts"][0]
    unit = re.sub(r"[0-9]+$", "", names[counts]).upper()
    return _Columns(
        well=found["well"][0],
        counts=counts,
        plate=found["plate"][0] if found["plate"] else None,
        unit=unit if unit.endswith(("CPM", "DPM")) else "counts",
    )


def _told_columns(rows: list[Row]) -> _Columns:
    """The columns of a list without header, by their content.

    Raises
    ------
    ValueError
        If they are not two or three, or plate and counts cannot be told apart.
    """
    width = _width(rows)
    if not 2 <= width <= 3:
        raise ValueError(f"a list without header has two or three columns, this one {width}")
    values = [[_cell(row, i) for row in rows] for i in range(width)]
    # How often a column's value is a new one, and how often it changes from row to row: least
    # for the plate. (A plate may be called P1, which is a well's name too.)
    variety = [(len(set(column)), sum(a != b for a, b in pairwise(column))) for column in values]
    wells = [i for i in range(width) if 2 * sum(map(_is_well, values[i])) >= len(rows)]
    well = max(wells, key=lambda i: variety[i], default=None)
    if well is None or [variety[i] for i in wells].count(variety[well]) > 1:
        raise ValueError("without a header, the column of the wells cannot be told")
    others = [i for i in range(width) if i != well]
    if len(others) == 1:
        return _Columns(well, others[0], None, "counts")
    # Mostly words are names of plates; else the plate's number is what recurs.
    wordy = [i for i in others if 2 * sum(map(text.is_count, values[i])) < len(rows)]
    recurring = [i for i in others if variety[i] == min(variety[j] for j in others)]
    plates = wordy or recurring
    if len(plates) > 1:
        raise ValueError("without a header, plate and counts cannot be told apart")
    plate = plates[0]
    counts = next(i for i in others if i != plate)
    return _Columns(well, counts, plate, "counts")
