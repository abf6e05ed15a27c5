"""Wizard2 gamma counter: a csv with one row a tube, known by its rack and position."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document, Row
from reuptake.readers.tubes import Tubes

_CPM = re.compile(r".+ CPM")
_REMEDY = "Give the counter's unchanged export, with the columns Rack, Pos and the nuclide's CPM"


def recognises(document: Document) -> bool:
    """A header with rack, position and a nuclide's CPM."""
    return any(_header(table.rows) is not None for table in document.tables)


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """A plate for each rack, in order of first appearance.

    Raises
    ------
    ProblemsError
        If there is no header, more than one nuclide, a tube twice, or a CPM that is no number.
    """
    problems: list[Problem] = []
    racks: dict[str, Tubes] = {}
    for document in documents:
        rows = document.tables[0].rows if document.tables else []
        header = _header(rows)
        if header is None:
            problems.append(Problem("no header of a Wizard2 export", _REMEDY, document.name))
            continue
        names = header.cells
        nuclides = [i for i, name in enumerate(names) if _CPM.fullmatch(name)]
        if len(nuclides) > 1:
            found = ", ".join(names[i] for i in nuclides)
            message = f"more than one nuclide: {found}"
            remedy = "Export each nuclide to a file of its own"
            problems.append(Problem(message, remedy, document.name, header.line))
            continue
        for row in rows:
            if row.line > header.line and any(row.cells):
                columns = (names.index("Rack"), names.index("Pos"), nuclides[0])
                _read_tube(document.name, row, columns, racks, problems)
    if not problems and not racks:
        problems.append(Problem("no tube in it", _REMEDY, documents[0].name))
    if problems:
        raise ProblemsError(problems)
    return [rack.plate() for rack in racks.values()]


def _header(rows: list[Row]) -> Row | None:
    for row in rows:
        if {"Rack", "Pos"} <= set(row.cells) and any(map(_CPM.fullmatch, row.cells)):
            return row
    return None


def _read_tube(name: str, row: Row, columns, racks: dict[str, Tubes], problems) -> None:
    if len(row.cells) <= max(columns):
        problems.append(Problem("a row cut short", "Export the run again", name, row.line))
        return
    label, position, cpm = (row.cells[i] for i in columns)
    try:
        counts = text.count(cpm)
    except ValueError as error:
        problems.append(Problem(str(error), NUMBER_REMEDY, name, row.line, "CPM", cpm))
        return
    if not label:
        problems.append(Problem("no rack named", _REMEDY, name, row.line, "Rack"))
        return
    tubes = racks.setdefault(label, Tubes(label, name, "CPM"))
    tubes.add(position, counts, name, row.line, problems)
