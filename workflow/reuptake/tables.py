"""Every result table: its columns, their units and definitions, and how it is written.

The list below is the one source of column order, types and the data dictionary.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.animals.columns import TABLES as IN_VIVO
from reuptake.column import Column
from reuptake.disk import temporary_mark

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# the reader takes blocks of this size, and none may be shorter than a row
_MOST_OF_A_ROW = 1 << 24
_DTYPES = {"text": "str", "number": "float64", "integer": "Int64", "boolean": "boolean"}


def _text(name: str, definition: str, unit: str = "") -> Column:
    return Column(name, "text", definition, unit)


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
    _integer("n_animals", "animals read, excluded ones included"),
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
    _number("signal_window", "(mean_T - 3 SD_T - mean_N - 3 SD_N)/SD_T", "SD"),
    _number("signal_window_robust", "the same with medians and 1.4826 MAD", "SD"),
    _number("ssmd", "(mean_T - mean_N)/sqrt(SD_T² + SD_N²)"),
    _number("specific_pct", "specific share, 100 (1 - mean_N/mean_T)", "%"),
    _number("row_effect_pct", "largest row effect of the totals, by median polish", "%"),
    _number("column_effect_pct", "largest column effect of the totals, by median polish", "%"),
    _number("edge_effect_pct", "totals at the edge over those inside, less 1", "%"),
    _number("drift_pct", "change of the totals from first to last in the order of reading", "%"),
    _number("read_order_rho", "Spearman's correlation of the totals with the order of reading"),
    _number("position_effect_pct", "largest of these effects that stands out of the scatter", "%"),
    _number("dispensing_cv_pct", "CV of the radioligand added, between plates of the run", "%"),
    _number("solvent_difference_pct", "difference of solvent between assays of the run", "%"),
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

# what experiments have in common, and by how much its error moves them all
_SHARED = (
    _text("kd_from", "what Kd (Km) rests on: a run, or value and source"),
    _text("sites_from", "what R_T rests on: a run, value and source, or the plate itself"),
    *(
        _number(
            f"log10_ki_shift_{key}",
            f"change of log10 Ki with one standard error of {name}; empty where none is known",
            "log10",
        )
        for key, name in (("kd", "Kd (Km)"), ("ligand", "L"), ("sites", "R_T"))
    ),
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
    _number("ki_lower_nM", "95 % limit, errors of Kd (Km), L and R_T included", "nM"),
    _number("ki_upper_nM", "95 % limit, errors of Kd (Km), L and R_T included", "nM"),
    _text("ki_method", "exact, cheng_prusoff, bound or none"),
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
    _number("ligand_nM", "radioligand or substrate added (L), as used for the Ki", "nM"),
    _number("kd_nM", "Kd, or Km of the substrate, used for the Ki", "nM"),
    _number("transporter_nM", "R_T, binding sites (uptake: transporter) in the well", "nM"),
    _text("constants_from", "runs (drop/run) that Kd, Km or Bmax were taken from"),
    _number("ki_cheng_prusoff_nM", "IC50/(1 + L/Kd), whether or not it is the answer", "nM"),
    _number("ki_exact_nM", "Ki with both ligands depleted, whether or not the answer", "nM"),
    _number("ki_exact_lower_nM", "95 % profile limit; 0 where unbounded", "nM"),
    _number("ki_exact_upper_nM", "95 % profile limit; inf where unbounded", "nM"),
    _number("log10_ki_se", "standard error of log10 Ki, constants' errors included", "log10"),
    _number(
        "kon_required_per_M_s",
        "kon with which the incubation is five half-lives of dissociation",
        "1/(M s)",
    ),
    _number("proportional_error", "c of the run, from its replicates; empty for equal weights"),
    _number(
        "counting_per_unit",
        "k/t: counting variance per unit of signal, so that the weight of a well is"
        " 1/(k/t Y + (c Y)²) at the fitted Y; empty for equal weights",
    ),
    _text(
        "guards",
        "verdicts against depletion, each pass, warn, fail or not known: G1 radioligand bound, "
        "G2 competitor held by the sites, G3 titration of sites (Ki below R_T/10 or without lower "
        "limit), G4 Kd from a run fitted with its depletion, G5 predicted bias, which decides",
    ),
    _text("plate_verdict", "pass, warn or fail; a failed plate leaves the answers"),
    _text("ki_flags", "those of the flags that concern the Ki and not the IC50"),
    _SIMULATED,
    _text("date", "date of the run"),
    _text("repeat_of", "earlier curve with the same counts (drop/run/plate); then left out"),
    _text("radioligand", "radioligand of the assay"),
    *_SHARED,
    _text(
        "ic50_with_excluded_qualifier",
        "=, > or <; empty where the curve has no excluded wells, its controls' included",
    ),
    _number("ic50_with_excluded_nM", "IC50 as if no well of the curve were excluded", "nM"),
)

CONSTANTS = (
    _DROP,
    _RUN,
    _ASSAY,
    _TARGET,
    _text("parameter", "kd, bmax, km, vmax or ns (non-specific binding or uptake per nM)"),
    _number("value", "estimate; empty where there is none, flags say why", "see unit"),
    _number("lower", "95 % profile limit; 0 where unbounded", "see unit"),
    _number("upper", "95 % profile limit; inf where unbounded", "see unit"),
    _text("unit", "unit of value, limits and standard error"),
    _KIND,
    _SPECIES,
    _text("ligand", "radioligand or substrate"),
    _number("se", "standard error", "see unit"),
    _text("method", "free: ligand taken as free; exact: with what is bound taken off"),
    _integer("n_points", "wells in the fit"),
    _integer("n_concentrations", "distinct concentrations in the fit"),
    _number("depletion_pct", "largest share of the ligand that is bound or taken up", "%"),
    _number("linear_to_min", "longest time to which uptake is linear", "min"),
    _number("sites_nM", "R_T, binding sites in the well", "nM"),
    _FLAGS,
    _SIMULATED,
)

ISOTHERMS = (
    _DROP,
    _RUN,
    _ASSAY,
    _PLATE,
    _text("well", "well name, A1 style"),
    _TARGET,
    _text("role", "total or nonspecific"),
    _number("ligand_nM", "labelled radioligand or substrate, as added", "nM"),
    _number("unlabelled_nM", "unlabelled radioligand or substrate", "nM"),
    _number("time_min", "uptake time", "min"),
    _number("response", "what is fitted", "see unit"),
    _number("fitted", "the fitted curve", "see unit"),
    _text("unit", "unit of response and fitted"),
    _number("weight", "weight of the well in the fit"),
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
    _text("date", "date of its first run"),
    _number("log10_se", "standard error of log10 value, from the fits alone", "log10"),
    _text("limit", "what sets a limit: tested range or depletion; empty for an exact value"),
    _text("radioligand", "radioligand of the assay"),
    *_SHARED,
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
    _number(
        "constants_lower_nM",
        "95 % limit with the errors of Kd (Km), L and R_T that the experiments share counted in: "
        "half² = half_t² + (1.96 SE)² on log10",
        "nM",
    ),
    _number("constants_upper_nM", "the other limit", "nM"),
    _text("limits_nM", "the bounds of the censored experiments, joined by '; '", "nM"),
    _number("sd_log10", "SD between experiments: of the values, or that of the Tobit fit", "log10"),
    _number("sd_df", "degrees of freedom of a Tobit SD known from the run chart"),
    _number("random_nM", "random-effects mean, weighted by the fits' standard errors", "nM"),
    _number("random_lower_nM", "its 95 % limit by Hartung and Knapp", "nM"),
    _number("random_upper_nM", "its 95 % limit by Hartung and Knapp", "nM"),
    _number("tau_log10", "SD between experiments beyond their standard errors", "log10"),
    _number("i2_pct", "I²: share of the variation that the standard errors leave", "%"),
    _number("msr", "minimum significant ratio of its assays, from 6 reference runs on", "fold"),
    _text(
        "indistinguishable_from",
        "compounds in the same assay (a Ki: at the same target) closer than the minimum "
        "significant ratio, the nearest first, joined by '; '; at most ten",
    ),
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
    _text("method", "paired t, Welch, joint profile or bounds; empty without a claim"),
    _text("selectivity_class", "highest class whose fold the claim's lower bound reaches"),
    _number("log10_ratio", "pS, log10 of the ratio"),
    _number("constants_lower", "95 % limit with the errors of Kd, L and R_T counted in", "fold"),
    _number("constants_upper", "95 % limit with the errors of Kd, L and R_T counted in", "fold"),
)

SELECTIVITY_WINDOWS = (
    _COMPOUND,
    _text("primary", "the primary target"),
    _SPECIES,
    _MODALITY,
    _QUANTITY,
    _integer("n_off_targets", "off-targets measured"),
    _text("narrowest_target", "off-target with the smallest lower bound of its ratio"),
    _number("lower_bound", "that bound; empty where an off-target has none", "fold"),
    _text("not_beyond_100_fold", "off-targets whose lower bound is not above 100, by '; '"),
    _text("without_bound", "of these, those without a lower bound, joined by '; '"),
    _SIMULATED,
)

RUNCHARTS = (
    _ASSAY,
    _text("compound", "the reference compound"),
    _QUANTITY,
    _SIMULATED,
    _EXPERIMENT,
    _text("date", "date of the run"),
    _number("p_potency", "pKi or pIC50 of the reference in this run"),
    _integer("n_history", "earlier runs behind the limits"),
    _number("mean", "mean of the earlier runs, those beyond 3 SD left out"),
    _number("sd", "their SD", "log10"),
    _number("z", "(p_potency - mean)/sd; empty until there are 8 earlier runs"),
    _text("verdict", "not established, in control, warning or out of control"),
    _text("rules", "Westgard rules broken: 1-2s, 1-3s, 2-2s, R-4s, 4-1s, 10-x"),
    _integer("n_runs", "runs to date, this one included, those beyond 3 SD left out"),
    _number("between_run_sd", "SD of these", "log10"),
    _number("msr", "minimum significant ratio 10^(2 sqrt2 SD), from 6 runs on", "fold"),
)

RUN_AGREEMENT = (
    _ASSAY,
    _QUANTITY,
    _SIMULATED,
    _text("first_experiment", "the earlier run: the latest of five with three compounds in common"),
    _text("first_date", "its date"),
    _text("second_experiment", "the later run"),
    _text("second_date", "its date"),
    _integer("n_compounds", "compounds with an exact value in both runs"),
    _number("mean_ratio", "MR, geometric mean of value in the first run / in the second", "fold"),
    _number("mean_ratio_lower", "its 95 % t limit over compounds, on log10", "fold"),
    _number("mean_ratio_upper", "its 95 % t limit over compounds, on log10", "fold"),
    _number("lower", "limit of agreement 10^(mean d - 2 SD d), d = log10 of a ratio", "fold"),
    _number("upper", "limit of agreement 10^(mean d + 2 SD d), both from 20 compounds on", "fold"),
    _number("msr", "minimum significant ratio 10^(2 SD d), from 20 compounds on", "fold"),
    _text("notes", "what a reader must know, joined by '; '"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "drops": DROPS,
    "plates": PLATES,
    "wells": WELLS,
    "curves": CURVES,
    "constants": CONSTANTS,
    "isotherms": ISOTHERMS,
    "experiments": EXPERIMENTS,
    "potency": POTENCY,
    "selectivity": SELECTIVITY,
    "selectivity_windows": SELECTIVITY_WINDOWS,
    "runcharts": RUNCHARTS,
    "run_agreement": RUN_AGREEMENT,
} | IN_VIVO


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


def records(frame: pd.DataFrame) -> list[dict]:
    """The rows as dictionaries of plain values (``to_dict`` takes its time over text)."""
    columns = [frame[name].to_numpy(dtype=object).tolist() for name in frame.columns]
    names = list(frame.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def guard_cell(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs as a formula (a lone sign is none)."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} and len(text) > 1 else text


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table: 10 significant digits, empty for missing, live formulas defused."""
    write_texts([csv_text(frame)], path)


