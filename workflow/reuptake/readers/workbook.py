"""The sheets of an .xlsx workbook: the values that its cells show, never its formulas."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from reuptake.problems import Problem, ProblemsError
from reuptake.readers.base import Row, SourceFile, Table

SIGNATURE = b"PK\x03\x04"
MAX_UNPACKED_MIB = 256
MAX_ROW, MAX_COLUMN = 200_000, 1_000  # far above any plate list; beyond, memory is at stake

_BROKEN = "Open it in a spreadsheet, save it again as .xlsx, or export it as csv"


def read_sheets(file: SourceFile) -> list[Table]:
    """The sheets that hold anything, in the workbook's order.

    Raises
    ------
    ProblemsError
        If the workbook is damaged, protected or too large, or a cell holds a spreadsheet
        error or a formula that was never calculated.
    """
    # Imported here: text files, the usual case, do not need it.
    from python_calamine import CalamineWorkbook

    try:
        problems = list(_faulty_cells(file))
        if problems:
            raise ProblemsError(problems)
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.content))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except ProblemsError:
        raise
    except Exception as error:  # zip, inflate, XML and calamine fail on damage each in its way
        raise ProblemsError(
            [Problem(f"the workbook cannot be opened: {error}", _BROKEN, file.name)]
        ) from None
    tables = []
    for name, values in sheets.items():
        rows = [Row(i, [_text(cell) for cell in row]) for i, row in enumerate(values, start=1)]
        if any(any(row.cells) for row in rows):
            place = file.name if len(sheets) == 1 else f"{file.name}, sheet {name}"
            tables.append(Table(place, rows, delimiter=""))
    return tables


def _text(value: object) -> str:
    """A cell as it would stand in a text file: 47.0 is 47."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.0f}"
    return str(value).strip()


def _faulty_cells(file: SourceFile) -> Iterator[Problem]:
    """Cells that calamine shows as blank though they are not, or that exhaust the memory.

    It returns an error (``#DIV/0!``) and a formula without stored value as an empty cell,
    which would pass for a well that was not counted; and it lays a sheet out densely up to
    its last cell.
    """
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_MIB << 20:
            yield Problem(
                f"the workbook unpacks to more than {MAX_UNPACKED_MIB} MiB",
                "Keep only the counts in it, or export them as csv",
                file.name,
            )
            return
        for part in archive.namelist():
            if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                with archive.open(part) as stream:
                    yield from _faulty_cells_of_sheet(stream, file.name)


def _faulty_cells_of_sheet(stream, name: str) -> Iterator[Problem]:
    for _, element in ElementTree.iterparse(stream):
        tag = element.tag.rpartition("}")[2]
        if tag == "row":
            if int(element.get("r", "0")) > MAX_ROW:
                yield _far(name, f"row {element.get('r')}")
            element.clear()
        if tag != "c":
            continue
        cell = element.get("r", "")
        found = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        row, column = _position(cell)
        if row > MAX_ROW or column > MAX_COLUMN:
            yield _far(name, cell)
        elif element.get("t") == "e":
            yield Problem(
                "a spreadsheet error stands in the cell",
                "Mend the formula or clear the cell, and save the workbook again",
                name,
                line=row or None,
                column=cell,
                value=found.get("v", ""),
            )
        elif "f" in found and "v" not in found:
            yield Problem(
                "a formula whose value was never calculated stands in the cell",
                "Open the workbook in a spreadsheet and save it again, or export it as csv",
                name,
                line=row or None,
                column=cell,
            )


def _position(cell: str) -> tuple[int, int]:
    """Row and column from 1 of a cell reference such as ``B12``; 0 where it has none."""
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(cell[len(letters) :] or 0), column


def _far(name: str, place: str) -> Problem:
    return Problem(
        f"a cell stands beyond row {MAX_ROW} or column {MAX_COLUMN}",
        "Delete what stands far from the counts, and save the workbook again",
        name,
        column=place,
    )
