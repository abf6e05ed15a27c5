"""The curves of a compound as tables: fits, Ki, and the wells behind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from reuptake.formatting import MISSING
from reuptake.report.elements import (
    METHODS,
    Cell,
    Row,
    Table,
    anchor,
    count,
    heads,
    is_true,
    notes,
    number,
    qualified,
    span,
    verdict,
)
from reuptake.report.quality import drop_link, plate_link
from reuptake.tables import records

UP = "../"  # these tables stand on the page of a compound
# where the page of methods tells the rule of each Ki
_KI_RULES = {"cheng_prusoff": "ki", "exact": "exact", "bound": "ki-bounds"}


@dataclass(frozen=True)
class RawFile:
    """A raw file of a drop, as it was sealed."""

    name: str
    sha256: str
    href: str


def curve_anchor(row: Mapping) -> str:
    """The id of a curve's wells on the page where they stand."""
    return anchor("wells", *(row[k] for k in ("drop", "run", "assay", "plate", "role", "compound")))


def _wells_link(row: Mapping) -> str:
    page = f"{UP}{row['wells_page']}" if row["wells_page"] else ""
    return f"{page}#{curve_anchor(row)}"


def _curve_cells(row: Mapping) -> list[Cell]:
    """Where a curve comes from, with links to drop, plate and wells."""
    return [
        Cell(row["target"], simulated=is_true(row["simulated"]), style="name"),
        Cell(row["assay"], href=f"{UP}{METHODS}#{anchor('assay', row['assay'])}"),
        Cell(row["drop"], href=drop_link(row["drop"], UP)),
        Cell(row["run"]),
        Cell(row["plate"] or "none", href=plate_link(row, UP)),
        Cell("wells", href=_wells_link(row)),
    ]


_ORIGIN = {
    "Target": "target",
    "Assay": "assay",
    "Drop": "drop",
    "Run": "run",
    "Plate": "plate",
    "Wells": "leads to the wells behind the curve",
}


def fit_anchor(row: Mapping) -> str:
    """The id of the first curve of an experiment."""
    mark = "simulated" if is_true(row["simulated"]) else ""
    return anchor("fit", row["target"], row["assay"], row["experiment"], mark)


def fit_link(row: Mapping) -> str:
    """Where the fit of an experiment's first curve stands, seen from its compound's page."""
    page = f"{UP}{row['wells_page']}" if row["wells_page"] else ""
    return f"{page}#{fit_anchor(row)}"


def fits_table(curves: pd.DataFrame) -> Table:
    """Each curve's fit."""
    columns = heads(
        "curves",
        _ORIGIN
        | {
            "Plate verdict": "plate_verdict",
            "Role": "role",
            "Status": "status",
            "Flags": "flags",
            "Model": "model",
            "Points / conc.": "compound wells in the fit / distinct concentrations",
            "IC50 (nM)": "ic50_nM",
            "95 % CI (nM)": "95 % profile-likelihood interval; a side that is open is unbounded",
            "Absolute IC50 (nM)": "ic50_absolute_nM",
            "Without outliers (nM)": "ic50_cleaned_nM",
            "With excluded wells (nM)": "ic50_with_excluded_nM",
            "Hill": "hill",
            "Hill 95 % CI": "hill_lower",
            "Top (signal)": "top",
            "Bottom (signal)": "bottom",
            "Effect at top dose (%)": "effect_pct",
        },
    )
    anchors = set()

    def first(row: Mapping) -> str:
        name = fit_anchor(row)
        new = name not in anchors
        anchors.add(name)
        return name if new else ""

    rows = [
        Row(
            [
                *_curve_cells(row),
                verdict(row["plate_verdict"]),
                Cell(row["role"]),
                Cell(row["status"], href=f"{UP}{METHODS}#status"),
                notes(row["flags"]),
                Cell(row["model"] or MISSING),
                Cell(f"{count(row['n_points']).text} / {count(row['n_concentrations']).text}"),
                qualified(row["ic50_qualifier"], row["ic50_nM"]),
                span(row["ic50_lower_nM"], row["ic50_upper_nM"]),
                qualified(row["ic50_absolute_qualifier"], row["ic50_absolute_nM"]),
                number(row["ic50_cleaned_nM"]),
                qualified(row["ic50_with_excluded_qualifier"], row["ic50_with_excluded_nM"]),
                number(row["hill"]),
                span(row["hill_lower"], row["hill_upper"]),
                number(row["top"]),
                number(row["bottom"]),
                number(row["effect_pct"]),
            ],
            id=first(row),
            simulated=is_true(row["simulated"]),
        )
        for row in records(curves)
    ]
    return Table("Every curve: the fit", columns, rows)


