"""What the two exports of a MicroBeta have in common: plate blocks, the list, the footer.

A run is a header (``RUN INFORMATION:``), perhaps a list (``COLUMNS:``), a block per plate
from ``Plate n`` to ``End of plate n``, and perhaps a footer (``Total count rate:``). It may be
split over several files, of which only the first has the header and only the last the footer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import numpy as np

from reuptake.problems import Problem
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document
from reuptake.wellnames import PLATE_SIZES, row_letters, sizes_text, well_name

RUN_INFORMATION = "RUN INFORMATION:"
COLUMNS = "COLUMNS:"
EXPORT_AGAIN = "Export the run again, or copy the file again; do not edit it"

_PLATE = re.compile(r"Plate\s+([0-9]{1,6})")
_END_OF_PLATE = re.compile(r"End of plate\s+([0-9]{1,6})")
_SHELF = re.compile(r"Shelf:\s*[0-9]*\s*/\s*([0-9]{1,3})\s*\*\s*([0-9]{1,3})\b")
_TOTAL = re.compile(r"Total count rate:\s*(\S+)\s*(\S*)")
_TIMESTAMP = re.compile(r"\b([0-9]{1,2})-([A-Z][a-z]{2})-([0-9]{4})\s+([0-9]{1,2}):([0-9]{2})\b")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Line = tuple[int, str]  # number in the file from 1, and the line without its end


@dataclass(frozen=True)
class Total:
    """The footer: the sum over all wells of the run."""

    value: float
    unit: str
    file: str
    line: int


@dataclass
class Run:
    """What the files of a run hold, and what is wrong with them."""

    plates: list[CounterPlate] = field(default_factory=list)
    plate_lines: dict[str, int] = field(default_factory=dict)  # by label
    columns: list[tuple[str, list[Line]]] = field(default_factory=list)  # (file, its list)
    total: Total | None = None
    measured_at: str = ""
    whole: bool = False  # every plate that the footer counts is at hand
    problems: list[Problem] = field(default_factory=list)


def lines_of(document: Document) -> list[Line]:
    """The numbered lines of a file."""
    return list(enumerate(text.split_lines(document.text), start=1))


def has_line(document: Document, *starts: str) -> bool:
    """Whether a line begins with one of `starts`."""
    return any(line.startswith(starts) for _, line in lines_of(document))


def has_plate(document: Document) -> bool:
    """Whether a line ``Plate n`` stands in the file."""
    return any(_PLATE.fullmatch(line.strip()) for _, line in lines_of(document))


def parse_run(documents: Sequence[Document]) -> Run:
    """Read the files of one run, in order, and check them against themselves.

    A plate is truncated without its ``End of plate n`` or with other rows or columns than
    its Shelf line says. The footer, if any, agrees with the sum of the wells within 0.5 a
    well (the total is summed before the wells are rounded), where all its plates are at hand:
    in a file that has both header and footer, or in files whose plates are numbered without
    a gap from the one after the header on.
    """
    run = Run()
    for i, document in enumerate(documents):
        _read_file(document, first=i == 0, run=run)
    numbers = [int(plate.label) for plate in run.plates]
    gapless = all(b == a + 1 for a, b in pairwise(numbers))
    header_first = has_line(documents[0], RUN_INFORMATION)
    run.whole = header_first and (gapless or len(documents) == 1)
    if not run.problems:
        run.problems += _total_problems(run)
    return run


def _read_file(document: Document, first: bool, run: Run) -> None:
    lines = lines_of(document)
    if not first and has_line(document, RUN_INFORMATION):
        run.problems.append(
            Problem(
                "a run begins here, but this is not the first file listed",
                "List the files of one run in its order under `counts`; give another run's "
                "file its own plate in drop.yaml",
                document.name,
            )
        )
    if not run.measured_at:
        run.measured_at = next((iso for _, line in lines if (iso := _timestamp(line))), "")
    columns = [i for i, (_, line) in enumerate(lines) if line.strip() == COLUMNS]
    blocks = list(_plate_blocks(lines, document.name, run.problems))
    if columns:
        body = lines[columns[0] + 1 :]
        stop = next((i for i, (_, line) in enumerate(body) if _ends_list(line.strip())), len(body))
        run.columns.append((document.name, body[:stop]))
    if not blocks:
        run.problems.append(
            Problem("the file holds no plate; it may be truncated", EXPORT_AGAIN, document.name)
        )
    for number, block in blocks:
        if run.total:
            run.problems.append(
                Problem(
                    f"plate {number} stands after the footer of the run",
                    "List the files of one run in its order under `counts`",
                    document.name,
                    line=block[0][0],
                )
            )
        _read_plate(number, block, document.name, run)
    _read_total(lines, document.name, run)


def _ends_list(line: str) -> bool:
    return line == "PLATES:" or bool(_PLATE.fullmatch(line))


def _timestamp(line: str) -> str:
    """``Counting protocol no: 4    Thu 31-Oct-2013  13:41`` as ``2013-10-31T13:41``, else empty."""
    match = _TIMESTAMP.search(line) if line.startswith("Counting protocol") else None
    if not match or match[2] not in _MONTHS:
        return ""
    day, year, hour, minute = (int(match[i]) for i in (1, 3, 4, 5))
    try:
        moment = datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute)
    except ValueError:
        return ""
    return moment.isoformat(timespec="minutes")


def _plate_blocks(
    lines: list[Line], file: str, problems: list[Problem]
) -> Iterator[tuple[int, list[Line]]]:
    """(number, lines) of each block from ``Plate n`` to its end, the ends left out."""

    def truncated(number: int, line: int) -> Problem:
        message = f"plate {number} is truncated: its 'End of plate {number}' is missing"
        return Problem(message, EXPORT_AGAIN, file, line=line)

    number, block = None, []
    for at, line in lines:
        plain = line.strip()
        begins, ends = _PLATE.fullmatch(plain), _END_OF_PLATE.fullmatch(plain)
        footer = plain == "END" or plain.startswith(("Total count rate", RUN_INFORMATION))
        own_end = bool(ends) and int(ends[1]) == number
        if ends and not own_end:
            message = f"the end of plate {ends[1]} without its beginning"
            problems.append(Problem(message, EXPORT_AGAIN, file, at, value=plain))
        if number is not None and (begins or ends or footer):
            if not own_end:
                problems.append(truncated(number, at))
            yield number, block
            number, block = None, []
        if begins:
            number = int(begins[1])
        if number is not None:
            block.append((at, line))
    if number is not None:
        problems.append(truncated(number, lines[-1][0]))
        yield number, block


def _read_plate(number: int, block: list[Line], file: str, run: Run) -> None:
    start = block[0][0]

    def fault(message: str, remedy: str = EXPORT_AGAIN, line: int = start, **more: str) -> None:
        run.problems.append(Problem(f"plate {number}: {message}", remedy, file, line, **more))

    label = str(number)
    if label in run.plate_lines:
        fault(
            "the number occurs twice in the run",
            "List each file once; give another run's file its own plate in drop.yaml",
        )
    elif run.plates and number < int(run.plates[-1].label):
        fault(f"stands after plate {run.plates[-1].label}", "List the files in the run's order")
    run.plate_lines.setdefault(label, start)

    shelf = next((match for _, line in block if (match := _SHELF.search(line))), None)
    if shelf is None:
        fault("no size, which stands in the line 'Cassette information' as in 'Shelf: 1/8*12'")
        return
    rows, columns = int(shelf[1]), int(shelf[2])
    if (rows, columns) not in PLATE_SIZES:
        fault(
            f"a plate of {rows} x {columns} wells; known are {sizes_text()}",
            value=shelf[0],
        )
        return
    grids = [grid for grid in _grids(block) if not grid[0].endswith("%")]
    if len(grids) != 1:
        names = " and ".join(quantity for quantity, _ in grids)
        fault(
            f"more than one quantity ({names})" if grids else "no grid of counts",
            "Export the run with one quantity a plate" if grids else EXPORT_AGAIN,
        )
        return
    quantity, body = grids[0]
    counts, lines = _read_grid(body, rows, columns, fault)
    unit = re.sub(r"[0-9]+$", "", quantity) or "counts"
    run.plates.append(CounterPlate(label, counts, unit, file, run.measured_at, lines))


def _cells(line: str) -> list[str]:
    """The cells of a line, without the empty one after its closing tab."""
    cells = [cell.strip() for cell in line.split("\t")]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _is_header(line: str) -> bool:
    return line.split("\t")[0].strip() == "" and _cells(line)[1:2] == ["1"]


def _grids(block: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    """(quantity, header and rows) of each grid; the quantity is the line before the header."""
    filled = [(at, line) for at, line in block if line.strip()]
    headers = [i for i, (_, line) in enumerate(filled) if i and _is_header(line)]
    stops = [following - 1 for following in headers[1:]] + [len(filled)]
    for header, stop in zip(headers, stops, strict=False):
        yield filled[header - 1][1].strip(), filled[header:stop]


def _read_grid(body: list[Line], rows: int, columns: int, fault) -> tuple[np.ndarray, np.ndarray]:
    """Counts and their lines; whatever is not as the Shelf line says goes to `fault`."""
    counts = np.full((rows, columns), math.nan)
    lines = np.zeros(counts.shape, dtype=int)
    at, header = body[0]
    numbers = _cells(header)[1:]
    if numbers != [str(column + 1) for column in range(columns)]:
        fault(f"the header should run from 1 to {columns}", line=at, value=" ".join(numbers))
        return counts, lines
    letters = [row_letters(row) for row in range(rows)]
    missing = letters.copy()
    for at, line in body[1:]:
        letter, *cells = _cells(line)
        if letter not in missing:
            again = letter in letters
            fault(f"row {letter} again" if again else "not a row of it", line=at, value=line)
            continue
        missing.remove(letter)
        if len(cells) != columns:
            fault(f"row {letter} has {len(cells)} of {columns} wells", line=at)
        row = letters.index(letter)
        lines[row] = at
        for column, cell in enumerate(cells[:columns]):
            try:
                counts[row, column] = text.count(cell)
            except ValueError as error:
                well = well_name(row, column)
                fault(str(error), NUMBER_REMEDY, line=at, column=well, value=cell)
    if missing:
        fault(
            f"truncated: {rows - len(missing)} of {rows} rows; {', '.join(missing)} missing",
            line=body[-1][0],
        )
    return counts, lines


def _read_total(lines: list[Line], file: str, run: Run) -> None:
    for at, line in lines:
        match = _TOTAL.fullmatch(line.strip())
        if not match:
            continue
        try:
            run.total = Total(text.number(match[1]), match[2], file, at)
        except ValueError as error:
            run.problems.append(
                Problem(f"total count rate: {error}", EXPORT_AGAIN, file, at, value=match[1])
            )


def _total_problems(run: Run) -> Iterator[Problem]:
    """The footer against the sum of the wells: each is rounded to 1, hence 0.5 a well."""
    if run.total is None or not run.whole:
        return
    if run.total.unit and any(plate.unit != run.total.unit for plate in run.plates):
        return  # a total of another quantity says nothing about these
    summed = sum(float(np.nansum(plate.counts)) for plate in run.plates)
    wells = sum(int(np.isfinite(plate.counts).sum()) for plate in run.plates)
    if abs(summed - run.total.value) > 0.5 * wells:
        yield Problem(
            f"the wells sum to {summed:.10g} and the footer says {run.total.value:.10g}: more "
            f"than 0.5 a well apart ({wells} wells), so the file was edited or is not whole",
            EXPORT_AGAIN,
            run.total.file,
            line=run.total.line,
            value=f"{run.total.value:.10g} {run.total.unit}".strip(),
        )
