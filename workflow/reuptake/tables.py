"""Every result table: its columns, their units and definitions, and how it is written.

The list below is the one source of column order, types and the data dictionary.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "number", "integer", "boolean"]

_DTYPES = {"text": "str", "number": "float64", "integer": "Int64", "boolean": "boolean"}


@dataclass(frozen=True)
class Column:
    """A column of a result table, as the data dictionary describes it."""

    name: str
    kind: Kind
    definition: str
    unit: str = ""


def _text(name: str, definition: str) -> Column:
    return Column(name, "text", definition)


def _number(name: str, definition: str, unit: str = "") -> Column:
    return Column(name, "number", definition, unit)


def _integer(name: str, definition: str) -> Column:
    return Column(name, "integer", definition)


def _boolean(name: str, definition: str) -> Column:
    return Column(name, "boolean", definition)


_DROP = _text("drop", "folder of the data drop")
_RUN = _text("run", "independent experiment inside the drop; (drop, run) is its identity")
_PLATE = _text("plate", "plate of the run; empty for normalised responses")
_ASSAY = _text("assay", "key of the assay in config/assays.yaml")
_KIND = _text("kind", "kind of assay")
_TARGET = _text("target", "key of the target in config/targets.yaml")
_COMPOUND = _text("compound", "compound, as config/compounds.csv names it")
_SPECIES = _text("species", "species of the target")
_MODALITY = _text("modality", "binding, uptake or response")
_QUANTITY = _text("quantity", "Ki or IC50")
_EXPERIMENT = _text(
    "experiment", "the independent experiment counted as one n: drop/run, or the name joining runs"
)
_SIMULATED = _boolean("simulated", "true where any number behind the row is simulated")
_FLAGS = _text("flags", "what a reader must know before using the row, joined by '; '")

DROPS = (
    _DROP,
    _text("status", "accepted, rejected or unregistered"),
    _SIMULATED,
    _integer("n_runs", "runs declared in drop.yaml"),
    _integer("n_plates", "plates read"),
    _integer("n_wells", "wells read, empty ones included"),
    _text("reasons", "why the drop is not accepted, joined by '; '; else notes on it"),
)

PLATES = (
    _DROP,
    _RUN,
    _PLATE,
    _ASSAY,
    _TARGET,
    _text("verdict", "pass, warn or fail, by the robust metrics and the limits in force"),
    _number("z_prime", "1 - 3(SD_T + SD_N)/|mean_T - mean_N|"),
    _number("z_prime_robust", "the same with medians and 1.4826 MAD"),
    _number("signal_background", "mean of total wells / mean of non-specific wells"),
    _number("cv_total_pct", "coefficient of variation of the total wells", "%"),
    _number("cv_nonspecific_pct", "coefficient of variation of the non-specific wells", "%"),
    _number("nonspecific_pct", "100 mean_N / mean_T", "%"),
    _number("bound_pct", "100 total bound / radioligand added (guard G1); needs total_added", "%"),
    _FLAGS,
    _number("cv_total_robust_pct", "148.26 MAD/median of the total wells", "%"),
    _number("cv_nonspecific_robust_pct", "148.26 MAD/median of the non-specific wells", "%"),
    _number("mean_total", "mean of the total wells", "signal unit"),
    _number("mean_nonspecific", "mean of the non-specific wells", "signal unit"),
    _integer("n_total", "total wells used"),
    _integer("n_nonspecific", "non-specific wells used"),
    _integer("n_flagged", "wells flagged on the plate"),
    _integer("n_excluded", "wells excluded with a reason"),
    _text("unit", "unit of the signal"),
    _SIMULATED,
)

WELLS = (
    _DROP,
    _RUN,
    _PLATE,
    _text("well", "well name, A1 style; 'line n' of the file for normalised responses"),
    _text(
        "role",
        "total, nonspecific, blank, total_added, reference, sample or empty; "
        "vehicle or full_block for normalised responses",
    ),
    _COMPOUND,
    _number("concentration_nM", "final concentration in the well", "nM"),
    _number("counts", "the instrument's number, as exported", "see unit"),
    _text("unit", "unit of counts and signal, as the instrument names it"),
    _number("signal", "the number that is fitted", "see unit"),
    _boolean("excluded", "true if the well takes no part in any calculation"),
    _text("reason", "why it is excluded, by whom and when"),
    _FLAGS,
    _ASSAY,
    _KIND,
    _TARGET,
    _SPECIES,
    _EXPERIMENT,
    _integer("row", "row of the well, from 0"),
    _integer("col", "column of the well, from 0"),
    _number("ligand_concentration_nM", "radioligand or substrate, where the layout gives it", "nM"),
    _number("time_min", "time of the well, where the layout gives it", "min"),
    _text("note", "the layout's note on the well"),
    _text("file", "raw file of the drop that the number was read from"),
    _integer("line", "line of that file, or row of the workbook's sheet"),
    _SIMULATED,
)

CURVES = (
    _DROP,
    _RUN,
    _ASSAY,
    _PLATE,
    _text("role", "reference or sample"),
    _KIND,
    _TARGET,
    _COMPOUND,
    _integer("n_points", "compound wells in the fit"),
    _integer("n_concentrations", "distinct concentrations in the fit"),
    _text("model", "3PL or 4PL, 'own plateau' where the compound's lower plateau is its own"),
    _text("status", "ok, partial, incomplete, inactive, ambiguous or failed"),
    _text("ic50_qualifier", "=, > or <; empty where there is no value"),
    _number("ic50_nM", "relative IC50: half way between the fitted plateaus", "nM"),
    _number("ic50_lower_nM", "95 % profile-likelihood limit; 0 where unbounded", "nM"),
    _number("ic50_upper_nM", "95 % profile-likelihood limit; inf where unbounded", "nM"),
    _text("ic50_absolute_qualifier", "=, > or <; empty where there is no value"),
    _number("ic50_absolute_nM", "where the curve crosses 50 % of the control range", "nM"),
    _number(
        "ic50_cleaned_nM",
        "IC50 without flagged outliers; that of all wells where there are none",
        "nM",
    ),
    _number("hill", "Hill slope, positive for a descending curve; 1 in a 3PL"),
    _number("hill_lower", "95 % profile-likelihood limit of a fitted Hill slope"),
    _number("hill_upper", "95 % profile-likelihood limit of a fitted Hill slope"),
    _number("top", "fitted upper plateau", "signal unit"),
    _number("bottom", "fitted lower plateau", "signal unit"),
    _text("ki_qualifier", "=, > or <; empty where no Ki is given"),
    _number("ki_nM", "inhibition constant", "nM"),
    _number("ki_lower_nM", "95 % limit, from the IC50's", "nM"),
    _number("ki_upper_nM", "95 % limit, from the IC50's", "nM"),
    _text("ki_method", "cheng_prusoff, bound or none"),
    _number("depletion_radioligand_pct", "guard G1: radioligand bound / added", "%"),
    _number("depletion_competitor_pct", "guard G2: (R_T/2)/IC50", "%"),
    _number("depletion_bias_pct", "guard G5: predicted bias of Cheng-Prusoff", "%"),
    _number("rss", "residual sum of squares of the fit, over wells", "signal unit²"),
    _FLAGS,
    _EXPERIMENT,
    _SPECIES,
    _number("log10_ic50_se", "Wald standard error of log10 IC50", "log10"),
    _integer("df", "residual degrees of freedom"),
    _number(
        "effect_pct", "fitted effect at the highest tested concentration", "% of control range"
    ),
    _number("lowest_tested_nM", "lowest tested concentration", "nM"),
    _number("highest_tested_nM", "highest tested concentration", "nM"),
    _number("hill_free", "Hill slope of the 4PL, whether or not it was adopted"),
    _number("nonspecific", "fitted level of complete inhibition", "signal unit"),
    _number("ligand_nM", "radioligand added (L), as used for the Ki", "nM"),
    _number("kd_nM", "Kd used for the Ki", "nM"),
    _number("transporter_nM", "R_T, binding sites in the well", "nM"),
    _number("proportional_error", "c of the run, from its replicates; empty for equal weights"),
    _text("plate_verdict", "pass, warn or fail; a failed plate leaves the answers"),
    _text("ki_flags", "those of the flags that concern the Ki and not the IC50"),
    _SIMULATED,
)

EXPERIMENTS = (
    _COMPOUND,
    _TARGET,
    _SPECIES,
    _MODALITY,
    _QUANTITY,
    _ASSAY,
    _EXPERIMENT,
    _text("qualifier", "=, > or <"),
    _number("value_nM", "the experiment's value: its curves combined on log10", "nM"),
    _number("lower_nM", "95 % limit from the fits of this experiment alone", "nM"),
    _number("upper_nM", "95 % limit from the fits of this experiment alone", "nM"),
    _integer("n_curves", "curves combined; they count as one n"),
    _SIMULATED,
    _FLAGS,
)

POTENCY = (
    _COMPOUND,
    _TARGET,
    _SPECIES,
    _MODALITY,
    _QUANTITY,
    _text("assay", "assay of an IC50; a Ki is joined over assays"),
    _text("qualifier", "=, > or <; empty where there is no value"),
    _number("value_nM", "geometric mean over experiments, or the bound", "nM"),
    _number("lower_nM", "95 % limit", "nM"),
    _number("upper_nM", "95 % limit", "nM"),
    _number("p_potency", "pKi or pIC50: -log10 of the molar value"),
    _integer("n_experiments", "independent experiments"),
    _integer("n_censored", "experiments that gave only a bound"),
    _text("method", "how value and limits were made"),
    _SIMULATED,
    _FLAGS,
)

SELECTIVITY = (
    _COMPOUND,
    _text("target", "the off-target"),
    _text("primary", "the primary target"),
    _SPECIES,
    _MODALITY,
    _QUANTITY,
    _text("qualifier", "=, > or <; empty where no ratio can be claimed"),
    _number("ratio", "value(off-target)/value(primary), or the claimed one-sided bound", "fold"),
    _number("lower", "95 % limit", "fold"),
    _number("upper", "95 % limit", "fold"),
    _number("ratio_point", "quotient of the point values", "fold"),
    _integer("n_primary", "experiments at the primary target"),
    _integer("n_target", "experiments at the off-target"),
    _text("statement", "the ratio in plain words"),
    _SIMULATED,
    _FLAGS,
)

TABLES: dict[str, tuple[Column, ...]] = {
    "drops": DROPS,
    "plates": PLATES,
    "wells": WELLS,
    "curves": CURVES,
    "experiments": EXPERIMENTS,
    "potency": POTENCY,
    "selectivity": SELECTIVITY,
}


def typed(frame: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """`frame` with exactly `columns`, in their order and types; what is missing is empty."""
    import pandas as pd

    columns = tuple(columns)
    unknown = set(frame.columns) - {column.name for column in columns}
    if unknown:
        raise KeyError(f"columns without a definition: {sorted(unknown)}")
    data = {}
    for column in columns:
        if column.name in frame:
            values = frame[column.name]
            if column.kind == "text":
                values = values.astype("str").where(values.notna(), "")
        else:
            values = pd.Series("" if column.kind == "text" else None, index=frame.index)
        data[column.name] = values.astype(_DTYPES[column.kind])
    return pd.DataFrame(data, index=frame.index).reset_index(drop=True)


def guard_cell(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs as a formula (a lone sign is none)."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} and len(text) > 1 else text


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table: 10 significant digits, empty for missing, live formulas defused."""
    write_csv_parts([frame], path)


