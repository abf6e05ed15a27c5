"""From a checked drop to the typed table of wells: one row a well, concentrations in nM."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reuptake.drops.check import CheckedDrop, PlateData
from reuptake.drops.model import Run
from reuptake.tables import WELLS, typed
from reuptake.wellnames import parse_well


def wells_of(checked: CheckedDrop, assays) -> pd.DataFrame:
    """The wells of a drop.

    Parameters
    ----------
    checked : CheckedDrop
        Without problems.
    assays : mapping
        Kind, target and species of each assay of the drop.

    Returns
    -------
    DataFrame
        The columns of wells.csv. A concentration is that in the well: a stock's is divided
        by its dilution. Plates stand in the order of drop.yaml, wells in that of the layout.
    """
    drop = checked.drop
    excluded = {
        (e.run, e.plate, *parse_well(e.well)): f"{e.reason} ({e.by}, {e.date.isoformat()})"
        for e in checked.exclusions
    }
    frames = [_plate_wells(data, excluded) for data in checked.plates]
    frames += [_response_wells(run, points) for run, points in checked.responses]
    runs = [data.run for data in checked.plates] + [run for run, _ in checked.responses]
    for frame, run in zip(frames, runs, strict=True):
        assay = assays[run.assay]
        frame["drop"] = drop.drop
        frame["run"] = run.run
        frame["assay"] = run.assay
        frame["experiment"] = run.experiment or f"{drop.drop}/{run.run}"
        frame["kind"] = assay["kind"]
        frame["target"] = assay.get("target") or ""
        frame["species"] = assay["species"] or ""
    wells = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    wells["simulated"] = drop.simulated
    return typed(wells, WELLS)


def _plate_wells(data: PlateData, excluded: dict) -> pd.DataFrame:
    wells, run = data.wells, data.run
    factor = run.concentrations.factor if run.concentrations else 1.0
    counts = np.array([data.counter.counts[w.row, w.col] for w in wells])
    lines = data.counter.lines
    reasons = [
        excluded.get((run.run, data.plate.plate, w.row, w.col))
        or ((w.reason or "no reason given in the layout") if w.excluded else "")
        for w in wells
    ]
    return pd.DataFrame(
        {
            "plate": data.plate.plate,
            "well": [w.well for w in wells],
            "role": [w.role for w in wells],
            "compound": [w.compound for w in wells],
            "concentration_nM": _floats([w.concentration_nM for w in wells]) / factor,
            "counts": counts,
            "signal": counts,
            "unit": data.counter.unit,
            "excluded": [bool(reason) for reason in reasons],
            "reason": reasons,
            "note": [w.note for w in wells],
            "file": data.counter.file,
            "line": None if lines is None else [lines[w.row, w.col] or None for w in wells],
            "row": [w.row for w in wells],
            "col": [w.col for w in wells],
            "ligand_concentration_nM": _floats([w.ligand_concentration_nM for w in wells]),
            "time_min": _floats([w.time_min for w in wells]),
        }
    )


def _response_wells(run: Run, points) -> pd.DataFrame:
    factor = run.concentrations.factor if run.concentrations else 1.0
    response = _floats([p.response for p in points])
    return pd.DataFrame(
        {
            "plate": "",
            "well": [f"line {p.line}" for p in points],
            "role": [p.role for p in points],
            "compound": [p.compound for p in points],
            "concentration_nM": _floats([p.concentration_nM for p in points]) / factor,
            "counts": np.nan,
            "signal": response,
            "unit": "response",
            "file": run.responses,
            "line": [p.line for p in points],
            "excluded": [p.excluded for p in points],
            "reason": [
                (p.reason or "no reason given in the file") if p.excluded else "" for p in points
            ],
        }
    )


def _floats(values: list) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
