"""One drop: fit its curves, and give each binding curve its Ki."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from reuptake.binding.conditions import Conditions, conditions_of
from reuptake.binding.exact import fit_exact
from reuptake.binding.ki import ExactKi, exact_is_possible, judge_ki
from reuptake.binding.references import resolve
from reuptake.curves.choice import SIGNIFICANCE
from reuptake.curves.fit import weighted
from reuptake.curves.groups import batches
from reuptake.curves.plates import KEY, fit_plates, gather, with_excluded
from reuptake.curves.weights import counting_per_unit
from reuptake.formatting import significant
from reuptake.settings.model import CURVE_KINDS
from reuptake.tables import CONSTANTS, CURVES, typed, write_parquet
from reuptake.uptake.inhibition import fit_morrison, floor_nM

_PLATE_KEY = ["run", "plate"]
_KI_KINDS = ("competition_binding", "uptake_inhibition")
_WITH_EXCLUDED = ("ic50_qualifier", "ic50_nM")
# an uptake IC50 this close to its floor says more of the cells than of the compound
FLOOR_FACTOR = 3.0
# "GBR 12909 10 uM": the name is what stands before the amount
_AMOUNT = re.compile(r"\s+[\d.]+\s*[a-zµμ]*M$")


def run(
    verdict: Path, wells: Path, plates: Path, constants: list[Path], section: dict, curves: Path
) -> None:
    """Fit the curves of a drop.

    `constants` are those of the drops whose runs the assays of this one name.
    """
    measured = [pd.read_parquet(path) for path in constants]
    known = pd.concat(measured) if measured else typed(pd.DataFrame(), CONSTANTS)
    assays = {key: resolve(assay, known) for key, assay in section["assays"].items()}
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
    conditions = {
        key: conditions_of(
            assays[key[2]],
            runs[key[0], key[2]],
            levels[key[:2]] | {"unit": identity.loc[key, "unit"]},
        )
        for key in dict.fromkeys(keys)
        if assays[key[2]]["kind"] in _KI_KINDS
    }
    given = fitted.to_dict("records")
    known = [conditions.get(key) for key in keys]
    exact = _exact(wells, given, known, fitted.assay.map(counting).to_numpy(dtype=float))
    rows = []
    for i, (row, key) in enumerate(zip(given, keys, strict=True)):
        flags = [row["flags"]] if row["flags"] else []
        row |= {"ki_method": "none", "date": runs[key[0], key[2]].get("date")}
        if known[i] is not None:
            ki = judge_ki(row, known[i], exact.get(i))
            flags += ki["ki_flags"]
            row |= ki | {
                "ki_flags": "; ".join(ki["ki_flags"]),
                "ligand_nM": known[i].ligand_nM,
                "kd_nM": known[i].kd_nM,
                "transporter_nM": known[i].transporter_nM,
                "constants_from": ", ".join(known[i].constants_from),
                "radioligand": _ligand_name(assays[row["assay"]]),
                "kd_from": known[i].kd_from,
                "sites_from": known[i].sites_from,
            }
            flags += _floor(row, known[i])
        if row["compound"].casefold() in definers[key]:
            flags.append("the non-specific definer is this compound")
        if row["plate_verdict"] == "fail":
            flags.append("plate failed quality control: left out of the answers")
        row["flags"] = "; ".join(flags)
        rows.append(row)
    return pd.DataFrame(rows)


def _ligand_name(assay: dict) -> str:
    return (assay.get("radioligand") or assay.get("substrate") or {}).get("name", "")


def _exact(
    wells: pd.DataFrame, rows: list[dict], known: list[Conditions | None], poisson: np.ndarray
) -> dict[int, ExactKi]:
    """Exact Ki of the curves for which it can be had, by their place in `rows`."""
    wanted = [
        i
        for i, (row, c) in enumerate(zip(rows, known, strict=True))
        if c is not None and exact_is_possible(row, c)
    ]
    if not wanted:
        return {}
    _, curve, concentration, response = gather(wells)
    c = np.array([row["proportional_error"] for row in rows], dtype=float)
    out: dict[int, ExactKi] = {}
    for uptake in (False, True):
        mine = np.isin(curve, [i for i in wanted if known[i].uptake == uptake])
        with np.errstate(divide="ignore"):
            points = curve[mine], np.log10(concentration[mine]), response[mine]
        for batch in batches(*points):
            for part in weighted(batch, poisson, c):
                out |= _exact_of(part, rows, known, uptake)
    return out


def _exact_of(batch, rows: list[dict], known: list, uptake: bool) -> dict[int, ExactKi]:
    """Exact Ki of the curves of a batch."""
    at = [known[i] for i in batch.curve]
    ligand, kd, sites, alpha, ligand_sd, kd_sd, sites_sd = (
        np.array([getattr(each, name) for each in at], dtype=float)
        for name in (
            "ligand_nM",
            "kd_nM",
            "transporter_nM",
            "alpha",
            "ligand_sd",
            "kd_sd",
            "transporter_sd",
        )
    )
    if uptake:
        errors = {"transporter_sd": sites_sd, "substrate_sd": ligand_sd, "km_sd": kd_sd}
        fit = fit_morrison(batch, sites, ligand, kd, **errors)
        constants = "sites", "ligand", "kd"
    else:
        errors = {"ligand_sd": ligand_sd, "kd_sd": kd_sd, "transporter_sd": sites_sd}
        fit = fit_exact(batch, ligand, kd, sites, alpha, **errors)
        constants = "sites", "kd", "ligand"
    return {
        int(i): ExactKi(
            ki_nM=float(10.0 ** fit.log10_k[j]),
            lower_nM=float(10.0 ** fit.log10_lower[j]),
            upper_nM=float(10.0 ** fit.log10_upper[j]),
            bound_nM=float(10.0 ** fit.log10_bound[j]),
            log10_se=float(fit.log10_k_se[j]),
            fits=_as_good(fit.ss[j], rows[i]),
            shifts={
                f"log10_ki_shift_{name}": float(shift)
                for name, shift in zip(constants, fit.log10_k_shifts[:, j], strict=True)
            },
        )
        for j, i in enumerate(batch.curve)
        if fit.converged[j]
    }


def _as_good(ss: float, row: dict) -> bool:
    """Whether the exact model does as well as the 4PL that was chosen (F test)."""
    if row["hill"] == 1.0 or not row["rss"] > 0:
        return True
    f = max(ss - row["rss"], 0.0) / (row["rss"] / row["df"])
    return bool(fdtrc(1, row["df"], f) >= SIGNIFICANCE)


def _counting_assays(wells: pd.DataFrame, assays: dict) -> dict[str, float]:
    """Counting variance per unit of signal of the assays with counting weights."""
    units = wells[["assay", "unit"]].drop_duplicates().itertuples(index=False)
    found = {assay: counting_per_unit(assays[assay], unit) for assay, unit in units}
    return {assay: each for assay, each in found.items() if each is not None}


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
        out[key] = {_AMOUNT.sub("", text).casefold() for text in texts if text}
    return out


def _floor(row: dict, known: Conditions) -> list[str]:
    """Flag of an uptake IC50 near half the transporter in the well (tight binding)."""
    if not known.uptake or row["ic50_qualifier"] != "=" or np.isnan(known.transporter_nM):
        return []
    floor = float(floor_nM(known.transporter_nM))
    if row["ic50_nM"] > FLOOR_FACTOR * floor:
        return []
    times, limit = significant(row["ic50_nM"] / floor), significant(floor)
    return [f"tight binding: IC50 is {times} times its floor of {limit} nM"]
