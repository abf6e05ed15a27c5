"""The tables of answers: potency, ratios, experiments and constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from reuptake.formatting import MISSING, bounded, significant
from reuptake.published import SAME, far_from_published, published_values
from reuptake.report.curve_tables import fit_link
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
    page_of,
    qualified,
    span,
)
from reuptake.report.quality import drop_link
from reuptake.tables import records


def _compound(row: Mapping, up: str = "") -> Cell:
    return Cell(
        row["compound"],
        href=up + page_of(row["compound"]),
        simulated=is_true(row["simulated"]),
        style="name",
    )


def potency_table(potency: pd.DataFrame, affinities: pd.DataFrame, up: str = "") -> Table:
    """Potency over experiments, beside what is published for the same quantity."""
    published = published_values(affinities)
    columns = heads(
        "potency",
        {
            "Compound": "compound",
            "Target": "species and target",
            "Modality": "modality",
            "Quantity": "quantity",
            "Value (nM)": "value_nM",
            "95 % CI (nM)": "95 % interval; of the fit alone where n is 1",
            "pKi or pIC50": "p_potency",
            "n": "n_experiments",
            "Published (nM)": "values of other laboratories for the same compound, target, species,"
            " modality and quantity; for orientation, no limits",
            "How": "method",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                _compound(row, up),
                Cell(_target(row)),
                Cell(row["modality"] + (f", {row['assay']}" if row["assay"] else "")),
                Cell(row["quantity"]),
                replace(
                    qualified(row["qualifier"], row["value_nM"]),
                    href=compound_link(row, up, "experiments"),
                    notes=_alike(row),
                ),
                span(row["lower_nM"], row["upper_nM"]),
                _p_cell(row),
                _n_cell(row),
                _published_cell(row, published),
                replace(_how(row["method"], "potency", up), style="words"),
                notes(row["flags"]),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in records(potency)
    ]
    return Table("Potency over independent experiments", columns, rows)


def compound_link(row: Mapping, up: str, part: str) -> str:
    """The way to a part of the compound's page: that of measured, or of simulated data."""
    suffix = "-simulated" if is_true(row["simulated"]) else ""
    return f"{up}{page_of(row['compound'])}#{part}{suffix}"


def _alike(row: Mapping) -> tuple[str, ...]:
    """A note that names the compounds which lie closer than the minimum significant ratio."""
    if not row["indistinguishable_from"]:
        return ()
    return (
        f"not told apart from {row['indistinguishable_from'].replace('; ', ', ')}: closer than "
        f"the minimum significant ratio, {significant(row['msr'])}",
    )


def _how(method: str, rule: str, up: str) -> Cell:
    """How a number was made, with the way to the rule."""
    return Cell(method or MISSING, href=f"{up}{METHODS}#{rule}" if method else "")


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
    simulated = is_true(row["simulated"])
    values = [] if simulated else published.get(tuple(row[name] for name in SAME), [])
    return Cell("; ".join(values) or MISSING, style="number", notes=_far_from(row, values))


def _far_from(row: Mapping, published: list[str]) -> tuple[str, ...]:
    """The note of :func:`reuptake.published.far_from_published`, if there is one."""
    note = far_from_published(row["qualifier"], row["value_nM"], published)
    return (note,) if note else ()


