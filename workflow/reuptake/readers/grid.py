"""Plain grids of counts: one or more plates of a standard size, separated by blank rows.

With or without row letters and a header of column numbers, as csv, tsv or xlsx. The plates
are numbered from 1 in the order in which they stand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document, Row, Table, tables_of
from reuptake.wellnames import (
    MAX_COLUMNS,
    MAX_ROWS,
    PLATE_SIZES,
    row_letters,
    sizes_text,
    well_name,
)

_COLUMN_COUNTS = sorted(columns for _, columns in PLATE_SIZES)
_MIN_COLUMNS = 4  # a list of wells may have three columns; no grid has fewer than four
_SHAPE_REMEDY = "Export whole plates, separated by blank rows, with - for a well not counted"
_COLUMN_NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True)
class _Grid:
    """A block of rows taken apart; `header` is None and `letters` empty where it has none."""

    header: Row | None
    letters: list[str]
    body: list[Row]

    @property
    def column_numbers(self) -> list[int]:
        """The header as numbers; 0 for a cell that is none."""
        cells = _without_trailing_blanks(self.header.cells) if self.header else []
        return [int(cell) if _COLUMN_NUMBER.fullmatch(cell) else 0 for cell in cells]


def recognises(document: Document) -> bool:
    """A file of nothing but grids, or a workbook with such a sheet."""
    return any(_is_grids(table) for table in document.tables)


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """The plates of all files, sheets and blocks in order.

    Raises
    ------
    ProblemsError
        If a grid has no standard size, its letters or header are out of order, or a cell
        holds neither a number nor one of blank, - and N/A.
    """
    problems: list[Problem] = []
    plates: list[CounterPlate] = []
    for document in documents:
        missing = Problem("no grid of counts in it", _SHAPE_REMEDY)
        tables, faults = tables_of(document, _is_grids, missing)
        problems += faults
        for table in tables:
            for counts, lines in _read_table(table, problems):
                label = str(len(plates) + 1)
                plates.append(CounterPlate(label, counts, "counts", document.name, lines=lines))
    if problems:
        raise ProblemsError(problems)
    return plates


def _blocks(table: Table) -> Iterator[list[Row]]:
    """Runs of rows that are not blank, without the empty columns to their left."""
    block: list[Row] = []
    for row in [*table.rows, Row(0, [])]:
        if any(row.cells):
            block.append(row)
        elif block:
            indent = min(next(i for i, cell in enumerate(r.cells) if cell) for r in block)
            yield [Row(r.line, r.cells[indent:]) for r in block]
            block = []


def _take_apart(block: list[Row]) -> _Grid:
    letters = [row.cells[0].upper() for row in block]
    if "A" in letters[:2]:
        rows = [Row(row.line, row.cells[1:]) for row in block]
        if letters[0] == "A":
            return _Grid(None, letters, rows)
        return _Grid(rows[0], letters[1:], rows[1:])
    # A first row of 1, 2, 3 ... is a header: that counts read so is less likely than that a
    # plate lost a row.
    headed = _Grid(block[0], [], block[1:])
    return headed if _from_one(headed.column_numbers) else _Grid(None, [], block)


def _from_one(numbers: list[int]) -> bool:
    return len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))


def _without_trailing_blanks(cells: list[str]) -> list[str]:
    last = max((i for i, cell in enumerate(cells) if cell), default=-1)
    return cells[: last + 1]


def _is_grids(table: Table) -> bool:
    blocks = list(_blocks(table))
    return bool(blocks) and all(_is_grid(_take_apart(block)) for block in blocks)


def _is_grid(grid: _Grid) -> bool:
    """Whether a block is meant as a grid: mostly numbers, no table with named columns."""
    if len(grid.body) < 2 or max(len(row.cells) for row in grid.body) < _MIN_COLUMNS:
        return False
    if grid.header and grid.column_numbers[:2] != [1, 2]:
        return False
    return _mostly_numbers(grid.body) and (bool(grid.header) or _mostly_numbers(grid.body[:1]))


def _mostly_numbers(rows: list[Row]) -> bool:
    cells = [cell for row in rows for cell in row.cells]
    return 2 * sum(map(text.is_count, cells)) >= len(cells)


def _read_table(table: Table, problems: list[Problem]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Counts and lines of each grid."""
    grids = [_take_apart(block) for block in _blocks(table)]
    cells = [cell for grid in grids for row in grid.body for cell in row.cells]
    try:
        decimal = text.decimal_mark(cells, table.delimiter)
    except ValueError as error:
        problems.append(Problem(str(error), NUMBER_REMEDY, table.name))
        return
    for grid in grids:
        counts = _read_grid(grid, decimal, table.name, problems)
        lines = np.array([row.line for row in grid.body])
        yield counts, np.broadcast_to(lines[:, None], counts.shape)


def _read_grid(grid: _Grid, decimal: str, file: str, problems: list[Problem]) -> np.ndarray:
    """The counts of a grid; an array of whatever size with problems is not used."""

    def fault(message: str, line: int, remedy: str = _SHAPE_REMEDY, **more: str) -> None:
        problems.append(Problem(message, remedy, file, line, **more))

    rows, columns = len(grid.body), _width(grid)
    counts = np.full((rows, columns), math.nan)
    if grid.header and not _from_one(grid.column_numbers):
        found = " ".join(grid.header.cells)
        fault("the header should number the columns from 1", grid.header.line, value=found)
    if (rows, columns) not in PLATE_SIZES:
        fault(
            f"a grid of {rows} x {columns} (rows x columns); a plate has {sizes_text()}",
            (grid.header or grid.body[0]).line,
        )
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        return counts
    for i, row in enumerate(grid.body):
        if grid.letters and grid.letters[i] != row_letters(i):
            fault(f"row {row_letters(i)} expected", row.line, value=grid.letters[i])
        if len(row.cells) < columns:
            fault(f"the row has {len(row.cells)} of {columns} wells", row.line)
        if any(row.cells[columns:]):
            beyond = " ".join(row.cells[columns:]).strip()
            fault(f"something stands right of column {columns}", row.line, value=beyond)
        for j, cell in enumerate(row.cells[:columns]):
            try:
                counts[i, j] = text.count(cell, decimal)
            except ValueError as error:
                fault(str(error), row.line, NUMBER_REMEDY, column=well_name(i, j), value=cell)
    return counts


def _width(grid: _Grid) -> int:
    """The number of columns: as in the header, else as filled.

    A last column that is blank all over still counts where its cells are delimited; a
    delimiter that closes each row does not open a further column.
    """
    if grid.header:
        return len(grid.column_numbers)
    filled = max(len(_without_trailing_blanks(row.cells)) for row in grid.body)
    delimited = max(len(row.cells) for row in grid.body)
    return next((n for n in _COLUMN_COUNTS if filled <= n <= delimited), filled)
