"""The long table of ``reuptake fit``: the wells of many curves, one row a well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reuptake.drops import pointfile
from reuptake.formatting import join_words
from reuptake.modelling import identifier_fault
from reuptake.problems import Problem, ProblemsError, shown
from reuptake.readers.text import NOT_COUNTED

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED = ("curve", "concentration", "unit", "response")
OPTIONAL = ("sd", "role")
ROLES = ("sample", "vehicle", "full_block")
MISSING = NOT_COUNTED | {"na", "nan"}
SHARED = -1  # the curve of a control that belongs to all
# rows that are bad for the chosen weights alone: one cause, not a fault each
_ROWS_SHOWN = 20


@dataclass
class LongTable:
    """A long table: its curves, its wells, and which rows are bad.

    Attributes
    ----------
    name : str
        Name of the file.
    curves : list of str
        In order of first appearance.
    curve : ndarray of int, shape (n,)
        Index into `curves` of each well; `SHARED` for a control that belongs to all.
    concentration_nM : ndarray, shape (n,)
        0 for vehicle and inf for full block.
    response : ndarray, shape (n,)
        NaN where the well is missing.
    sd : ndarray, shape (n,)
        NaN where none is given.
    line : ndarray of int, shape (n,)
    bad_lines : dict
        Lines of bad rows by curve; under `SHARED` those that may belong to any.
    problems : list of Problem
    has_sd : bool
        Whether there is a column ``sd``.
    notes : list of str
        What is not wrong but may be meant otherwise.
    """

    name: str
    curves: list[str]
    curve: np.ndarray
    concentration_nM: np.ndarray
    response: np.ndarray
    sd: np.ndarray
    line: np.ndarray
    bad_lines: dict[int, list[int]]
    problems: list[Problem]
    has_sd: bool
    notes: list[str]

    def refuse(self, wells: np.ndarray, column: str, message: str, remedy: str) -> None:
        """Call the rows of `wells` (bool, shape (n,)) bad for what stands in `column`."""
        rows = np.flatnonzero(wells)
        for i in rows:
            self.bad_lines[int(self.curve[i])].append(int(self.line[i]))
        for i in rows[:_ROWS_SHOWN]:
            value = getattr(self, column)[i]
            found = "" if np.isnan(value) else f"{value:.15g}"
            line = int(self.line[i])
            self.problems.append(Problem(message, remedy, self.name, line, column, found))
        if (more := len(rows) - _ROWS_SHOWN) > 0:
            message = f"{message}, in {more} rows more"
            self.problems.append(Problem(message, remedy, self.name, None, column))

    def refused(self) -> np.ndarray:
        """Whether a curve has a bad row, or may have one; bool, one a curve."""
        if self.bad_lines[SHARED]:
            return np.ones(len(self.curves), dtype=bool)
        out = np.zeros(len(self.curves), dtype=bool)
        out[[curve for curve, lines in self.bad_lines.items() if lines]] = True
        return out

    def wells(self) -> tuple[np.ndarray, np.ndarray]:
        """The wells of every curve that is not refused, shared controls repeated for each.

        Returns
        -------
        curve : ndarray of int
        well : ndarray of int
            Index into the arrays of the table.
        """
        use = ~self.refused()
        well = np.flatnonzero((self.curve != SHARED) & use[self.curve])
        shared, curves = np.flatnonzero(self.curve == SHARED), np.flatnonzero(use)
        return (
            np.concatenate([self.curve[well], np.repeat(curves, len(shared))]),
            np.concatenate([well, np.tile(shared, len(curves))]),
        )


def read_long_table(name: str, content: bytes) -> LongTable:
    """The wells of a long table, with every fault of every row.

    Raises
    ------
    ProblemsError
        If the file is no text, its header is wrong, its quotes are broken or it names no
        curve.
    """
    problems: list[Problem] = []
    source = pointfile.Table(name, content, REQUIRED, OPTIONAL, problems)
    if not source.header:
        raise ProblemsError(problems)
    codes, bad_lines = _Codes(), defaultdict(list)
    columns, rows, plain = source.columns(), iter(source), np.empty((0, 5))
    if columns is not None:
        wells, good = _by_column(columns, codes)
        plain, rows = wells[good], _rows(columns, np.flatnonzero(~good))
    others = []
    known, at = 0, source.header.index("curve")
    for line, cells in rows:
        row = source.row(line, cells)
        # in a row with too many or too few cells only the first is surely in its place
        curve = codes[cells[at]] if row.whole or at == 0 else SHARED
        values = _by_cell(row, curve)
        if len(problems) > known:
            bad_lines[curve].append(line)
        else:
            others.append((curve, line, *values))
        known = len(problems)
    if len(problems) > known or (not codes.names and problems):
        raise ProblemsError(problems)
    if not codes.names:
        remedy = "Add one row a well, with the name of its curve."
        raise ProblemsError([Problem("no curve in it", remedy, name)])
    wells = np.concatenate([plain, np.array(others, dtype=float).reshape(-1, 5)])
    curve, line, *values = wells[np.argsort(wells[:, 1])].T
    return LongTable(
        name,
        list(codes.names),
        curve.astype(int),
        *values,
        line.astype(int),
        bad_lines,
        problems,
        "sd" in source.header,
        codes.notes(),
    )


def _rows(columns: dict[str, pa.Array], index: np.ndarray) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of some rows; blank ones are left out."""
    cells = zip(*(column.take(index).to_pylist() for column in columns.values()), strict=True)
    for i, row in zip(index, cells, strict=True):
        if any(map(str.strip, row)):
            yield int(i) + 2, row