def write_csv_parts(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Write a table that comes in parts of the same columns, never all of it in memory."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        for number, part in enumerate(parts):
            _defused(part).to_csv(
                file,
                index=False,
                header=number == 0,
                float_format="%.10g",
                lineterminator="\n",
            )


def _defused(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    for name in out.columns:
        if out[name].dtype == "boolean":
            out[name] = out[name].map({True: "true", False: "false"})
        elif out[name].dtype == "str":
            # a bare CR would end the row: the writer quotes LF only
            if out[name].str.contains("\r", regex=False).any():
                out[name] = out[name].str.replace(r"\r\n?", "\n", regex=True)
            if out[name].str.match(r"[=+\-@\t].").any():
                out[name] = out[name].map(guard_cell)
    return out


def read_csv(path: Path, columns: Iterable[Column]) -> pd.DataFrame:
    """Read a table back with its types, and its text as it was before it was guarded."""
    import pandas as pd

    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    columns = tuple(columns)
    for column in columns:
        values = frame[column.name]
        if column.kind == "boolean":
            frame[column.name] = values.map({"true": True, "false": False})
        elif column.kind != "text":
            frame[column.name] = pd.to_numeric(values.where(values != ""))
        else:
            guarded = values.str.match(r"'[=+\-@\t\r].")
            frame[column.name] = values.where(~guarded, values.str[1:])
    return typed(frame, columns)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write an intermediate table; the bytes depend on the contents alone."""
    with replacing(path) as temporary:
        frame.to_parquet(temporary, engine="pyarrow", index=False)


@contextmanager
def replacing(path: Path):
    """A temporary name beside `path`, renamed over it on success: nothing half-written is left."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def data_dictionary() -> str:
    """The data dictionary of all tables, as Markdown."""
    lines = [
        "# Result tables",
        "",
        "UTF-8, one header row, `.` decimals, 10 significant digits; a missing value is an empty "
        "cell. Concentrations are nM. A qualifier is `=`, `>`, `<`, or empty where there is no "
        "value. The guide tables (`guide_table_*.csv`) have the columns of the guides they fill.",
    ]
    for name, columns in TABLES.items():
        lines += [
            "",
            f"## {name}.csv",
            "",
            "| column | type | unit | definition |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{c.name}` | {c.kind} | {c.unit} | {c.definition.replace('|', chr(92) + '|')} |"
            for c in columns
        ]
    return "\n".join(lines) + "\n"
