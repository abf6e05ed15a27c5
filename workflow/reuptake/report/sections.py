"""The tables of the pages, as finished text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from reuptake import guides
from reuptake.formatting import MISSING, bounded, interval, p_value, significant
from reuptake.published import SAME, far_from_published, published_values
from reuptake.report.elements import (
    Cell,
    Row,
    Table,
    anchor,
    count,
    notes,
    number,
    page_of,
    qualified,
    span,
    verdict,
)

METRICS = {
    "z_prime": "Z′ (robust)",
    "signal_background": "signal / background",
    "nonspecific_pct": "non-specific / total (%)",
    "cv_total_pct": "CV of total wells (%, robust)",
    "cv_nonspecific_pct": "CV of non-specific wells (%, robust)",
    "bound_pct": "radioligand bound (%)",
    "z_prime_difference": "Z′ against robust Z′, difference",
}


def is_simulated(frame: pd.DataFrame) -> pd.Series:
    """The column `simulated` as plain booleans."""
    return frame["simulated"].fillna(False).astype(bool)


def _compound(row: Mapping, up: str = "") -> Cell:
    return Cell(
        row["compound"], href=up + page_of(row["compound"]), simulated=_marked(row), style="name"
    )


def _marked(row: Mapping) -> bool:
    return _is_true(row["simulated"])


def _is_true(value: object) -> bool:
    return not pd.isna(value) and bool(value)


def potency_table(potency: pd.DataFrame, affinities: pd.DataFrame, up: str = "") -> Table:
    """Potency over experiments, beside what is published for the same quantity."""
    published = published_values(affinities)
    columns = [
        "Compound",
        "Target",
        "Modality",
        "Quantity",
        "Value (nM)",
        "95 % CI (nM)",
        "pKi or pIC50",
        "n",
        "Published (nM)",
        "How",
        "Flags",
    ]
    rows = [
        Row(
            [
                _compound(row, up),
                Cell(_target(row)),
                Cell(row["modality"] + (f", {row['assay']}" if row["assay"] else "")),
                Cell(row["quantity"]),
                qualified(row["qualifier"], row["value_nM"]),
                span(row["lower_nM"], row["upper_nM"]),
                _p_cell(row),
                _n_cell(row),
                _published_cell(row, published),
                Cell(row["method"], style="words"),
                notes(row["flags"]),
            ],
            simulated=_marked(row),
        )
        for row in potency.to_dict("records")
    ]
    return Table("Potency over independent experiments", columns, rows)


def _target(row: Mapping) -> str:
    """``human SERT``."""
    return f"{row['species']} {row['target']}".strip()


def _n_cell(row: Mapping) -> Cell:
    """``3``, or ``3 (1 bound)`` where one of the experiments gave only a bound."""
    n = count(row["n_experiments"])
    censored = count(row["n_censored"])
    return n if censored.sort in ("", 0) else replace(n, text=f"{n.text} ({censored.text} bound)")


def _p_cell(row: Mapping) -> Cell:
    flipped = {"=": "=", ">": "<", "<": ">"}.get(row["qualifier"], "")
    return qualified(flipped, row["p_potency"])


def _published_cell(row: Mapping, published: dict[tuple, list[str]]) -> Cell:
    """Not beside simulated data, which nothing published can support."""
    values = [] if _marked(row) else published.get(tuple(row[name] for name in SAME), [])
    return Cell("; ".join(values) or MISSING, style="number", notes=_far_from(row, values))


def _far_from(row: Mapping, published: list[str]) -> tuple[str, ...]:
    """The note of :func:`reuptake.published.far_from_published`, if there is one."""
    note = far_from_published(row["qualifier"], row["value_nM"], published)
    return (note,) if note else ()


def selectivity_table(selectivity: pd.DataFrame, up: str = "") -> Table:
    """Ratios, with the claim in words."""
    columns = [
        "Compound",
        "Off-target",
        "Over",
        "Quantity",
        "Ratio (fold)",
        "95 % CI (fold)",
        "Ratio of points (fold)",
        "n off-target",
        "n primary",
        "Class",
        "How",
        "In words",
        "Flags",
    ]
    rows = [
        Row(
            [
                _compound(row, up),
                Cell(_target(row)),
                Cell(row["primary"]),
                Cell(f"{row['modality']} {row['quantity']}"),
                qualified(row["qualifier"], row["ratio"]),
                span(row["lower"], row["upper"]),
                number(row["ratio_point"]),
                count(row["n_target"]),
                count(row["n_primary"]),
                Cell(row["selectivity_class"] or MISSING),
                Cell(row["method"] or MISSING, style="words"),
                Cell(row["statement"], style="words"),
                notes(row["flags"]),
            ],
            simulated=_marked(row),
        )
        for row in selectivity.to_dict("records")
    ]
    return Table("Selectivity: off-target over primary target", columns, rows)


def drops_table(drops: pd.DataFrame, anchored: bool = True) -> Table:
    """Drop folders with what became of them; links lead to the anchored table."""
    columns = ["Drop", "Status", "Runs", "Plates", "Wells", "Notes"]
    rows = [
        Row(
            [
                Cell(row["drop"], simulated=_marked(row), style="name"),
                Cell(row["status"], style=f"status status-{_known_status(row['status'])}"),
                count(row["n_runs"]),
                count(row["n_plates"]),
                count(row["n_wells"]),
                notes(row["reasons"]),
            ],
            id=anchor("drop", row["drop"]) if anchored else "",
            simulated=_marked(row),
        )
        for row in drops.to_dict("records")
    ]
    return Table("Data drops", columns, rows)


def _known_status(status: str) -> str:
    return status if status in ("accepted", "rejected", "unregistered") else "other"


def plates_table(plates: pd.DataFrame) -> Table:
    """Quality of every plate; the verdict goes by the robust forms."""
    columns = [
        "Drop",
        "Run",
        "Plate",
        "Assay",
        "Verdict",
        "Flags",
        "Z′",
        "Z′ robust",
        "S/B",
        "CV total, robust (%)",
        "CV non-spec., robust (%)",
        "Non-spec. (%)",
        "Bound (%)",
        "Wells flagged",
        "Wells excluded",
    ]
    measured = [
        "z_prime",
        "z_prime_robust",
        "signal_background",
        "cv_total_robust_pct",
        "cv_nonspecific_robust_pct",
        "nonspecific_pct",
        "bound_pct",
    ]
    rows = [
        Row(
            [
                Cell(
                    row["drop"],
                    href=f"#{anchor('drop', row['drop'])}",
                    simulated=_marked(row),
                    style="name",
                ),
                Cell(row["run"]),
                Cell(row["plate"]),
                Cell(row["assay"]),
                verdict(row["verdict"]),
                notes(row["flags"]),
                *(number(row[name]) for name in measured),
                count(row["n_flagged"]),
                count(row["n_excluded"]),
            ],
            id=plate_anchor(row),
            simulated=_marked(row),
        )
        for row in plates.to_dict("records")
    ]
    return Table("Quality of every plate", columns, rows)


def plate_anchor(row) -> str:
    """The id of a plate's row on the first page."""
    return anchor("plate", row["drop"], row["run"], row["assay"], row["plate"])


