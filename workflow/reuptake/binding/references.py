"""Constants of an assay that name the run which measured them."""

from __future__ import annotations

import numpy as np
import pandas as pd

# key of the assay -> parameter of constants.csv and the unit that it must have
_CONSTANTS = {"kd": ("kd", "nM"), "km": ("km", "nM"), "bmax": ("bmax", "pmol/mg")}


def resolve(assay: dict, constants: pd.DataFrame) -> dict:
    """The assay with the constants of the runs that it names.

    Parameters
    ----------
    assay : dict
        The assay's entry; ``kd``, ``km`` or ``bmax`` may be ``{run: drop/run}``.
    constants : DataFrame
        Columns of constants.csv; of accepted drops.

    Returns
    -------
    dict
        The entry with ``value``, ``relative_error`` (SE over value), ``source`` and ``method``
        beside ``run``, or with ``refused``, the reason why the run does not tell it.
    """
    out = dict(assay)
    ligand = (assay.get("radioligand") or assay.get("substrate") or {}).get("name")
    for key, (parameter, unit) in _CONSTANTS.items():
        entry = assay.get(key)
        if not isinstance(entry, dict) or not entry.get("run"):
            continue
        found = _found(constants, entry["run"], parameter, assay.get("target"))
        if not isinstance(found, str):
            found = _usable(found, unit, ligand if key != "bmax" else None)
        if isinstance(found, str):
            out[key] = {"run": entry["run"], "refused": f"{entry['run']}: {found}"}
            continue
        out[key] = {
            "run": entry["run"],
            "value": f"{found.value!r} {unit}",
            "relative_error": float(found.se / found.value),
            "source": entry["run"],
            "method": found.method,
        }
    return out


def _found(constants: pd.DataFrame, run: str, parameter: str, target):
    """The row of a run's parameter, or why there is none."""
    drop, _, name = run.partition("/")
    rows = constants
    if len(rows):
        rows = rows[(rows["drop"] == drop) & (rows.run == name) & (rows.parameter == parameter)]
    if rows.empty:
        return f"no accepted run of this name has a {parameter}"
    mine = rows[rows.target == target]
    if mine.empty:
        return f"it is of {', '.join(sorted(set(rows.target)))}"
    if len(mine) > 1:
        return f"{len(mine)} assays of the run have one"
    return next(mine.itertuples())


def _usable(row, unit: str, ligand):
    """The row, or why its value cannot be used."""
    if not np.isfinite(row.value):
        return row.flags
    if ligand and row.ligand and row.ligand.casefold() != ligand.casefold():
        return f"it is of {row.ligand}"
    if row.unit != unit:
        return f"it is in {row.unit}, not in {unit}"
    if not (row.lower > 0 and np.isfinite(row.upper)):
        return "its interval is open"
    return row