class _Codes(dict):
    """The number of each curve by its name as written."""

    def __init__(self):
        super().__init__()
        self.names: dict[str, int] = {}
        self.faulty: set[int] = set()
        self._spaced: dict[str, None] = {}

    def __missing__(self, written: str) -> int:
        name = written.strip()
        if name in self.names:
            self._spaced.setdefault(name)
        code = self[written] = self.names.setdefault(name, len(self.names)) if name else SHARED
        if name and identifier_fault(name):
            self.faulty.add(code)
        return code

    def notes(self) -> list[str]:
        """Names that may be meant as two, or as one."""
        notes = [
            f"curve {shown(name)} is also written with spaces around it: all its rows are one curve"
            for name in self._spaced
        ]
        alike: dict[str, list[str]] = {}
        for name in self.names:
            alike.setdefault(name.casefold(), []).append(name)
        notes += [
            f"curves {join_words([*map(shown, names)])} differ only in capitals: "
            "each is fitted alone"
            for names in alike.values()
            if len(names) > 1
        ]
        return notes


def _by_column(columns: dict[str, pa.Array], codes: _Codes) -> tuple[np.ndarray, np.ndarray]:
    """Read the plain rows of a table, column by column.

    Returns
    -------
    wells : ndarray, shape (n, 5)
        Curve, line, concentration in nM, response and sd of each row.
    plain : ndarray of bool, shape (n,)
        Which rows are read; the others are blank, or may have a fault.
    """
    import pyarrow as pa
    from pyarrow import compute

    n = len(columns["curve"])
    names = columns["curve"].dictionary_encode()
    curve = np.array([codes[name] for name in names.dictionary.to_pylist()])[names.indices]
    cells = [columns[name] for name in ("concentration", "unit", "role") if name in columns]
    between = pa.scalar("\n", pa.large_string())
    wells = compute.binary_join_element_wise(*cells, between).dictionary_encode()
    level = [_level_of(*well.split("\n")) for well in wells.dictionary.to_pylist()]
    level = np.array(level, dtype=float)[wells.indices]
    response, plain = _numbers(columns["response"])
    sd, plain_sd = _numbers(columns["sd"]) if "sd" in columns else (np.full(n, np.nan), True)
    plain &= plain_sd & ~(sd < 0) & ~np.isnan(level) & ~np.isin(curve, [*codes.faulty])
    plain &= (curve != SHARED) | (level == 0) | np.isinf(level)
    return np.column_stack([curve, np.arange(2, n + 2), level, response, sd]), plain


def _numbers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of a column, NaN where there is none, and whether a cell is plain or empty."""
    import pyarrow as pa
    from pyarrow import compute

    texts = compute.utf8_trim_whitespace(texts)
    written = compute.match_substring_regex(texts, f"^(?:{pointfile.NUMBER.pattern})$")
    numbers = compute.if_else(written, texts, "nan").cast(pa.float64()).to_numpy()
    empty = compute.equal(texts, "").to_numpy(zero_copy_only=False)
    return numbers, pointfile.measurable(numbers) | empty


def _level_of(concentration: str, unit: str, role: str = "") -> float | None:
    """The concentration in nM of such a well; None where there is a fault in it."""
    cells = {"concentration": concentration, "unit": unit, "role": role}
    row = pointfile.Row("", 0, {name: cell.strip() for name, cell in cells.items()}, [])
    level = _level(row)
    return None if row.problems else level


def _by_cell(row: pointfile.Row, curve: int) -> tuple:
    """Concentration, response and sd of a row; faults go to its problems."""
    if not row.whole:
        return ()
    row.name("curve")
    level = _level(row)
    if curve == SHARED and row.text("role") in ("", "sample") and level != 0:
        remedy = "Name the curve; only controls may belong to all."
        row.fault("a sample row without a curve", remedy, "curve")
    missing = row.text("response").casefold() in MISSING
    response = np.nan if missing else row.number("response")
    sd = np.nan if row.text("sd").casefold() in MISSING else row.number("sd")
    if sd is not None and sd < 0:
        row.fault("a negative standard deviation", "Mend it, or leave it empty.", "sd")
    return level, response, sd


def _level(row: pointfile.Row) -> float | None:
    """The concentration of a row in nM, 0 for vehicle and inf for full block."""
    role = row.text("role") or "sample"
    if role not in ROLES:
        row.fault("unknown role", f"Use one of {', '.join(ROLES)}.", "role")
    concentration = row.molar_or_zero("concentration", "unit")
    if concentration == 0 and role == "sample":
        role = "vehicle"
    if role == "sample" and not row.text("concentration"):
        row.fault("no concentration", "Give it, or 0 for vehicle.", "concentration")
    elif role == "vehicle" and concentration:
        row.fault("a vehicle row with a concentration", "Write 0.", "concentration")
    return {"vehicle": 0.0, "full_block": np.inf}.get(role, concentration)
