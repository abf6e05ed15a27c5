"""Hidex 300 SL: ``key;value`` lines for each measurement, then its spectrum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text
from reuptake.readers.base import NUMBER_REMEDY, CounterPlate, Document
from reuptake.wellnames import parse_well, smallest_plate, well_name

_FIRST, _WELL, _QUANTITY, _END = "Samp.", "WName", "CPM", "EndTime"
_REMEDY = "Give the counter's unchanged export, with Samp., WName and CPM of every measurement"


@dataclass
class _Measurement:
    line: int
    values: dict[str, str] = field(default_factory=dict)
    counted: int = 0  # the line of its CPM


def recognises(document: Document) -> bool:
    """Lines ``Samp.;n`` with ``WName`` and ``CPM`` behind them."""
    found = _measurements(document.text)
    return bool(found) and {_WELL, _QUANTITY} <= found[0].values.keys()


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """One plate of all measurements, of the smallest size that holds its wells.

    Raises
    ------
    ProblemsError
        If a measurement has no well or no CPM, or a well was measured twice.
    """
    problems: list[Problem] = []
    counts: dict[tuple[int, int], tuple[float, str, int]] = {}
    ended = ""
    for document in documents:
        found = _measurements(document.text)
        if not found:
            problems.append(Problem("no measurement in it", _REMEDY, document.name))
        for measurement in found:
            ended = max(ended, _timestamp(measurement.values.get(_END, "")))
            _read_well(document.name, measurement, counts, problems)
    if problems:
        raise ProblemsError(problems)
    rows, columns = (max(axis) + 1 for axis in zip(*counts, strict=True))
    first = documents[0].name
    grid = np.full(smallest_plate(rows, columns), math.nan)
    lines = np.zeros(grid.shape, dtype=int)
    for well, (value, file, line) in counts.items():
        # a line of another file would be taken for one of the first
        grid[well], lines[well] = value, line if file == first else 0
    return [CounterPlate("1", grid, _QUANTITY, first, ended, lines)]


def _measurements(content: str) -> list[_Measurement]:
    """The key and value lines of each measurement; those of spectra have no key."""
    found: list[_Measurement] = []
    for line, words in enumerate(text.split_lines(content), start=1):
        key, separator, value = (part.strip() for part in words.partition(";"))
        if not separator or not key[:1].isalpha():
            continue
        if key == _FIRST:
            found.append(_Measurement(line))
        if found:
            found[-1].values.setdefault(key, value)
            if key == _QUANTITY:
                found[-1].counted = found[-1].counted or line
    return found


def _read_well(name: str, measurement: _Measurement, counts: dict, problems) -> None:
    def fault(message, remedy, column="", value=""):
        problems.append(Problem(message, remedy, name, measurement.line, column, value))

    values = measurement.values
    missing = [key for key in (_WELL, _QUANTITY) if key not in values]
    if missing:
        fault(f"a measurement without {' and '.join(missing)}", _REMEDY)
        return
    try:
        well = parse_well(values[_WELL])
    except ValueError as error:
        fault(str(error), _REMEDY, _WELL, values[_WELL])
        return
    try:
        value = text.count(values[_QUANTITY], "," if "," in values[_QUANTITY] else ".")
    except ValueError as error:
        fault(str(error), NUMBER_REMEDY, _QUANTITY, values[_QUANTITY])
        return
    if well in counts:
        remedy = "Export one repeat a file, and name the file of the one that counts"
        fault("the well was measured twice", remedy, well_name(*well), values[_QUANTITY])
    counts.setdefault(well, (value, name, measurement.counted))


def _timestamp(ended: str) -> str:
    """ISO form of a day-first time; empty where it is none."""
    try:
        return datetime.strptime(ended, "%d/%m/%Y %H:%M:%S").isoformat()
    except ValueError:
        return ""