def curve_anchor(row) -> str:
    """The id of a curve's wells on the page of its compound."""
    return anchor("wells", *(row[k] for k in ("drop", "run", "assay", "plate", "role", "compound")))


def _curve_cells(row: Mapping) -> list[Cell]:
    """Where a curve comes from, with links to drop, plate and wells."""
    plate = Cell(
        row["plate"] or "none", href=f"../index.html#{plate_anchor(row)}" if row["plate"] else ""
    )
    return [
        Cell(row["target"], simulated=_marked(row), style="name"),
        Cell(row["assay"]),
        Cell(row["drop"], href=f"../index.html#{anchor('drop', row['drop'])}"),
        Cell(row["run"]),
        plate,
        Cell("wells", href=f"#{curve_anchor(row)}"),
    ]


def fits_table(curves: pd.DataFrame) -> Table:
    """Each curve's fit."""
    columns = [
        "Target",
        "Assay",
        "Drop",
        "Run",
        "Plate",
        "Wells",
        "Plate verdict",
        "Role",
        "Status",
        "Flags",
        "Model",
        "Points / conc.",
        "IC50 (nM)",
        "95 % CI (nM)",
        "Absolute IC50 (nM)",
        "Without outliers (nM)",
        "With excluded wells (nM)",
        "Hill",
        "Hill 95 % CI",
        "Top (signal)",
        "Bottom (signal)",
        "Effect at top dose (%)",
    ]
    rows = [
        Row(
            [
                *_curve_cells(row),
                verdict(row["plate_verdict"]),
                Cell(row["role"]),
                Cell(row["status"]),
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
            simulated=_marked(row),
        )
        for row in curves.to_dict("records")
    ]
    return Table("Every curve: the fit", columns, rows)


def ki_table(curves: pd.DataFrame) -> Table:
    """Each curve's Ki, with what it rests on and the depletion guards."""
    columns = [
        "Target",
        "Assay",
        "Drop",
        "Run",
        "Plate",
        "Wells",
        "Ki (nM)",
        "95 % CI (nM)",
        "Method",
        "Cheng-Prusoff (nM)",
        "Exact (nM)",
        "Exact, 95 % CI (nM)",
        "Ligand (nM)",
        "Kd or Km (nM)",
        "Transporter (nM)",
        "Radioligand bound, G1 (%)",
        "Competitor bound, G2 (%)",
        "Predicted bias, G5 (%)",
        "kon needed (1/(M s))",
        "Constants from",
    ]
    rows = [
        Row(
            [
                *_curve_cells(row),
                qualified(row["ki_qualifier"], row["ki_nM"]),
                span(row["ki_lower_nM"], row["ki_upper_nM"]),
                Cell(row["ki_method"].replace("_", "-") or MISSING),
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
            simulated=_marked(row),
        )
        for row in curves[curves["kind"] != "response"].to_dict("records")
    ]
    return Table("Every curve: Ki and depletion", columns, rows)


_CONSTANTS = {
    "kd": "Kd",
    "bmax": "Bmax",
    "km": "Km",
    "vmax": "Vmax",
    "ns": "non-specific per nM",
}


def constants_table(constants: pd.DataFrame) -> Table:
    """What saturation, homologous and kinetics runs measured."""
    columns = [
        "Target",
        "Assay",
        "Drop",
        "Run",
        "Constant",
        "Value",
        "95 % CI",
        "Unit",
        "Ligand",
        "Wells",
        "Bound or taken up (%)",
        "Linear to (min)",
        "Flags",
    ]
    rows = [
        Row(
            [
                Cell(_target(row), simulated=_marked(row)),
                Cell(row["assay"]),
                Cell(row["drop"]),
                Cell(row["run"]),
                Cell(_CONSTANTS.get(row["parameter"], row["parameter"])),
                number(row["value"]),
                span(row["lower"], row["upper"]),
                Cell(row["unit"] or MISSING),
                Cell(row["ligand"] or MISSING),
                count(row["n_points"]),
                number(row["depletion_pct"]),
                number(row["linear_to_min"]),
                notes(row["flags"]),
            ],
            simulated=_marked(row),
        )
        for _, row in constants.iterrows()
    ]
    return Table("Constants measured by the runs", columns, rows)


def experiments_table(experiments: pd.DataFrame) -> Table:
    """One row per experiment: what n counts."""
    columns = [
        "Target",
        "Species",
        "Modality",
        "Quantity",
        "Assay",
        "Experiment",
        "Value (nM)",
        "95 % CI of the fits (nM)",
        "Curves",
        "Flags",
    ]
    rows = [
        Row(
            [
                Cell(row["target"], simulated=_marked(row), style="name"),
                Cell(row["species"]),
                Cell(row["modality"]),
                Cell(row["quantity"]),
                Cell(row["assay"]),
                Cell(row["experiment"]),
                qualified(row["qualifier"], row["value_nM"]),
                span(row["lower_nM"], row["upper_nM"]),
                count(row["n_curves"]),
                notes(row["flags"]),
            ],
            simulated=_marked(row),
        )
        for row in experiments.to_dict("records")
    ]
    return Table("Independent experiments (what n counts)", columns, rows)


def wells_tables(curves: pd.DataFrame, wells: pd.DataFrame) -> list[tuple[str, str, Table]]:
    """The wells behind each curve: (id, summary line, table)."""
    keys = ["drop", "run", "assay", "plate", "role", "compound"]
    in_order = wells.sort_values(["concentration_nM", "row", "col"], kind="stable")
    by_curve: dict[tuple, list[dict]] = {}
    for well in in_order.to_dict("records"):
        by_curve.setdefault(tuple(well[k] for k in keys), []).append(well)
    columns = ["Well", "Concentration (nM)", "Counts", "Signal", "Unit", "Used", "Why not", "Flags"]
    found = []
    for curve in curves.to_dict("records"):
        mine = by_curve.get(tuple(curve[k] for k in keys), [])
        rows = [
            Row(
                [
                    Cell(row["well"], style="name"),
                    number(row["concentration_nM"], 6),
                    number(row["counts"], 6),
                    number(row["signal"], 6),
                    Cell(row["unit"]),
                    Cell("excluded" if _is_true(row["excluded"]) else "yes"),
                    Cell(row["reason"], style="words"),
                    notes(row["flags"]),
                ]
            )
            for row in mine
        ]
        title = " / ".join(
            part for part in (curve["drop"], curve["run"], curve["assay"], curve["plate"]) if part
        )
        summary = f"{curve['target']}: {title}, {len(rows)} wells"
        found.append((curve_anchor(curve), summary, Table(f"Wells of {title}", columns, rows)))
    return found


def guide_blocks(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[dict]:
    """A guide table, cut into blocks of one compound of measured or simulated data."""
    blocks = []
    for (compound, simulated), part in frame.groupby(["compound", "simulated"], sort=False):
        rows = []
        for row in part.to_dict("records"):
            # The sources themselves stand below the tables.
            cells = [_guide_cell(row, name) for name in columns]
            if "ki_lower_nM" in part:
                cells += [Cell(_text_interval(row)), Cell(row["n_experiments"])]
            rows.append(cells)
        blocks.append({"compound": compound, "simulated": simulated == "true", "rows": rows})
    return blocks


def _guide_cell(row: Mapping, name: str) -> Cell:
    """A cell of a guide table: words as they are, numbers of further columns rounded."""
    if name == "source":
        return Cell(row[name].split(":")[0])
    if name in ("difference", "antagonism"):
        unit = {"difference": "s", "antagonism": "pct"}[name]
        limits = [row[f"{name}_{side}_{unit}"] for side in ("lower", "upper")]
        return Cell(interval(*(float(x) if x else float("nan") for x in limits)))
    if name.startswith("p_"):
        return Cell(p_value(float(row[name])) if row[name] else MISSING)
    if name in guides.NUMBERS:
        return Cell(significant(float(row[name])) if row[name] else MISSING)
    return Cell(row[name] or MISSING)


def _text_interval(row: Mapping) -> str:
    limits = [float(row[n]) if row[n] else float("nan") for n in ("ki_lower_nM", "ki_upper_nM")]
    return interval(*limits)


def limits_rows(limits: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, str]]:
    """The limits in force: (metric, warns at, fails at)."""
    rows = []
    for name, values in limits.items():
        texts = [
            bounded("=", float(values[level])) if values.get(level) is not None else MISSING
            for level in ("warn", "fail")
        ]
        rows.append((METRICS.get(name, name.replace("_", " ")), *texts))
    return rows
