"""Tubes and vials to wells: counters that know no plate count them one after another.

Tube n of a rack or run is the n-th well of a plate, row by row: 1 is A1, 12 is A12, 13 is B1
of a 96-well plate. The layout names it so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from reuptake.problems import Problem
from reuptake.readers.base import CounterPlate

_SIZES = ((8, 12), (16, 24), (32, 48))


@dataclass
class Tubes:
    """The tubes of one rack, run or protocol as they are read.

    Attributes
    ----------
    label : str
        What ``counts_plate`` selects.
    file, unit, measured_at : str
    counts : dict of int to float
    lines : dict of int to int
        By number, from 1.
    """

    label: str
    file: str
    unit: str
    measured_at: str = ""
    counts: dict[int, float] = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)

    def add(self, number: str, counts: float, file: str, line: int, problems) -> None:
        """Take a tube; a number that is none, or that stands twice, is a problem."""
        largest = math.prod(_SIZES[-1])
        if not number.isdigit() or not 1 <= int(number) <= largest:
            message = f"not a tube number from 1 to {largest}"
            remedy = "Export the run again, unchanged"
            problems.append(Problem(message, remedy, file, line, value=number))
        elif int(number) in self.counts:
            message = f"tube {number} stands twice in {self.label}"
            remedy = "Export the run without repeats, or each repeat to a file of its own"
            problems.append(Problem(message, remedy, file, line, value=number))
        else:
            self.counts[int(number)] = counts
            # a line of another file would be taken for one of the first
            self.lines[int(number)] = line if file == self.file else 0

    def plate(self) -> CounterPlate:
        """The tubes as a plate of the smallest size that has a well for each."""
        highest = max(self.counts)
        rows, columns = next(size for size in _SIZES if math.prod(size) >= highest)
        counts, lines = np.full(rows * columns, math.nan), np.zeros(rows * columns, dtype=int)
        for number, value in self.counts.items():
            counts[number - 1], lines[number - 1] = value, self.lines[number]
        counts, lines = (of.reshape(rows, columns) for of in (counts, lines))
        return CounterPlate(self.label, counts, self.unit, self.file, self.measured_at, lines)
