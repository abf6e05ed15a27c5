"""Verdict of every plate, and the wells that a reader should look at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reuptake.formatting import significant
from reuptake.qc import metrics
from reuptake.qc.position import Position, position_effects
from reuptake.settings.model import CONSTANT_KINDS
from reuptake.tables import PLATES, typed

# metric -> (column that is judged, True where low values are bad, what it is called)
_JUDGED = {
    "z_prime": ("z_prime_robust", True, "robust Z'"),
    "signal_background": ("signal_background", True, "signal/background"),
    "nonspecific_pct": ("nonspecific_pct", False, "non-specific share (%)"),
    "cv_total_pct": ("cv_total_robust_pct", False, "robust CV of total wells (%)"),
    "cv_nonspecific_pct": (
        "cv_nonspecific_robust_pct",
        False,
        "robust CV of non-specific wells (%)",
    ),
    "bound_pct": ("bound_pct", False, "radioligand bound (%)"),
    "signal_window": ("signal_window_robust", True, "robust signal window"),
    "position_effect_pct": ("position_effect_pct", False, "position effect among totals (%)"),
    "dispensing_cv_pct": (
        "dispensing_cv_pct",
        False,
        "CV of the radioligand added, between plates of the run (%)",
    ),
    "solvent_difference_pct": (
        "solvent_difference_pct",
        False,
        "difference of solvent between assays of the run (%)",
    ),
    "z_prime_difference": ("z_prime_difference", False, "difference of Z' and robust Z'"),
}


def judge_plates(wells: pd.DataFrame, assays, limits) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics and verdict of each plate, and the wells with their flags.

    The verdict uses the robust forms, so that one bad well is flagged and not the plate
    failed; the classical forms are given beside them.

    Parameters
    ----------
    wells : DataFrame
        Columns of wells.csv.
    assays : mapping
        Per assay ``limits`` (only what differs), ``total_added_fraction`` and, where they are
        known, ``solvent_pct`` and ``reference_compound``.
    limits : mapping
        ``warn`` and ``fail`` of each metric.

    Returns
    -------
    plates, wells : DataFrame
    """
    wells = wells.copy()
    rows = []
    on_plates = wells[wells.plate != ""]
    dispensing, solvent = _dispensing(on_plates), _solvent(on_plates, assays)
    for (drop, run, plate), group in on_plates.groupby(["drop", "run", "plate"], sort=False):
        first = group.iloc[0]
        assay = assays[first.assay]
        by_design = first.kind in CONSTANT_KINDS
        far = group.index[:0] if by_design else _far_controls(group)
        row = _measure(group.iloc[:0] if by_design else group, assay) | {
            "dispensing_cv_pct": dispensing.get((drop, run, first.assay), np.nan),
            "solvent_difference_pct": solvent.get((drop, run), np.nan),
        }
        where = row.pop("position_effect")
        in_force = {m: _merged(limits[m], (assay["limits"] or {}).get(m)) for m in _JUDGED}
        if by_design:
            verdict, flags = "pass", ["no plate metrics: its wells differ by design"]
        else:
            verdict, flags = _verdict(row, in_force)
            if row["position_effect_pct"] > (in_force["position_effect_pct"]["warn"] or np.inf):
                flags.append(f"largest position effect: {where}")
            flags += _no_reference(group, assay.get("reference_compound") or "")
        if row["z_prime_difference"] > (in_force["z_prime_difference"]["warn"] or np.inf):
            worst = _worst_control(group)
            far = far.union(worst)
        wells.loc[far, "flags"] = "control well far from the others of its kind"
        if len(far):
            names = ", ".join(group.loc[far, "well"])
            flags.append(f"control wells far from their kind: {names}")
        rows.append(
            row
            | {
                "drop": drop,
                "run": run,
                "plate": plate,
                "assay": first.assay,
                "target": first.target,
                "verdict": verdict,
                "flags": "; ".join(flags),
                "n_flagged": len(far),
                "n_excluded": int(group.excluded.sum()),
                "unit": first.unit,
                "simulated": first.simulated,
            }
        )
    plates = pd.DataFrame(rows).drop(columns="z_prime_difference", errors="ignore")
    return typed(plates, PLATES), wells


def _no_reference(group: pd.DataFrame, name: str) -> list[str]:
    """Flag of a plate that should have the assay's reference compound and has no well of it."""
    used = group[~group.excluded & group.signal.notna()]
    there = (used.role == "reference") | (used.compound.str.casefold() == name.casefold())
    return [f"reference compound {name} is not on the plate"] if name and not there.any() else []


def _signals(group: pd.DataFrame, role: str) -> np.ndarray:
    return group.loc[(group.role == role) & ~group.excluded, "signal"].dropna().to_numpy()


