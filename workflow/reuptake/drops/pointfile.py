"""CSV files written for the pipeline (layouts, responses): strict, with points as decimals."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reuptake.modelling import identifier_fault
from reuptake.problems import Problem
from reuptake.quantities import QuantityError, unit_factor
from reuptake.readers.text import decode

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ZERO = re.compile(r"0+(\.0*)?", re.ASCII)
# no solution is beyond these (100 mol/L; less than one molecule in a litre)
_HIGHEST_nM, _LOWEST_nM = 1e11, 1e-15
# nothing measured is beyond these, and what least squares makes of it remains a number
_LARGEST, _SMALLEST = 1e50, 1e-50


@dataclass
class Row:
    """A row of a point file: its cells by column, its line, and what is wrong with it.

    ``whole`` is false where the row has more or fewer cells than the header.
    """

    file: str
    line: int
    cells: dict[str, str]
    problems: list[Problem]
    whole: bool = True

    def fault(self, message: str, remedy: str, column: str = "") -> None:
        """Record a problem of this row."""
        value = self.cells.get(column, "")
        self.problems.append(Problem(message, remedy, self.file, self.line, column, value))

    def text(self, column: str) -> str:
        """A cell, without spaces at its ends."""
        return self.cells.get(column, "")

    def name(self, column: str) -> str:
        """A cell that names something."""
        text = self.text(column)
        if text and (fault := identifier_fault(text)):
            self.fault(fault, "Rename it.", column)
        return text

    def number(self, column: str) -> float | None:
        """A number with a decimal point; None where the cell is empty or wrong."""
        text = self.text(column)
        if not text:
            return None
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            remedy = "Write digits, with a point for decimals, such as 0.316 or 1e-3."
            if re.fullmatch(r"[+-]?[\d.]*,\d+", text):
                remedy = f"Write a point for the decimal comma: {text.replace(',', '.')}."
            self.fault("not a number", remedy, column)
            return None
        number = float(text)
        if number and not _SMALLEST <= abs(number) <= _LARGEST:
            self.fault("a number out of any range", "Mend the number or its exponent.", column)
            return None
        return number

    def molar(self, column: str, unit_column: str) -> float | None:
        """A concentration in nM from two cells."""
        number, unit = self.number(column), self.text(unit_column)
        if number is None:
            return None
        if not unit:
            remedy = "Name the unit in every row that has a concentration, such as nM or uM."
            self.fault("a concentration without a unit", remedy, unit_column)
            return None
        try:
            concentration_nM = float(f"{number * unit_factor(unit, 'nM'):.15g}")
        except QuantityError as error:
            self.fault(f"{error}", "Use a molar unit: M, mM, uM, nM, pM or fM.", unit_column)
            return None
        if number and not _LOWEST_nM <= abs(concentration_nM) <= _HIGHEST_nM:
            self.fault(f"{number:g} {unit} is no concentration", "Mend number or unit.", column)
            return None
        if concentration_nM < 0:
            self.fault("a negative concentration", "Mend the sign.", column)
            return None
        return concentration_nM

    def molar_or_zero(self, column: str, unit_column: str) -> float | None:
        """The same where zero means vehicle, which needs no unit."""
        if not self.text(unit_column) and _ZERO.fullmatch(self.text(column)):
            return 0.0
        return self.molar(column, unit_column)


def rows(
    file: str,
    content: bytes,
    required: tuple[str, ...],
    optional: tuple[str, ...],
    problems: list[Problem],
    *,
    broken: bool = False,
) -> Iterator[Row]:
    """The rows of a point file whose header is right; every fault goes to `problems`.

    Columns that begin with ``x_`` are allowed and left alone; other unknown ones are not.
    Rows with too many or too few cells are left out, unless `broken` asks for them.
    """
    try:
        text = decode(content)
    except ValueError as error:
        problems.append(Problem(str(error), "Save the file as CSV, UTF-8.", file))
        return
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not _header_right(file, header, required, optional, problems):
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            if len(cells) != len(header):
                message = f"{len(cells)} cells where the header has {len(header)}"
                remedy = "Check the commas: decimals need a point, text with a comma needs quotes."
                shown = delimiter.join(cells)
                problems.append(Problem(message, remedy, file, line, value=shown))
                if not broken:
                    continue
            named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            yield Row(file, line, named, problems, len(cells) == len(header))
    except csv.Error as error:
        remedy = "Mend the quotes on this line."
        problems.append(Problem(f"not valid CSV: {error}", remedy, file, reader.line_num))


def _header_right(file, header, required, optional, problems) -> bool:
    known = (*required, *optional)
    before = len(problems)
    if not any(header):
        remedy = f"It begins with the header `{','.join(required)}`."
        problems.append(Problem("the file or its first line is empty", remedy, file, 1))
        return False
    for name in required:
        if name not in header:
            remedy = f"Add it; the header is `{','.join(required)}`."
            problems.append(Problem("the column is missing", remedy, file, 1, name))
    for name in header:
        if name not in known and not name.startswith("x_"):
            remedy = f"Remove it, or begin its name with x_ to keep it. Known: {', '.join(known)}."
            problems.append(Problem("unknown column", remedy, file, 1, name))
    for name in sorted({name for name in header if header.count(name) > 1}):
        problems.append(Problem("the column stands twice", "Keep one of them.", file, 1, name))
    return len(problems) == before
