"""EnVision plate reader: blocks of plate information and results, then a long footer.

Of each plate the measured grids are read; those that the instrument calculated from them have
a formula in place of a label, and are left. Wells that were not measured may be missing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

import numpy as np

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document, Row, Table
from reuptake.wellnames import (
    MAX_COLUMNS,
    PLATE_SIZES,
    parse_well,
    row_letters,
    sizes_text,
    smallest_plate,
    well_name,
)

_PLATE, _FOOTER = "plate information", "basic assay information"
_BACKGROUND, _RESULTS = "background information", "results for"
_REMEDY = "Give the reader's unchanged export, with plate information before every plate"
_UNIT = re.compile(r"\(([A-Za-z]+)\)$")
# where no title says what was measured: light of some kind, in no case radioactive counts
_SIGNAL = "signal"


@dataclass
class _Measured:
    """A grid as it stands in the file, with what is said above it."""

    info: dict[str, str]
    title: str
    body: list[Row]
    delimiter: str

    @property
    def unit(self) -> str:
        """As the title ends with it."""
        quantity = _UNIT.search(self.title)
        return quantity[1] if quantity else _SIGNAL

    @property
    def names(self) -> list[str]:
        """What it may be called, shortest first: a plate has a grid for each channel."""
        said = _UNIT.sub("", self.title).strip() or self.info.get("Label", "")
        plate, *more = (self.info.get(key, "") for key in ("Plate", "Measinfo", "Repeat"))
        parts = [plate, said, *more]
        return [" ".join(parts[: n + 1]) for n in range(len(parts))]


def recognises(document: Document) -> bool:
    """A text whose first words are ``Plate information``."""
    return any(_first_words(table) == _PLATE for table in document.tables)


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """The measured plates of all files, called by their number, or by number and channel.

    Raises
    ------
    ProblemsError
        If there is no measured plate, a grid without row letters is no whole plate, a cell
        stands outside the plate or holds no number, or a plate stands twice.
    """
    problems: list[Problem] = []
    found: list[tuple[str, _Measured]] = []
    sizes: dict[str, tuple[int, int] | None] = {}
    for document in documents:
        measured = [each for table in document.tables for each in _measured(table)]
        if document.fault or not measured:
            missing = Problem("no measured plate in it", _REMEDY, document.name)
            problems.append(document.fault or missing)
        found += [(document.name, each) for each in measured]
        sizes[document.name] = next(filter(None, map(_size, document.tables)), None)
    names = _names([each for _, each in found])
    for name, n in Counter(names).items():
        if n > 1:
            message = f"plate {name} stands {n} times"
            problems.append(Problem(message, "Export every measurement once", documents[0].name))
    plates = []
    for name, (file, each) in zip(names, found, strict=True):
        counts, lines = _grid(each, sizes[file], file, problems)
        at = _timestamp(each.info.get("Measurement date", ""))
        plates.append(CounterPlate(name, counts, each.unit, file, at, lines))
    if problems:
        raise ProblemsError(problems)
    return plates


def _first_words(table: Table) -> str:
    return next((row.cells[0].lower() for row in table.rows if any(row.cells)), "")


def _blocks(table: Table) -> Iterator[list[Row]]:
    """Runs of rows that are not blank, up to the footer."""
    block: list[Row] = []
    for row in [*table.rows, Row(0, [])]:
        words = row.cells[0].lower() if row.cells else ""
        if block and (not any(row.cells) or words in (_PLATE, _FOOTER)):
            yield block
            block = []
        if words == _FOOTER:
            return
        if any(row.cells):
            block.append(row)


def _measured(table: Table) -> Iterator[_Measured]:
    info: dict[str, str] = {}
    title = ""
    for block in _blocks(table):
        words = block[0].cells[0]
        if words.lower() == _PLATE:
            header, said = (row[0].cells if row else [] for row in (block[1:2], block[2:3]))
            info = dict(zip(header, said, strict=False))
            title, block = "", block[3:]
            words = block[0].cells[0] if block else ""
        if words.lower().startswith(_RESULTS):
            title, block = words[len(_RESULTS) :], block[1:]
        if block and info and "Formula" not in info and words.lower() != _BACKGROUND:
            yield _Measured(info, title, block, table.delimiter)


def _names(measured: list[_Measured]) -> list[str]:
    """Plate numbers, with as much more as it takes to tell them apart."""
    for names in zip(*(each.names for each in measured), strict=True):
        if len(set(names)) == len(names):
            return list(names)
    return [each.names[-1] for each in measured]


def _size(table: Table) -> tuple[int, int] | None:
    """The plate's size as the footer states it."""
    said = {row.cells[0]: row.cells[-1] for row in table.rows if len(row.cells) > 1}
    rows, columns = (said.get(f"Number of {axis}", "") for axis in ("rows", "columns"))
    size = (int(rows), int(columns)) if rows.isdigit() and columns.isdigit() else None
    return size if size in PLATE_SIZES else None


