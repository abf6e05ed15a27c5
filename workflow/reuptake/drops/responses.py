"""Response files: normalised data of partners who deliver no counts."""

from __future__ import annotations

from dataclasses import dataclass

from reuptake.drops import pointfile
from reuptake.drops.layout import exclusion
from reuptake.problems import Problem

ROLES = ("sample", "reference", "vehicle", "full_block")
REQUIRED = ("compound", "concentration", "unit", "response")
OPTIONAL = ("replicate", "role", "note", "exclude", "reason")


@dataclass(frozen=True)
class ResponsePoint:
    """A row of a response file; 0 nM is vehicle."""

    line: int
    role: str
    compound: str
    concentration_nM: float | None
    response: float | None
    excluded: bool
    reason: str


def read_responses(file: str, content: bytes, problems: list[Problem]) -> list[ResponsePoint]:
    """The points of a response file; every fault goes to `problems`."""
    points = []
    for row in pointfile.rows(file, content, REQUIRED, OPTIONAL, problems):
        compound = row.name("compound")
        role = row.text("role") or "sample"
        if role not in ROLES:
            row.fault("unknown role", f"Use one of {', '.join(ROLES)}.", "role")
            continue
        concentration = row.molar_or_zero("concentration", "unit")
        if concentration == 0 and role in ("sample", "reference"):
            role = "vehicle"
        if role in ("sample", "reference"):
            if not compound:
                row.fault(f"a {role} row without a compound", "Name the compound.", "compound")
            if not row.text("concentration"):
                row.fault("no concentration", "Give it, or 0 for vehicle.", "concentration")
        elif role == "vehicle" and concentration:
            remedy = "Write 0, or give the row the role sample."
            row.fault("a vehicle row with a concentration", remedy, "concentration")
        response = row.number("response")
        excluded = exclusion(row)
        if not row.text("response") and not excluded:
            remedy = "Give the number, or leave the row out."
            row.fault("no response", remedy, "response")
        points.append(
            ResponsePoint(
                row.line, role, compound, concentration, response, excluded, row.text("reason")
            )
        )
    if not points and not problems:
        problems.append(Problem("no data rows", "Add the measurements.", file))
    return points