def csv_text(frame: pd.DataFrame, header: bool = True) -> str:
    """A table, or a further part of one, as the text of its file."""
    return _defused(frame).to_csv(index=False, header=header, lineterminator="\n")


def write_texts(parts: Iterable[str], path: Path) -> None:
    """Write a file that comes in parts, never all of it in memory."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


def _defused(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    for name in out.columns:
        if out[name].dtype == "boolean":
            out[name] = out[name].map({True: "true", False: "false"})
        elif out[name].dtype == "float64":
            out[name] = _digits(out[name])
        elif out[name].dtype == "str":
            # a bare CR would end the row: the writer quotes LF only
            if out[name].str.contains("\r", regex=False).any():
                out[name] = out[name].str.replace(r"\r\n?", "\n", regex=True)
            if out[name].str.match(r"[=+\-@\t].").any():
                out[name] = out[name].map(guard_cell)
    return out


def _digits(values: pd.Series) -> np.ndarray:
    """Numbers with ten digits, each but once: most of a large table stand in it many times."""
    import numpy as np
    import pandas as pd

    codes, numbers = pd.factorize(values)  # what is missing has the code -1
    return np.array([*(f"{number:.10g}" for number in numbers), ""], dtype=object)[codes]


def read_csv(path: Path, columns: Iterable[Column]) -> pd.DataFrame:
    """Read a table back with its types, and its text as it was before it was guarded.

    Raises
    ------
    KeyError
        With the name of the first column that the file lacks.
    """
    import pyarrow as pa
    from pyarrow import csv

    columns = tuple(columns)
    with Path(path).open(encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split(",")
    for column in columns:
        if column.name not in header:
            raise KeyError(column.name)
    types = {"number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}
    wanted = csv.ConvertOptions(
        column_types={c.name: types.get(c.kind, pa.string()) for c in columns},
        include_columns=[c.name for c in columns],
        null_values=[""],
        true_values=["true"],
        false_values=["false"],
    )
    lines = csv.ParseOptions(newlines_in_values=True)
    blocks = csv.ReadOptions(block_size=_MOST_OF_A_ROW)
    table = csv.read_csv(path, blocks, lines, wanted).combine_chunks()
    frame = table.to_pandas(integer_object_nulls=True)
    for column in columns:
        if column.kind == "text":
            values = frame[column.name]
            guarded = values.str.match(r"'[=+\-@\t\r].")
            if guarded.any():
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
    temporary = path.with_name(f".{path.name}.{temporary_mark()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        # a write that fails, on a full disk, does not say where
        if error.filename is None:
            error.filename = str(path)
        raise
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
