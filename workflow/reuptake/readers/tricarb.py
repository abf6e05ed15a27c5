"""Tri-Carb liquid scintillation counter (QuantaSmart): a report header, then a list of vials.

The columns depend on the laboratory's set-up; they are found by their names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document, Row
from reuptake.readers.tubes import Tubes

_SAMPLE, _PROTOCOL = "S#", "P#"
# the first that is there is taken; channel A is the nuclide's own
_QUANTITIES = (re.compile(r"CPMA?1?"), re.compile(r"DPM[A1]?"))
_REMEDY = "Give the unchanged report, with the columns S# and CPMA (or DPM1)"


def recognises(document: Document) -> bool:
    """A row of column names with the sample's number and its CPM or DPM."""
    return any(_header(table.rows) is not None for table in document.tables)


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """A plate for each protocol (P#), or one; vial S# is the S#-th well.

    Raises
    ------
    ProblemsError
        If there is no such list, a vial twice, or a count that is no number.
    """
    problems: list[Problem] = []
    plates: dict[str, Tubes] = {}
    for document in documents:
        rows = document.tables[0].rows if document.tables else []
        header = _header(rows)
        if header is None:
            problems.append(Problem("no list of vials in it", _REMEDY, document.name))
            continue
        quantity = _quantity(header.cells)
        below = [row for row in rows if row.line > header.line]
        cells = [row.cells[quantity] for row in below if len(row.cells) > quantity]
        try:
            decimal = text.decimal_mark(cells, document.tables[0].delimiter)
        except ValueError as error:
            problems.append(Problem(str(error), NUMBER_REMEDY, document.name))
            continue
        for row in below:
            # a repeated page header, or the blank line and the notes behind the list
            if any(row.cells) and row.cells != header.cells:
                _read_vial(document.name, header, row, quantity, decimal, plates, problems)
    if not problems and not plates:
        problems.append(Problem("no vial in it", _REMEDY, documents[0].name))
    if problems:
        raise ProblemsError(problems)
    return [plate.plate() for plate in plates.values()]


def _header(rows: list[Row]) -> Row | None:
    for row in rows:
        if _SAMPLE in row.cells and _quantity(row.cells) is not None:
            return row
    return None


def _quantity(names: list[str]) -> int | None:
    """The column of counts: CPM of channel A, else DPM."""
    for pattern in _QUANTITIES:
        for i, name in enumerate(names):
            if pattern.fullmatch(name):
                return i
    return None


def _read_vial(name, header: Row, row: Row, quantity, decimal, plates, problems) -> None:
    sample = header.cells.index(_SAMPLE)
    if len(row.cells) <= max(sample, quantity):
        problems.append(Problem("a row cut short", "Export the report again", name, row.line))
        return
    label = row.cells[header.cells.index(_PROTOCOL)] if _PROTOCOL in header.cells else "1"
    try:
        counts = text.count(row.cells[quantity], decimal)
    except ValueError as error:
        column, value = header.cells[quantity], row.cells[quantity]
        problems.append(Problem(str(error), NUMBER_REMEDY, name, row.line, column, value))
        return
    unit = header.cells[quantity][:3]
    tubes = plates.setdefault(label, Tubes(label, name, unit))
    tubes.add(row.cells[sample], counts, name, row.line, problems)