def _grid(measured: _Measured, size, file: str, problems: list[Problem]):
    """Values and lines of a grid, at the wells that its letters and header name."""
    body = measured.body

    def fault(message, line, remedy=_REMEDY, **more):
        problems.append(Problem(message, remedy, file, line, **more))

    try:
        decimal = text.decimal_mark((c for row in body for c in row.cells), measured.delimiter)
    except ValueError as error:
        fault(str(error), body[0].line, NUMBER_REMEDY)
        decimal = "."
    lettered = body[-1].cells[0].isalpha()
    if not lettered:
        if not _whole(body, size):
            fault(
                f"a grid of {len(body)} rows without row letters is no whole plate; "
                f"a plate has {sizes_text()} (rows x columns)",
                body[0].line,
                "Export the plates with row and column headings",
            )
            return np.empty((0, 0)), np.empty((0, 0), dtype=int)
        header = [str(n) for n in range(1, MAX_COLUMNS + 1)]
        rows = [(row_letters(i), row.line, row.cells) for i, row in enumerate(body)]
    else:
        header = body[0].cells[1:]
        rows = [(row.cells[0], row.line, row.cells[1:]) for row in body[1:]]
    wells: dict[tuple[int, int], tuple[float, int]] = {}
    for letters, line, cells in rows:
        for column, cell in zip_longest(header, cells, fillvalue=""):
            if not cell:
                continue
            name = f"{letters}{column}"
            try:
                well, value = parse_well(name), text.count(cell, decimal)
            except ValueError as error:
                fault(str(error), line, NUMBER_REMEDY, column=name, value=cell)
                continue
            if well in wells:
                fault("the well stands twice", line, column=name, value=cell)
            wells[well] = value, line
    used = tuple(max((well[axis] for well in wells), default=0) + 1 for axis in (0, 1))
    size = size or smallest_plate(*used)
    if used[0] > size[0] or used[1] > size[1]:
        last = well_name(used[0] - 1, used[1] - 1)
        fault(f"wells up to {last} on a plate of {size[0]} x {size[1]}", body[0].line)
        size = smallest_plate(*used)
    counts, lines = np.full(size, math.nan), np.zeros(size, dtype=int)
    for well, (value, line) in wells.items():
        counts[well], lines[well] = value, line
    return counts, lines


def _whole(body: list[Row], size: tuple[int, int] | None) -> bool:
    """Whether rows without letters are those of a plate; the last columns may be missing."""
    if size:
        return len(body) == size[0]
    filled = max(n for row in body for n, cell in enumerate(row.cells, start=1) if cell)
    return (len(body), filled) in PLATE_SIZES


def _timestamp(measured: str) -> str:
    """ISO form of an American time, which AM and PM tell; empty where it may be another."""
    try:
        return datetime.strptime(measured, "%m/%d/%Y %I:%M:%S %p").isoformat()
    except ValueError:
        return ""
