"""Layout files: what each well holds."""

from __future__ import annotations

from dataclasses import dataclass

from reuptake.drops import pointfile
from reuptake.problems import Problem
from reuptake.wellnames import parse_well, well_name

ROLES = ("total", "nonspecific", "blank", "total_added", "reference", "sample", "empty")
CURVE_ROLES = ("reference", "sample")
REQUIRED = ("plate", "well", "role", "compound", "concentration", "unit")
OPTIONAL = (
    "ligand_concentration",
    "ligand_unit",
    "time_min",
    "batch",
    "note",
    "exclude",
    "reason",
)


@dataclass(frozen=True)
class LayoutWell:
    """A row of a layout; concentrations are as written, in nM, not yet brought to final."""

    line: int
    plate: str
    row: int
    col: int
    role: str
    compound: str
    concentration_nM: float | None
    ligand_concentration_nM: float | None
    time_min: float | None
    excluded: bool
    reason: str
    note: str

    @property
    def well(self) -> str:
        """Name of the well."""
        return well_name(self.row, self.col)


def read_layout(file: str, content: bytes, problems: list[Problem]) -> list[LayoutWell]:
    """The wells of a layout; every fault goes to `problems`."""
    wells: list[LayoutWell] = []
    seen: dict[tuple, int] = {}
    for row in pointfile.rows(file, content, REQUIRED, OPTIONAL, problems):
        plate, compound = row.name("plate"), row.name("compound")
        if not plate:
            row.fault("no plate is named", "Name the plate as drop.yaml does.", "plate")
        role = row.text("role")
        if role not in ROLES:
            row.fault("unknown role", f"Use one of {', '.join(ROLES)}.", "role")
        try:
            position = parse_well(row.text("well"))
        except ValueError:
            row.fault("not a well", "Write row letter and column number, such as A1.", "well")
            continue
        key = (plate, *position)
        if key in seen:
            row.fault(f"the well stands in line {seen[key]} already", "Keep one of them.", "well")
        seen.setdefault(key, row.line)
        concentration = row.molar("concentration", "unit")
        _check_contents(row, role, compound, concentration)
        wells.append(
            LayoutWell(
                line=row.line,
                plate=plate,
                row=position[0],
                col=position[1],
                role=role,
                compound=compound,
                concentration_nM=concentration,
                ligand_concentration_nM=row.molar("ligand_concentration", "ligand_unit"),
                time_min=row.number("time_min"),
                excluded=exclusion(row),
                reason=row.text("reason"),
                note=row.text("note"),
            )
        )
    return wells


def _check_contents(row, role: str, compound: str, concentration_nM: float | None) -> None:
    """A compound well names compound and concentration; a vehicle well has none."""
    if role in CURVE_ROLES:
        if not compound:
            row.fault(f"a {role} well without a compound", "Name the compound.", "compound")
        if not row.text("concentration"):
            remedy = "Give it; vehicle wells have the role total."
            row.fault(f"a {role} well without a concentration", remedy, "concentration")
        elif concentration_nM == 0:
            remedy = "Vehicle wells have the role total, without a concentration."
            row.fault("a concentration of zero", remedy, "concentration")
    elif row.text("concentration") and role in ("total", "total_added", "blank", "empty"):
        remedy = "Leave it empty, or give the well the role sample."
        row.fault(f"a {role} well with a concentration", remedy, "concentration")
    elif concentration_nM == 0:
        row.fault("a concentration of zero", "Leave it empty.", "concentration")


def exclusion(row: pointfile.Row) -> bool:
    """Whether the row is marked as excluded."""
    word = row.text("exclude").lower()
    if word in ("true", "yes", "1", "x"):
        return True
    if word not in ("", "false", "no", "0"):
        row.fault("neither true nor false", "Write true, or leave it empty.", "exclude")
    return False
