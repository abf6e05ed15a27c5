"""``reuptake fit``: the curve engine on a long table of responses, without drops or config."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reuptake.drops import pointfile
from reuptake.problems import Problem, ProblemsError, shown
from reuptake.readers.text import NOT_COUNTED
from reuptake.tables import CURVES, Column, typed, write_csv

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("curve", "concentration", "unit", "response")
OPTIONAL = ("sd", "role")
ROLES = ("sample", "vehicle", "full_block")
MISSING = NOT_COUNTED | {"na", "nan"}

_CURVE = Column("curve", "text", "curve, as the input table names it")


@dataclass
class LongTable:
    """A long table: its curves, their points, and which rows are bad.

    Attributes
    ----------
    curves : list of str
        In order of first appearance.
    points : list of tuple
        (curve, concentration in nM, response): the curve is empty where a control belongs to
        all; the concentration 0 for vehicle and inf for full block; the response NaN where
        the well is missing.
    bad_lines : dict
        Lines of bad rows by the name of their curve; under the empty name those that may
        belong to any.
    problems : list of Problem
    has_sd : bool
        Whether there is a column ``sd``.
    """

    curves: list[str] = field(default_factory=list)
    points: list[tuple[str, float, float]] = field(default_factory=list)
    bad_lines: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)
    has_sd: bool = False


def run(file: Path, out: Path) -> int:
    """Fit every curve of `file` and write the answers to `out`.

    Faults of the table and reasons of failure go to stderr. A curve with a bad row is
    refused: with that row its answer might be another one.

    Returns
    -------
    int
        Number of curves without an answer.

    Raises
    ------
    ProblemsError
        If the table cannot be read to its end, or holds no curve.
    """
    table = read_long_table(file.name, file.read_bytes())
    for problem in table.problems:
        print(problem, file=sys.stderr)
    if table.has_sd:
        print(f"{file.name}: sd is not used: all wells weigh the same", file=sys.stderr)
    fits = fit_long_table(table)
    write_csv(fits, out)
    failed = fits[fits.status == "failed"]
    for curve, reason in zip(failed.curve, failed["flags"], strict=True):
        print(f"{file.name}: curve {shown(curve)}: {reason}", file=sys.stderr)
    return len(failed)


def read_long_table(name: str, content: bytes) -> LongTable:
    """The points of a long table, with every fault of every row.

    Raises
    ------
    ProblemsError
        If the file is no text, its header is wrong, its quotes are broken or it names no
        curve.
    """
    table = LongTable()
    problems, known = table.problems, 0
    curves: dict[str, None] = {}
    for row in pointfile.rows(name, content, REQUIRED, OPTIONAL, problems, broken=True):
        table.has_sd |= "sd" in row.cells
        # in a row with too many or too few cells only the first is surely in its place
        curve = row.text("curve") if row.whole or next(iter(row.cells)) == "curve" else ""
        if curve:
            curves.setdefault(curve)
        level, response = _point(row) if row.whole else (None, None)
        if len(problems) > known:
            table.bad_lines[curve].append(row.line)
        else:
            table.points.append((curve, level, response))
        known = len(problems)
    if len(problems) > known or (not curves and problems):
        raise ProblemsError(problems)
    if not curves:
        remedy = "Add one row a well, with the name of its curve."
        raise ProblemsError([Problem("no curve in it", remedy, name)])
    table.curves = list(curves)
    return table


def _point(row: pointfile.Row) -> tuple[float | None, float | None]:
    """Concentration and response of a row; faults go to its problems."""
    curve, role = row.name("curve"), row.text("role") or "sample"
    if role not in ROLES:
        row.fault("unknown role", f"Use one of {', '.join(ROLES)}.", "role")
    concentration = row.molar_or_zero("concentration", "unit")
    if concentration == 0 and role == "sample":
        role = "vehicle"
    if role == "sample":
        if not curve:
            remedy = "Name the curve; only controls may belong to all."
            row.fault("a sample row without a curve", remedy, "curve")
        if not row.text("concentration"):
            row.fault("no concentration", "Give it, or 0 for vehicle.", "concentration")
    elif role == "vehicle" and concentration:
        row.fault("a vehicle row with a concentration", "Write 0.", "concentration")
    missing = row.text("response").casefold() in MISSING
    response = np.nan if missing else row.number("response")
    sd = None if row.text("sd").casefold() in MISSING else row.number("sd")
    if sd is not None and sd < 0:
        row.fault("a negative standard deviation", "Mend it, or leave it empty.", "sd")
    return {"vehicle": 0.0, "full_block": np.inf}.get(role, concentration), response


def fit_long_table(table: LongTable) -> pd.DataFrame:
    """One row a curve, in order of first appearance: the columns of curves.csv that apply."""
    from reuptake.curves.fit import fit_curves

    everywhere = table.bad_lines.get("", [])
    refused = {c: sorted(table.bad_lines.get(c, []) + everywhere) for c in table.curves}
    number = {c: i for i, c in enumerate(table.curves) if not refused[c]}
    wells = [
        (i, level, response)
        for curve, level, response in table.points
        for i in ([number[curve]] if curve in number else number.values() if not curve else [])
    ]
    curve, level, response = np.array(wells, dtype=float).reshape(-1, 3).T
    fits = fit_curves(curve.astype(int), level, response, len(table.curves))
    fits.insert(0, "curve", table.curves)
    for i, name in enumerate(table.curves):
        if lines := refused[name]:
            places = ", ".join(map(str, lines[:5])) + (" and more" if len(lines) > 5 else "")
            fits.loc[i, "flags"] = f"not fitted: bad row in line {places}"
    columns = [column for column in CURVES if column.name in {*fits, "ic50_cleaned_nM"}]
    return typed(fits, (_CURVE, *columns))
