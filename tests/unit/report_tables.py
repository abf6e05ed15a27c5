"""A small archive as result tables, for the tests of figures, guide tables and report.

Signals follow a known logistic with a small fixed error pattern; the estimates are the known
values, so that nothing here depends on the curve engine. Names are hostile on purpose.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

from reuptake.tables import TABLES, typed, write_csv, write_parquet

SCRIPT = "<script>alert(1)</script>"
LONG = "α-" + "méthyl-Ω-" * 14 + "$\\frac{amine$"
REAL_DROP, UPTAKE_DROP, SIMULATED_DROP = "2026-03-02-panel", "2026-03-09-uptake", "2026-04-01-sim"
TOTAL, NONSPECIFIC = 4800.0, 600.0
_ERROR = (0.012, -0.02, 0.006, -0.009, 0.017, -0.004, 0.01, -0.013)
_STEPS = np.round(10.0 ** np.arange(-1.5, 5.01, 0.5), 6)

# compound, target: IC50 in nM of each run, with its status ("ok" unless said).
BINDING = {
    "citalopram": {"SERT": (2.6, 2.2, 2.9), "DAT": (41000.0,) * 3, "NET": (7900.0, 8300.0, 8800.0)},
    "compound A": {"SERT": (0.96, 1.16, 1.9), "DAT": (5800.0, 8200.0, 6800.0), "NET": (None,) * 3},
    SCRIPT: {"SERT": (31.0,), "DAT": (None,), "NET": (math.nan,)},
    LONG: {"SERT": (420.0, 510.0)},
}
STATUS = {
    (SCRIPT, "SERT"): "ambiguous",
    ("citalopram", "DAT"): "partial",
    (SCRIPT, "NET"): "failed",
    ("compound A", "NET"): "incomplete",
    (SCRIPT, "DAT"): "inactive",
}
UPTAKE = {"citalopram": {"SERT": (1.9, 2.4)}, "compound A": {"SERT": (0.71, 0.9)}}
SIMULATED = {
    "citalopram": {"SERT": (2.4, 2.5, 2.6)},
    "Sert-IN-2": {"SERT": (1.1, 1.3, 1.2), "DAT": (9000.0, 9500.0, 8800.0)},
}


def archive(simulated: bool = True, real: bool = True) -> dict[str, pd.DataFrame]:
    """All result tables of the archive, typed as the pipeline writes them."""
    wells, curves, plates = [], [], []
    if real:
        _assay(REAL_DROP, "binding", BINDING, False, wells, curves, plates)
        _assay(UPTAKE_DROP, "uptake", UPTAKE, False, wells, curves, plates)
    if simulated:
        _assay(SIMULATED_DROP, "binding", SIMULATED, True, wells, curves, plates)
    frames = {"wells": wells, "curves": curves, "plates": plates, "drops": _drops(real, simulated)}
    runs = [(REAL_DROP, False)] * real + [(SIMULATED_DROP, True)] * simulated
    told = [_isotherm(drop, marked, uptake) for drop, marked in runs for uptake in (False, True)]
    for i, name in enumerate(("constants", "isotherms")):
        frames[name] = [row for each in told for row in each[i]]
    frames["experiments"] = _experiments(curves)
    frames["potency"] = _potency(frames["experiments"])
    frames["selectivity"] = _selectivity(frames["potency"])
    return {
        name: typed(pd.DataFrame(frames.get(name, [])), columns) for name, columns in TABLES.items()
    }


def empty() -> dict[str, pd.DataFrame]:
    """All result tables without a row: no drop at all."""
    return {name: typed(pd.DataFrame(), columns) for name, columns in TABLES.items()}


def write(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    """Write the tables as the pipeline does; the wells also as one part of `wells.parquet`."""
    for name, frame in tables.items():
        write_csv(frame, folder / f"{name}.csv")
    write_parquet(tables["wells"], folder / "wells.parquet")
    return folder


def _drops(real: bool, simulated: bool) -> list[dict]:
    accepted = [(REAL_DROP, False, 3, 9), (UPTAKE_DROP, False, 2, 2)] if real else []
    accepted += [(SIMULATED_DROP, True, 3, 6)] if simulated else []
    rows = [
        {
            "drop": d,
            "status": "accepted",
            "simulated": s,
            "n_runs": r,
            "n_plates": p,
            "n_wells": 96 * p,
            "reasons": "",
        }
        for d, s, r, p in accepted
    ]
    rows.append(
        {
            "drop": "2026-03-20-broken",
            "status": "rejected",
            "simulated": False,
            "reasons": "raw/p1.txt, line 14, B07: a count is not a number (found '=cmd()'). "
            f"Export the file again; layout.csv, line 3: unknown role "
            f"(found '{SCRIPT}'). Correct it",
        }
    )
    rows.append(
        {
            "drop": "=cmd()",
            "status": "unregistered",
            "reasons": "no SHA256SUMS: still "
            "being copied? Call `reuptake register` when it is complete",
        }
    )
    return rows


def _assay(drop, modality, panel, simulated, wells, curves, plates) -> None:
    targets = sorted({target for by_target in panel.values() for target in by_target})
    for target in targets:
        n_runs = max(len(by_target.get(target, ())) for by_target in panel.values())
        for i in range(n_runs):
            place = {
                "drop": drop,
                "run": f"{'ABC'[i]}-{modality}",
                "plate": f"P-{target}",
                "assay": f"{target.lower()}_{modality}",
                "target": target,
                "kind": {"binding": "competition_binding", "uptake": "uptake_inhibition"}[modality],
                "species": "human",
                "experiment": f"{drop}/{'ABC'[i]}-{modality}",
                "simulated": simulated,
            }
            verdict = (
                "fail"
                if (target, i) == ("DAT", 2)
                else "warn"
                if (target, i) == ("DAT", 1)
                else "pass"
            )
            plates.append(_plate(place, verdict))
            _controls(place, wells)
            compounds = [c for c in panel if i < len(panel[c].get(target, ()))]
            for row, compound in enumerate(compounds):
                ic50 = panel[compound][target][i]
                status = STATUS.get((compound, target), "ok")
                curves.append(_curve(place, compound, ic50, status, verdict))
                _series(place, compound, ic50, status, row, wells)


def _isotherm(drop, simulated, uptake) -> tuple[list[dict], list[dict]]:
    """Constants and wells of a run whose wells lie on the curve, give or take the error."""
    names = ("km", "vmax") if uptake else ("kd", "bmax")
    unit = "pmol/(min mg)" if uptake else "pmol/mg"
    place = {"drop": drop, "run": "K" if uptake else "S", "target": "SERT"}
    place |= {"assay": "sert_kinetics" if uptake else "sert_saturation", "simulated": simulated}
    about = {
        "kind": "uptake_kinetics" if uptake else "saturation_binding",
        "species": "human",
        "ligand": SCRIPT,
        "n_points": 16,
        "depletion_pct": 3.0,
        "linear_to_min": 12.0 if uptake else math.nan,
        "sites_nM": math.nan if uptake else 0.24,
        "flags": f"found {SCRIPT}",
    }
    values = {names[0]: (5.3, "nM"), names[1]: (4.0, unit), "ns": (0.02, f"{unit}/nM")}
    constants = [
        place | about | {"parameter": k, "value": v, "lower": 0.9 * v, "upper": 1.1 * v, "unit": u}
        for k, (v, u) in values.items()
    ]
    constants.append(place | about | {"parameter": "bmax", "flags": "refused: no wells"})
    wells = []
    for i, ligand in enumerate((0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)):
        for role, bound in (("total", 4.0 * ligand / (5.3 + ligand)), ("nonspecific", 0.0)):
            level = bound + 0.02 * ligand
            well = {"role": role, "ligand_nM": ligand, "unlabelled_nM": 0.0, "unit": unit}
            well |= {"well": f"{role[0]}{i}", "fitted": level, "weight": 1.0}
            well |= {"time_min": 10.0 if uptake else math.nan, "plate": "P"}
            wells.append(place | well | {"response": level * (1 + _ERROR[i])})
            if uptake and role == "total" and i < 4:
                course = {"ligand_nM": 8.0, "time_min": 3.0 * (i + 1), "fitted": math.nan}
                course |= {"response": 2.5, "weight": math.nan, "well": f"c{i}"}
                wells.append(place | well | course)
    return constants, wells


def _plate(place, verdict) -> dict:
    keys = ("drop", "run", "plate", "assay", "target", "simulated")
    z_prime = {"pass": 0.91, "warn": 0.45, "fail": 0.21}[verdict]
    return {
        **{k: place[k] for k in keys},
        "verdict": verdict,
        "z_prime": z_prime,
        "z_prime_robust": z_prime,
        "signal_background": 8.0,
        "cv_total_pct": 1.9,
        "cv_nonspecific_pct": 3.6,
        "cv_total_robust_pct": 1.7,
        "cv_nonspecific_robust_pct": 3.3,
        "nonspecific_pct": 12.8,
        "bound_pct": 5.4,
        "flags": "" if verdict == "pass" else f"robust Z' {z_prime}",
        "n_total": 8,
        "n_nonspecific": 8,
        "n_flagged": 1,
        "n_excluded": 1,
        "unit": "cpm",
    }


def _well(place, row, col, role, signal, compound="", concentration=math.nan, **more) -> dict:
    return {
        **place,
        "well": f"{'ABCDEFGH'[row]}{col + 1:02d}",
        "row": row,
        "col": col,
        "role": role,
        "compound": compound,
        "concentration_nM": concentration,
        "counts": signal,
        "signal": signal,
        "unit": "cpm",
        "excluded": False,
        "reason": "",
        "flags": "",
        **more,
    }


def _controls(place, wells) -> None:
    for row in range(8):
        wells.append(_well(place, row, 0, "total", TOTAL * (1 + _ERROR[row])))
        more = {"flags": "outlier"} if row == 3 else {}
        wells.append(
            _well(
                place,
                row,
                11,
                "nonspecific" if row < 6 else "blank",
                NONSPECIFIC * (1 + _ERROR[-row]) if row < 6 else 40.0,
                **more,
            )
        )


def _series(place, compound, ic50, status, row, wells) -> None:
    for j, concentration in enumerate(_doses(place["target"], compound)):
        fraction = 1.0
        if status == "incomplete":
            fraction = 1 / (1 + concentration / 3e5)
        elif ic50 and math.isfinite(ic50):
            fraction = 1 / (1 + concentration / ic50)
        floor = 0.35 if status == "partial" else 0.0
        signal = NONSPECIFIC + (TOTAL - NONSPECIFIC) * (floor + (1 - floor) * fraction)
        for copy in range(2):
            bad = row == 0 and j == 4 and copy == 1
            value = signal * (1 + _ERROR[(j + 3 * copy + row) % 8]) * (1.6 if bad else 1)
            more = (
                {"excluded": True, "reason": f"bubble {SCRIPT}, by AB, 2026-03-03"} if bad else {}
            )
            role = "reference" if compound == "citalopram" else "sample"
            wells.append(
                _well(
                    place, (2 * row + copy) % 8, 1 + j, role, value, compound, concentration, **more
                )
            )


def _doses(target: str, compound: str):
    return _STEPS[:10] if target == "SERT" and compound != LONG else _STEPS[4:]


def _curve(place, compound, ic50, status, verdict) -> dict:
    doses = _doses(place["target"], compound)
    exact = status in ("ok", "partial", "ambiguous")
    binding = place["kind"] == "competition_binding"
    keys = ("drop", "run", "assay", "plate", "kind", "target", "experiment", "species", "simulated")
    row = {
        **{k: place[k] for k in keys},
        "compound": compound,
        "role": "reference" if compound == "citalopram" else "sample",
        "n_points": 20,
        "n_concentrations": 10,
        "model": "3PL, own plateau" if status == "partial" else "3PL",
        "status": status,
        "plate_verdict": verdict,
        "ki_method": "none",
        "flags": "",
        "lowest_tested_nM": doses[0],
        "highest_tested_nM": doses[-1],
    }
    if status == "failed":
        return {**row, "model": "", "flags": "cannot be fitted: no spread"}
    row |= {
        "top": TOTAL,
        "nonspecific": NONSPECIFIC,
        "bottom": NONSPECIFIC,
        "hill": 1.0,
        "rss": 12345.6,
        "df": 30,
        "effect_pct": 95.0 if exact else 25.0,
    }
    if status == "partial":
        row["bottom"] = NONSPECIFIC + 0.35 * (TOTAL - NONSPECIFIC)
    value = ic50 if exact else doses[-1]
    qualifier = "=" if exact else ">"
    row |= {
        "ic50_qualifier": qualifier,
        "ic50_nM": value,
        "ic50_absolute_qualifier": qualifier,
        "ic50_absolute_nM": value,
    }
    if exact:
        row |= {
            "ic50_lower_nM": 0.8 * value,
            "log10_ic50_se": 0.04,
            "ic50_upper_nM": math.inf if status == "ambiguous" else 1.25 * value,
        }
    if compound == LONG:
        # No Bmax and no protein: the Ki is an upper bound only.
        row |= {
            "ki_qualifier": "<",
            "ki_nM": value / 2,
            "ki_method": "bound",
            "flags": "depletion not assessable",
        }
    elif binding:
        row |= {
            "ki_qualifier": qualifier,
            "ki_nM": value / 2,
            "ki_method": "cheng_prusoff",
            "ki_lower_nM": row.get("ic50_lower_nM", math.nan) / 2,
            "kd_nM": 5.3,
            "ki_upper_nM": row.get("ic50_upper_nM", math.nan) / 2,
            "ligand_nM": 5.3,
            "depletion_radioligand_pct": 5.5,
            "depletion_competitor_pct": 3.0,
            "depletion_bias_pct": 2.7,
            "transporter_nM": 0.06,
        }
    else:
        row |= {"transporter_nM": 0.415, "flags": "no Ki: km is missing"}
    return row


def _experiments(curves: list[dict]) -> list[dict]:
    rows = []
    for curve in curves:
        if curve["plate_verdict"] == "fail" or curve["status"] == "failed":
            continue
        keys = ("compound", "target", "species", "assay", "experiment", "simulated", "flags")
        shared = {k: curve[k] for k in keys} | {"n_curves": 1}
        shared["modality"] = "binding" if curve["kind"] == "competition_binding" else "uptake"
        for quantity, name in (("IC50", "ic50"), ("Ki", "ki")):
            if curve.get(f"{name}_qualifier"):
                rows.append(
                    {
                        **shared,
                        "quantity": quantity,
                        "qualifier": curve[f"{name}_qualifier"],
                        "value_nM": curve[f"{name}_nM"],
                        "lower_nM": curve.get(f"{name}_lower_nM", math.nan),
                        "upper_nM": curve.get(f"{name}_upper_nM", math.nan),
                    }
                )
    return rows


def _potency(experiments: list[dict]) -> list[dict]:
    """Geometric means with a plain factor as interval: enough to be shown."""
    groups: dict[tuple, list[dict]] = {}
    keys = ("compound", "target", "species", "modality", "quantity", "simulated")
    for row in experiments:
        assay = row["assay"] if row["quantity"] == "IC50" else ""
        groups.setdefault((*(row[k] for k in keys), assay), []).append(row)
    rows = []
    for key, members in groups.items():
        exact = [m["value_nM"] for m in members if m["qualifier"] == "="]
        value = (
            math.exp(sum(map(math.log, exact)) / len(exact)) if exact else members[0]["value_nM"]
        )
        n = len(members)
        rows.append(
            {
                **dict(zip(keys, key, strict=False)),
                "assay": key[-1],
                "qualifier": "=" if exact else members[0]["qualifier"],
                "value_nM": value,
                "lower_nM": value / 2 if exact and n > 1 else members[0]["lower_nM"],
                "upper_nM": value * 2 if exact and n > 1 else members[0]["upper_nM"],
                "p_potency": 9 - math.log10(value),
                "n_experiments": n,
                "n_censored": n - len(exact),
                "method": "t interval on log10" if n > 1 else "one experiment",
                "flags": "",
            }
        )
    return rows


def _selectivity(potency: list[dict]) -> list[dict]:
    rows = []
    keys = ("compound", "species", "modality", "quantity", "simulated", "assay")
    primary = {tuple(r[k] for k in keys): r for r in potency if r["target"] == "SERT"}
    for off in potency:
        base = primary.get(tuple(off[k] for k in keys))
        if off["target"] == "SERT" or base is None:
            continue
        point = off["value_nM"] / base["value_nM"]
        bound = off["qualifier"] == ">"
        rows.append(
            {
                **{k: off[k] for k in keys if k != "assay"},
                "target": off["target"],
                "primary": "SERT",
                "qualifier": ">" if bound else "=",
                "ratio": 0.55 * point if bound else point,
                "ratio_point": point,
                "lower": math.nan if bound else point / 2,
                "upper": math.nan if bound else point * 2,
                "n_primary": base["n_experiments"],
                "n_target": off["n_experiments"],
                "flags": "",
                "statement": f"{off['compound']} prefers SERT over {off['target']}",
            }
        )
    return rows
