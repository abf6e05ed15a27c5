"""One drop: fit its curves, and give each binding curve its Ki."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from reuptake.binding import radiochemistry
from reuptake.binding.conditions import conditions_of
from reuptake.binding.ki import judge_ki
from reuptake.curves.plates import KEY, fit_plates, with_excluded
from reuptake.formatting import significant
from reuptake.quantities import parse
from reuptake.settings.model import CURVE_KINDS
from reuptake.tables import CURVES, typed, write_parquet

_PLATE_KEY = ["run", "plate"]
_WITH_EXCLUDED = ("ic50_qualifier", "ic50_nM")
# an uptake IC50 this close to its floor says more of the cells than of the compound
FLOOR_FACTOR = 3.0


def run(verdict: Path, wells: Path, plates: Path, section: dict, curves: Path) -> None:
    """Fit the curves of a drop."""
    assays = section["assays"]
    runs = {
        (entry["run"], entry["assay"]): entry
        for entry in json.loads(verdict.read_text(encoding="utf-8"))["runs"]
    }
    frame = pd.read_parquet(wells)
    frame = frame[frame.kind.isin(CURVE_KINDS)]
    fitted = curves_of(frame, pd.read_parquet(plates), assays, runs)
    write_parquet(typed(fitted, CURVES), curves)


def curves_of(wells: pd.DataFrame, plates: pd.DataFrame, assays: dict, runs: dict) -> pd.DataFrame:
    """Fits, Ki and flags of the curves in `wells`."""
    counting = _counting_assays(wells, assays)
    fitted = fit_plates(wells, counting)
    if fitted.empty:
        return pd.DataFrame()
    names = {n: f"ic50_with_excluded_{n.removeprefix('ic50_')}" for n in _WITH_EXCLUDED}
    back = with_excluded(wells, counting)[[*KEY, *names]].rename(columns=names)
    fitted = fitted.merge(back, on=KEY, how="left")
    identity = wells.drop_duplicates([*_PLATE_KEY, "assay"]).set_index([*_PLATE_KEY, "assay"])
    keys = list(zip(fitted.run, fitted.plate, fitted.assay, strict=True))
    for name in ("kind", "target", "species", "experiment", "simulated"):
        fitted[name] = identity.loc[keys, name].to_numpy()
    verdicts = plates.set_index(_PLATE_KEY).verdict if len(plates) else {}
    fitted["plate_verdict"] = [verdicts.get(key[:2], "") for key in keys]

    levels = _levels(wells, plates)
    definers = _definers(wells, assays)
    conditions = {}
    rows = []
    for row, key in zip(fitted.to_dict("records"), keys, strict=True):
        assay = assays[row["assay"]]
        flags = [row["flags"]] if row["flags"] else []
        row |= {"ki_method": "none", "date": runs[key[0], key[2]].get("date")}
        if row["kind"] == "competition_binding":
            if key not in conditions:
                level = levels[key[:2]] | {"unit": identity.loc[key, "unit"]}
                conditions[key] = conditions_of(assay, runs[key[0], key[2]], level)
            known = conditions[key]
            ki = judge_ki(row, known)
            flags += ki["ki_flags"]
            row |= ki | {
                "ki_flags": "; ".join(ki["ki_flags"]),
                "ligand_nM": known.ligand_nM,
                "kd_nM": known.kd_nM,
                "transporter_nM": known.transporter_nM,
                "radioligand": (assay.get("radioligand") or {}).get("name"),
                "kd_relative_error": (assay.get("kd") or {}).get("relative_error"),
                "ligand_relative_error": assay.get("ligand_relative_error"),
            }
        elif row["kind"] == "uptake_inhibition":
            flags += _floor(row, assay, runs[key[0], key[2]])
        if row["compound"].casefold() in definers[key]:
            flags.append("the non-specific definer is this compound")
        if row["plate_verdict"] == "fail":
            flags.append("plate failed quality control: left out of the answers")
        row["flags"] = "; ".join(flags)
        rows.append(row)
    return pd.DataFrame(rows)


def _counting_assays(wells: pd.DataFrame, assays: dict) -> dict[str, float]:
    """Counting variance per unit of signal of the assays with counting weights."""
    out = {}
    for assay, unit in wells[["assay", "unit"]].drop_duplicates().itertuples(index=False):
        entry = assays[assay]
        if entry.get("weights") != "counting" or not entry.get("count_time"):
            continue
        per_minute = 1.0 / parse(entry["count_time"], "min")
        efficiency = (entry.get("efficiency") or {}).get("value")
        if unit in ("CPM", "CCPM"):
            out[assay] = per_minute
        elif unit == "DPM" and efficiency:
            out[assay] = per_minute / efficiency
        elif unit == "counts":
            out[assay] = 1.0
    return out


def _levels(wells: pd.DataFrame, plates: pd.DataFrame) -> dict:
    """Mean levels of each plate's controls, as the Ki's conditions need them."""
    used = wells[~wells.excluded & wells.signal.notna()]
    means = used.groupby([*_PLATE_KEY, "role"]).signal.mean()
    bound = plates.set_index(_PLATE_KEY).bound_pct if len(plates) else {}
    return {
        key: {
            "mean_total": means.get((*key, "total"), np.nan),
            "mean_nonspecific": means.get((*key, "nonspecific"), np.nan),
            "mean_added": means.get((*key, "total_added"), np.nan),
            "mean_blank": means.get((*key, "blank"), np.nan),
            "bound_pct": bound.get(key, np.nan),
        }
        for key in {tuple(k) for k in wells[_PLATE_KEY].drop_duplicates().to_numpy()}
    }


def _definers(wells: pd.DataFrame, assays: dict) -> dict:
    """Names by which the full-block wells of each plate were defined, in lower case."""
    out: dict = {}
    for key, group in wells.groupby(["run", "plate", "assay"], sort=False):
        blocked = group[group.role.isin(["nonspecific", "full_block"])]
        texts = [assays[key[2]].get("nonspecific_definer") or "", *blocked.note, *blocked.compound]
        # "paroxetine 10 uM": the name is what stands before the amount
        out[key] = {text.split(" ")[0].casefold() for text in texts if text}
    return out


def _floor(row: dict, assay: dict, run: dict) -> list[str]:
    """Flag of an uptake IC50 near half the transporter in the well (tight binding)."""
    values = assay | {k: v for k, v in (run["measured"] or {}).items() if v is not None}
    if row["ic50_qualifier"] != "=" or not all(
        values.get(key) for key in ("cells", "copies_per_cell", "volume")
    ):
        return []
    transporter = radiochemistry.transporter_on_cells_nM(
        float(values["cells"]), float(values["copies_per_cell"]), parse(values["volume"], "uL")
    )
    floor = transporter / 2.0
    if row["ic50_nM"] > FLOOR_FACTOR * floor:
        return []
    times, limit = significant(row["ic50_nM"] / floor), significant(floor)
    return [f"tight binding: IC50 is {times} times its floor of {limit} nM"]
