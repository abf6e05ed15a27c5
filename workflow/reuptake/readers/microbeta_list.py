"""MicroBeta list and grid: every count stands twice, and both must agree.

In the list a tube is known by its sample number: POS restarts at A01 on each cassette.
Samples fill the cassettes in order, row by row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import microbeta, text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document
from reuptake.wellnames import parse_well, well_name

Place = tuple[CounterPlate, int, int]  # cassette, row, column


@dataclass(frozen=True)
class Sample:
    """A row of the list."""

    number: int
    well: tuple[int, int]
    counts: float
    line: int


def recognises(document: Document) -> bool:
    """A MicroBeta run with a list of its tubes."""
    return microbeta.has_line(document, microbeta.COLUMNS) and microbeta.has_line(
        document, microbeta.RUN_INFORMATION, "PLATES:"
    )


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """The cassettes of a run.

    Raises
    ------
    ProblemsError
        If a cassette is truncated, a well holds no number, the footer's total disagrees, or
        list and grid disagree: one problem a cassette, which names its wells and both values.
    """
    run = microbeta.parse_run(documents)
    problems = run.problems
    if not run.columns:
        problems.append(
            Problem(
                "the list of tubes under COLUMNS: is missing",
                "State `format: microbeta_plate` for an export without list",
                documents[0].name,
            )
        )
    units = {plate.unit for plate in run.plates}
    samples: dict[int, Sample] = {}
    for file, lines in run.columns:
        for sample in _samples(file, lines, units, problems):
            if sample.number in samples:
                problems.append(
                    Problem(
                        f"sample {sample.number} stands twice in the list",
                        microbeta.EXPORT_AGAIN,
                        file,
                        line=sample.line,
                        column=well_name(*sample.well),
                    )
                )
            samples.setdefault(sample.number, sample)
    # Compared only where both could be read: a damaged list would disagree everywhere.
    if not problems:
        problems += _disagreements(samples, run)
    if problems:
        raise ProblemsError(problems)
    return run.plates


def _samples(
    file: str, lines: list[microbeta.Line], units: set[str], problems: list[Problem]
) -> Iterator[Sample]:
    """The rows of the list; the counts are those of the column named like the grids' unit."""
    rows = [(at, [cell.strip() for cell in line.split("\t")]) for at, line in lines if "\t" in line]
    at, header = rows[0] if rows else (lines[0][0] if lines else None, [])
    quantities = [i for i, name in enumerate(header) if re.sub(r"[0-9]+$", "", name) in units]
    if "SAMPLE" not in header or "POS" not in header or len(quantities) != 1:
        problems.append(
            Problem(
                f"the list needs SAMPLE, POS and one {' or '.join(sorted(units)) or 'quantity'}",
                microbeta.EXPORT_AGAIN,
                file,
                line=at,
                value=" ".join(header),
            )
        )
        return
    sample_at, well_at, counts_at = header.index("SAMPLE"), header.index("POS"), quantities[0]
    for at, cells in rows[1:]:
        cells += [""] * (len(header) - len(cells))
        name, position, value = cells[sample_at], cells[well_at], cells[counts_at]
        number = re.search(r"([0-9]{1,7})$", name)
        faults = []
        if not number or int(number[1]) == 0:
            faults.append(("a sample without a number", microbeta.EXPORT_AGAIN, "SAMPLE", name))
        try:
            well = parse_well(position)
        except ValueError:
            faults.append(("not a well", microbeta.EXPORT_AGAIN, "POS", position))
        try:
            counts = text.count(value)
        except ValueError as error:
            faults.append((str(error), NUMBER_REMEDY, header[counts_at], value))
        if faults:
            problems += [
                Problem(message, remedy, file, at, column, found)
                for message, remedy, column, found in faults
            ]
        else:
            yield Sample(int(number[1]), well, counts, at)


def _disagreements(samples: dict[int, Sample], run: microbeta.Run) -> list[Problem]:
    """What list and grid do not agree on.

    Sample n is the n-th position; where a file leaves empty positions unnumbered, it is the
    n-th tube. Either is accepted if it explains the whole file, wells and counts.
    """
    positions = [
        (plate, row, column)
        for plate in run.plates
        for row in range(plate.counts.shape[0])
        for column in range(plate.counts.shape[1])
    ]
    tubes = [place for place in positions if not math.isnan(_grid_counts(place))]
    as_positions = list(_compare(samples, positions, run))
    return as_positions if list(_compare(samples, tubes, run)) else []


def _compare(
    samples: dict[int, Sample], places: Sequence[Place], run: microbeta.Run
) -> Iterator[Problem]:
    wells: dict[str, list[str]] = {plate.label: [] for plate in run.plates}
    for number, place in enumerate(places, start=1):
        difference = _difference(samples.get(number), place)
        if difference:
            wells[place[0].label].append(difference)
    file = run.columns[0][0]
    for plate in run.plates:
        if wells[plate.label]:
            yield Problem(
                f"list and grid disagree in {len(wells[plate.label])} of {plate.counts.size} "
                f"wells: {'; '.join(wells[plate.label])}. Somebody edited the file",
                microbeta.EXPORT_AGAIN,
                plate.file,
                line=run.plate_lines[plate.label],
                column=f"cassette {plate.label}",
            )
    for sample in _beyond(samples.values(), len(places)):
        yield Problem(
            f"sample {sample.number} stands in the list, but the grids end before it",
            microbeta.EXPORT_AGAIN,
            file,
            line=sample.line,
            column=well_name(*sample.well),
            value=f"{sample.counts:.10g}",
        )


def _beyond(samples: Iterable[Sample], last: int) -> list[Sample]:
    return [sample for sample in samples if sample.number > last and not math.isnan(sample.counts)]


def _difference(sample: Sample | None, place: Place) -> str:
    """``A1 list 120, grid 119``; empty where both agree or neither has counts."""
    _, row, column = place
    grid = _grid_counts(place)
    well = well_name(row, column)
    if sample is None:
        return "" if math.isnan(grid) else f"{well} not in the list, grid {grid:.10g}"
    if sample.well != (row, column):
        return f"{well} listed as {well_name(*sample.well)} (sample {sample.number})"
    if sample.counts == grid or (math.isnan(sample.counts) and math.isnan(grid)):
        return ""
    return f"{well} list {_shown(sample.counts)}, grid {_shown(grid)}"


def _grid_counts(place: Place) -> float:
    plate, row, column = place
    return float(plate.counts[row, column])


def _shown(counts: float) -> str:
    return "-" if math.isnan(counts) else f"{counts:.10g}"
