"""CSV files written for the pipeline (layouts, responses): strict, with points as decimals."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reuptake.modelling import identifier_fault
from reuptake.problems import Problem
from reuptake.quantities import QuantityError, unit_factor
from reuptake.readers.text import decode

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
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
        if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            remedy = "Write digits, with a point for decimals, such as 0.316 or 1e-3."
            if re.fullmatch(r"[+-]?[\d.]*,\d+", text):
                remedy = f"Write a point for the decimal comma: {text.replace(',', '.')}."
            self.fault("not a number", remedy, column)
            return None
        number = float(text)
        if not measurable(number):
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


def measurable(number):
    """Whether numbers can be measured ones, by their size; not so for NaN."""
    size = abs(number)
    return (size == 0) | (size >= _SMALLEST) & (size <= _LARGEST)


class Table:
    """A point file whose header is right; every fault goes to `problems`.

    Columns that begin with ``x_`` are allowed and left alone; other unknown ones are not.
    Iterating gives the line and the cells of each row that is not blank, as they stand.

    Attributes
    ----------
    header : list of str
        Empty where the file cannot be read.
    """

    def __init__(
        self,
        file: str,
        content: bytes,
        required: tuple[str, ...],
        optional: tuple[str, ...],
        problems: list[Problem],
    ):
        self.file, self.problems, self.header = file, problems, []
        try:
            self._text = decode(content)
        except ValueError as error:
            problems.append(Problem(str(error), "Save the file as CSV, UTF-8.", file))
            return
        first = self._text.split("\n", 1)[0]
        self._delimiter = max(",;\t", key=first.count)
        lines = io.StringIO(self._text, newline="")
        self._reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        try:
            header = [cell.strip() for cell in next(self._reader, [])]
        except csv.Error as error:
            self._broken(error)
            return
        if _header_right(file, header, required, optional, problems):
            self.header = header

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        if not self.header:
            return
        try:
            for cells in self._reader:
                if any(map(str.strip, cells)):
                    yield self._reader.line_num, cells
        except csv.Error as error:
            self._broken(error)

    def columns(self) -> dict[str, pa.Array] | None:
        """The cells of every row by column, fast; the first row is that of line 2.

        None unless every line is a row and every row has as many cells as the header.
        """
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        between = f"{self._delimiter}\r\n"
        quoted = rf'(?<![^{between}])"([^"{between}]*)"(?![^{between}])'
        text = re.sub(quoted, r"\1", self._text) if '"' in self._text else self._text
        body = text.partition("\n")[2].rstrip("\r\n")
        if '"' in text or not body or text.count("\r") != text.count("\r\n"):
            return None
        text_type = pa.large_string()
        try:
            table = arrow_csv.read_csv(
                pa.py_buffer(body.encode()),
                arrow_csv.ReadOptions(column_names=self.header, block_size=csv.field_size_limit()),
                arrow_csv.ParseOptions(
                    delimiter=self._delimiter, quote_char=False, ignore_empty_lines=False
                ),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(self.header, text_type)),
            )
        except pa.ArrowInvalid:
            return None
        return {name: table[name].combine_chunks() for name in self.header}

    def row(self, line: int, cells: Sequence[str]) -> Row:
        """A row by the names of its columns; a wrong number of cells is a fault of it."""
        whole = len(cells) == len(self.header)
        if not whole:
            message = f"{len(cells)} cells where the header has {len(self.header)}"
            remedy = "Check the commas: decimals need a point, text with a comma needs quotes."
            shown = self._delimiter.join(cells)
            self.problems.append(Problem(message, remedy, self.file, line, value=shown))
        named = dict(zip(self.header, map(str.strip, cells), strict=False))
        return Row(self.file, line, named, self.problems, whole)

    def _broken(self, error: csv.Error) -> None:
        message, remedy = f"not valid CSV: {error}", "Mend the quotes on this line."
        self.problems.append(Problem(message, remedy, self.file, self._reader.line_num))


def rows(
    file: str,
    content: bytes,
    required: tuple[str, ...],
    optional: tuple[str, ...],
    problems: list[Problem],
) -> Iterator[Row]:
    """The rows of a :class:`Table`, without those that have too many or too few cells."""
    table = Table(file, content, required, optional, problems)
    for line, cells in table:
        row = table.row(line, cells)
        if row.whole:
            yield row


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
