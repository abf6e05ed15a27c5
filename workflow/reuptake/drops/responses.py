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
        concentration = 0.0 if row.text("concentration") == "0" else None
        if concentration is None:
            concentration = row.molar("concentration", "unit")
        if concentration is not None and concentration < 0:
            row.fault("a negative concentration", "Mend the sign.", "concentration")
        if role == "sample" and concentration == 0:
            role = "vehicle"
        if role in ("sample", "reference"):
            if not compound:
                row.fault(f"a {role} row without a compound", "Name the compound.", "compound")
            if not row.text("concentration"):
                row.fault("no concentration", "Give it, or 0 for vehicle.", "concentration")
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