def _measure(group: pd.DataFrame, assay) -> dict:
    total, nonspecific = _signals(group, "total"), _signals(group, "nonspecific")
    fraction = assay.get("total_added_fraction") or 1.0
    mean_total = float(np.mean(total)) if len(total) else np.nan
    mean_nonspecific = float(np.mean(nonspecific)) if len(nonspecific) else np.nan
    z, robust = metrics.z_prime(total, nonspecific), metrics.z_prime_robust(total, nonspecific)
    place = _positions(group)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "z_prime": z,
            "z_prime_robust": robust,
            "z_prime_difference": abs(robust - z),
            "signal_background": float(np.divide(mean_total, mean_nonspecific)),
            "cv_total_pct": metrics.cv_pct(total),
            "cv_nonspecific_pct": metrics.cv_pct(nonspecific),
            "cv_total_robust_pct": metrics.cv_robust_pct(total),
            "cv_nonspecific_robust_pct": metrics.cv_robust_pct(nonspecific),
            "nonspecific_pct": float(100.0 * np.divide(mean_nonspecific, mean_total)),
            "bound_pct": metrics.bound_pct(
                total, _signals(group, "total_added"), _signals(group, "blank"), fraction
            ),
            "signal_window": metrics.signal_window(total, nonspecific),
            "signal_window_robust": metrics.signal_window_robust(total, nonspecific),
            "ssmd": metrics.ssmd(total, nonspecific),
            "specific_pct": float(100.0 * (1.0 - np.divide(mean_nonspecific, mean_total))),
            "row_effect_pct": place.row_pct,
            "column_effect_pct": place.column_pct,
            "edge_effect_pct": place.edge_pct,
            "drift_pct": place.drift_pct,
            "read_order_rho": place.read_rho,
            "position_effect_pct": place.worst_pct,
            "position_effect": place.worst,
            "mean_total": mean_total,
            "mean_nonspecific": mean_nonspecific,
            "n_total": len(total),
            "n_nonspecific": len(nonspecific),
        }


def _positions(group: pd.DataFrame) -> Position:
    """Position effects among the total wells, the only ones that should all be equal."""
    placed = group[group.row.notna() & group.col.notna()]
    used = placed[(placed.role == "total") & ~placed.excluded & placed.signal.notna()]
    large = len(placed) and (placed.row.max() > 7 or placed.col.max() > 11)
    return position_effects(
        used.row.to_numpy(dtype=int),
        used.col.to_numpy(dtype=int),
        used.signal.to_numpy(dtype=float),
        (16, 24) if large else (8, 12),
    )


def _dispensing(wells: pd.DataFrame) -> dict:
    """CV of the radioligand added between the plates of each run and assay."""
    added = wells[(wells.role == "total_added") & ~wells.excluded & wells.signal.notna()]
    means = added.groupby(["drop", "run", "assay", "plate"]).signal.mean()
    return {
        key: metrics.cv_pct(plates.to_numpy())
        for key, plates in means.groupby(level=["drop", "run", "assay"])
    }


def _solvent(wells: pd.DataFrame, assays) -> dict:
    """Difference of the solvent between the assays of each run that say theirs."""
    out = {}
    for key, group in wells.groupby(["drop", "run"]):
        shares = [assays[name].get("solvent_pct") for name in group.assay.unique()]
        known = [share for share in shares if share is not None]
        out[key] = max(known) - min(known) if known else np.nan
    return out


def _merged(general: dict, own: dict | None) -> dict:
    return general | {key: value for key, value in (own or {}).items() if value is not None}


def _verdict(row: dict, limits: dict) -> tuple[str, list[str]]:
    verdict, flags = "pass", []
    for metric, (column, low_is_bad, name) in _JUDGED.items():
        value = row[column]
        if np.isnan(value):
            if metric == "z_prime":
                verdict = "warn" if verdict == "pass" else verdict
                flags.append("Z' cannot be computed: fewer than two wells of a control")
            continue
        for level in ("fail", "warn"):
            limit = limits[metric][level]
            if limit is not None and (value < limit if low_is_bad else value > limit):
                side = "below" if low_is_bad else "above"
                flags.append(f"{name} {significant(value)} is {side} {limit:g} ({level})")
                verdict = "fail" if "fail" in (level, verdict) else "warn"
                break
    return verdict, flags


def _far_controls(group: pd.DataFrame) -> pd.Index:
    far = []
    for role in ("total", "nonspecific", "total_added"):
        rows = group[(group.role == role) & ~group.excluded & group.signal.notna()]
        far.append(rows.index[metrics.far_wells(rows.signal.to_numpy())])
    return far[0].union(far[1]).union(far[2])


def _worst_control(group: pd.DataFrame) -> pd.Index:
    """The control well that pulls Z' furthest from its robust form."""
    worst, distance = None, -1.0
    for role in ("total", "nonspecific"):
        rows = group[(group.role == role) & ~group.excluded & group.signal.notna()]
        deviation = (rows.signal - rows.signal.median()).abs()
        if len(deviation) and deviation.max() > distance:
            worst, distance = deviation.idxmax(), deviation.max()
    return pd.Index([worst] if worst is not None else [])