def selectivity_table(selectivity: pd.DataFrame, up: str = "") -> Table:
    """Ratios, with the claim in words."""
    columns = heads(
        "selectivity",
        {
            "Compound": "compound",
            "Off-target": "species and off-target",
            "Over": "primary",
            "Quantity": "modality and quantity, the same on both sides",
            "Ratio (fold)": "ratio",
            "95 % CI (fold)": "95 % interval; none for a one-sided bound",
            "Ratio of points (fold)": "ratio_point",
            "n off-target": "n_target",
            "n primary": "n_primary",
            "Class": "selectivity_class",
            "How": "method",
            "In words": "statement",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                _compound(row, up),
                Cell(_target(row)),
                Cell(row["primary"]),
                Cell(f"{row['modality']} {row['quantity']}"),
                replace(
                    qualified(row["qualifier"], row["ratio"]),
                    href=compound_link(row, up, "potency"),
                ),
                span(row["lower"], row["upper"]),
                number(row["ratio_point"]),
                count(row["n_target"]),
                count(row["n_primary"]),
                Cell(row["selectivity_class"] or MISSING),
                _how(row["method"], "selectivity", up),
                Cell(row["statement"], style="words"),
                notes(row["flags"]),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in records(selectivity)
    ]
    return Table("Selectivity: off-target over primary target", columns, rows)


def windows_table(windows: pd.DataFrame) -> Table:
    """How far the nearest off-target is at least, and which are not shown to be far."""
    columns = heads(
        "selectivity_windows",
        {
            "Compound": "compound",
            "Over": "species and primary target",
            "Quantity": "modality and quantity",
            "Off-targets": "n_off_targets",
            "Window (fold)": "the smallest lower bound over all off-targets; none where one has"
            " no lower bound",
            "Set by": "narrowest_target",
            "Not shown beyond 100-fold": "not_beyond_100_fold",
        },
    )
    rows = [
        Row(
            [
                _compound(row),
                Cell(f"{row['species']} {row['primary']}".strip()),
                Cell(f"{row['modality']} {row['quantity']}"),
                count(row["n_off_targets"]),
                Cell(
                    bounded(">", row["lower_bound"]) if row["lower_bound"] > 0 else MISSING,
                    style="number",
                ),
                Cell(row["narrowest_target"] or MISSING),
                notes(row["not_beyond_100_fold"]),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in records(windows)
    ]
    return Table("Selectivity windows: the nearest off-target, by the bound", columns, rows)


_CONSTANTS = {
    "kd": "Kd",
    "bmax": "Bmax",
    "km": "Km",
    "vmax": "Vmax",
    "ns": "non-specific per nM",
}


def constants_table(constants: pd.DataFrame) -> Table:
    """What saturation, homologous and kinetics runs measured."""
    columns = heads(
        "constants",
        {
            "Target": "species and target",
            "Assay": "assay",
            "Drop": "drop",
            "Run": "run",
            "Constant": "parameter",
            "Value": "value",
            "95 % CI": "95 % profile interval; a side that is open is unbounded",
            "Unit": "unit",
            "Ligand": "ligand",
            "Wells": "n_points",
            "Bound or taken up (%)": "depletion_pct",
            "Linear to (min)": "linear_to_min",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                Cell(_target(row), simulated=is_true(row["simulated"])),
                Cell(row["assay"], href=f"{METHODS}#{anchor('assay', row['assay'])}"),
                Cell(row["drop"], href=drop_link(row["drop"])),
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
            simulated=is_true(row["simulated"]),
        )
        for row in records(constants)
    ]
    return Table("Constants measured by the runs", columns, rows)


def experiments_table(experiments: pd.DataFrame) -> Table:
    """One row per experiment: what n counts."""
    columns = heads(
        "experiments",
        {
            "Target": "target",
            "Species": "species",
            "Modality": "modality",
            "Quantity": "quantity",
            "Assay": "assay",
            "Experiment": "experiment",
            "Value (nM)": "value_nM",
            "95 % CI of the fits (nM)": "95 % interval from the fits of this experiment alone",
            "Curves": "n_curves",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                Cell(row["target"], simulated=is_true(row["simulated"]), style="name"),
                Cell(row["species"]),
                Cell(row["modality"]),
                Cell(row["quantity"]),
                Cell(row["assay"]),
                Cell(row["experiment"], href=fit_link(row)),
                qualified(row["qualifier"], row["value_nM"]),
                span(row["lower_nM"], row["upper_nM"]),
                count(row["n_curves"]),
                notes(row["flags"]),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in records(experiments)
    ]
    return Table("Independent experiments (what n counts)", columns, rows)