def ki_table(curves: pd.DataFrame) -> Table:
    """Each curve's Ki, with what it rests on and the depletion guards."""
    columns = heads(
        "curves",
        _ORIGIN
        | {
            "Ki (nM)": "ki_nM",
            "95 % CI (nM)": "ki_lower_nM",
            "Method": "ki_method",
            "Cheng-Prusoff (nM)": "ki_cheng_prusoff_nM",
            "Exact (nM)": "ki_exact_nM",
            "Exact, 95 % CI (nM)": "ki_exact_lower_nM",
            "Ligand (nM)": "ligand_nM",
            "Kd or Km (nM)": "kd_nM",
            "Transporter (nM)": "transporter_nM",
            "Radioligand bound, G1 (%)": "depletion_radioligand_pct",
            "Competitor bound, G2 (%)": "depletion_competitor_pct",
            "Predicted bias, G5 (%)": "depletion_bias_pct",
            "kon needed (1/(M s))": "kon_required_per_M_s",
            "Constants from": "constants_from",
        },
    )
    rows = [
        Row(
            [
                *_curve_cells(row),
                qualified(row["ki_qualifier"], row["ki_nM"]),
                span(row["ki_lower_nM"], row["ki_upper_nM"]),
                _method(row["ki_method"]),
                number(row["ki_cheng_prusoff_nM"]),
                number(row["ki_exact_nM"]),
                span(row["ki_exact_lower_nM"], row["ki_exact_upper_nM"]),
                number(row["ligand_nM"]),
                number(row["kd_nM"]),
                number(row["transporter_nM"]),
                number(row["depletion_radioligand_pct"]),
                number(row["depletion_competitor_pct"]),
                number(row["depletion_bias_pct"]),
                number(row["kon_required_per_M_s"]),
                Cell(row["constants_from"] or MISSING, style="words"),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in records(curves[curves["kind"] != "response"])
    ]
    return Table("Every curve: Ki and depletion", columns, rows)


def _method(name: str) -> Cell:
    rule = _KI_RULES.get(name)
    href = f"{UP}{METHODS}#{rule}" if rule else ""
    return Cell(name.replace("_", "-") or MISSING, href=href)


@dataclass(frozen=True)
class Wells:
    """The wells behind a curve, and the raw files that they were read from."""

    id: str
    summary: str
    table: Table
    files: list[RawFile]


def wells_tables(
    curves: pd.DataFrame, wells: pd.DataFrame, checksums: Mapping[str, Mapping[str, str]]
) -> list[Wells]:
    """The wells behind each curve.

    Parameters
    ----------
    curves, wells : DataFrame
        Rows of one compound.
    checksums : mapping
        SHA-256 by drop and file, as the seals say.
    """
    keys = ["drop", "run", "assay", "plate", "role", "compound"]
    in_order = wells.sort_values(["concentration_nM", "row", "col"], kind="stable")
    by_curve: dict[tuple, list[dict]] = {}
    for well in records(in_order):
        by_curve.setdefault(tuple(well[k] for k in keys), []).append(well)
    columns = heads(
        "wells",
        {
            "Well": "well",
            "Concentration (nM)": "concentration_nM",
            "Counts": "counts",
            "Signal": "signal",
            "Unit": "unit",
            "Used": "whether it takes part in any calculation",
            "Why not": "reason",
            "File: line": "raw file of the drop and its line, or row of the sheet",
            "Flags": "flags",
        },
    )
    found = []
    for curve in records(curves):
        mine = by_curve.get(tuple(curve[k] for k in keys), [])
        rows = [
            Row(
                [
                    Cell(row["well"], style="name"),
                    number(row["concentration_nM"], 6),
                    number(row["counts"], 6),
                    number(row["signal"], 6),
                    Cell(row["unit"]),
                    Cell("excluded" if is_true(row["excluded"]) else "yes"),
                    Cell(row["reason"], style="words"),
                    Cell(_place(row)),
                    notes(row["flags"]),
                ]
            )
            for row in mine
        ]
        title = " / ".join(
            part for part in (curve["drop"], curve["run"], curve["assay"], curve["plate"]) if part
        )
        summary = f"{curve['target']}: {title}, {len(rows)} wells"
        files = sorted({row["file"] for row in mine} - {""})
        found.append(
            Wells(
                curve_anchor(curve),
                summary,
                Table(f"Wells of {title}", columns, rows),
                [raw_file(curve["drop"], name, checksums) for name in files],
            )
        )
    return found


def raw_file(drop: str, name: str, checksums: Mapping[str, Mapping[str, str]]) -> RawFile:
    """A raw file with its SHA-256, which is empty where the drop has no seal."""
    checksum = checksums.get(drop, {}).get(name, "")
    return RawFile(name, checksum, drop_link(drop, UP))


def _place(row: Mapping) -> str:
    line = "" if pd.isna(row["line"]) else f": {int(row['line'])}"
    return f"{row['file']}{line}" or MISSING
