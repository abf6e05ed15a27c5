"""Tables of drops and plates, and the limits that plates are judged by."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from reuptake.formatting import MISSING, bounded
from reuptake.report.elements import (
    METHODS,
    PROVENANCE,
    QUALITY,
    Cell,
    Row,
    Table,
    anchor,
    count,
    heads,
    is_true,
    notes,
    number,
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
    "signal_window": "signal window (SD, robust)",
    "position_effect_pct": "effect of the position (%)",
    "dispensing_cv_pct": "CV of the radioligand added, between plates (%)",
    "solvent_difference_pct": "difference of solvent between assays (%)",
}


def drops_table(drops: pd.DataFrame) -> Table:
    """Drop folders with what became of them."""
    columns = heads(
        "drops",
        {
            "Drop": "drop",
            "Status": "status",
            "Runs": "n_runs",
            "Plates": "n_plates",
            "Wells": "n_wells",
            "Notes": "reasons",
        },
    )
    rows = [
        Row(
            [
                Cell(
                    row["drop"],
                    href=drop_link(row["drop"]),
                    simulated=is_true(row["simulated"]),
                    style="name",
                ),
                Cell(row["status"], style=f"status status-{_known_status(row['status'])}"),
                count(row["n_runs"]),
                count(row["n_plates"]),
                count(row["n_wells"]),
                notes(row["reasons"]),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in drops.to_dict("records")
    ]
    return Table("Data drops", columns, rows)


def _known_status(status: str) -> str:
    return status if status in ("accepted", "rejected", "unregistered") else "other"


def plates_table(plates: pd.DataFrame) -> Table:
    """Quality of every plate; the verdict goes by the robust forms."""
    columns = heads(
        "plates",
        {
            "Drop": "drop",
            "Run": "run",
            "Plate": "plate",
            "Assay": "assay",
            "Verdict": "verdict",
            "Flags": "flags",
            "Z′": "z_prime",
            "Z′ robust": "z_prime_robust",
            "S/B": "signal_background",
            "CV total, robust (%)": "cv_total_robust_pct",
            "CV non-spec., robust (%)": "cv_nonspecific_robust_pct",
            "Non-spec. (%)": "nonspecific_pct",
            "Bound (%)": "bound_pct",
            "Signal window": "signal_window_robust",
            "Position effect (%)": "position_effect_pct",
            "Wells flagged": "n_flagged",
            "Wells excluded": "n_excluded",
        },
    )
    measured = [
        "z_prime",
        "z_prime_robust",
        "signal_background",
        "cv_total_robust_pct",
        "cv_nonspecific_robust_pct",
        "nonspecific_pct",
        "bound_pct",
        "signal_window_robust",
        "position_effect_pct",
    ]
    rows = [
        Row(
            [
                Cell(
                    row["drop"],
                    href=drop_link(row["drop"]),
                    simulated=is_true(row["simulated"]),
                    style="name",
                ),
                Cell(row["run"]),
                Cell(row["plate"]),
                Cell(row["assay"], href=f"{METHODS}#{anchor('assay', row['assay'])}"),
                verdict(row["verdict"]),
                notes(row["flags"]),
                *(number(row[name]) for name in measured),
                count(row["n_flagged"]),
                count(row["n_excluded"]),
            ],
            id=plate_anchor(row),
            simulated=is_true(row["simulated"]),
        )
        for row in plates.to_dict("records")
    ]
    return Table("Quality of every plate", columns, rows)


def agreement_table(pairs: pd.DataFrame) -> Table:
    """How well each run repeats an earlier one."""
    columns = heads(
        "run_agreement",
        {
            "Assay": "assay",
            "Quantity": "quantity",
            "Earlier run": "first_experiment",
            "Date": "first_date",
            "Later run": "second_experiment",
            "Its date": "second_date",
            "Compounds": "n_compounds",
            "Mean ratio": "mean_ratio",
            "95 % CI": "95 % t interval of the mean ratio",
            "Limits of agreement": "10^(mean d ± 2 SD d), d = log10 ratio of a compound; given from"
            " 20 compounds on",
            "MSR": "msr",
            "Notes": "notes",
        },
    )
    rows = [
        Row(
            [
                Cell(
                    row["assay"],
                    href=f"{METHODS}#{anchor('assay', row['assay'])}",
                    simulated=is_true(row["simulated"]),
                    style="name",
                ),
                Cell(row["quantity"]),
                Cell(row["first_experiment"]),
                Cell(row["first_date"]),
                Cell(row["second_experiment"]),
                Cell(row["second_date"]),
                count(row["n_compounds"]),
                number(row["mean_ratio"]),
                span(row["mean_ratio_lower"], row["mean_ratio_upper"]),
                span(row["lower"], row["upper"]),
                number(row["msr"]),
                notes(row["notes"]),
            ],
            simulated=is_true(row["simulated"]),
        )
        for row in pairs.to_dict("records")
    ]
    return Table("Agreement of consecutive runs", columns, rows)


def plate_anchor(row: Mapping) -> str:
    """The id of a plate's row on the page of quality."""
    return anchor("plate", row["drop"], row["run"], row["assay"], row["plate"])


def plate_link(row: Mapping, up: str = "") -> str:
    """The way to a plate's row; none for responses, which have no plate."""
    return f"{up}{QUALITY}#{plate_anchor(row)}" if row["plate"] else ""


def drop_link(drop: str, up: str = "") -> str:
    """The way to a drop's files and their checksums."""
    return f"{up}{PROVENANCE}#{anchor('drop', drop)}"


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
