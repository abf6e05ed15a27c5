"""One drop with animals: compare the groups of its runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from reuptake.animals import forced_swim, pca
from reuptake.animals.columns import ANIMAL_RUNS, ANIMALS, ARRIVE, PER_DROP
from reuptake.drops.animals import READOUTS
from reuptake.quantities import parse
from reuptake.tables import typed, write_parquet


def run(verdict: Path, animals: Path, section: dict, out: Path) -> None:
    """Analyse the runs with animals of a drop; `out` is the drop's folder."""
    assays = section["assays"]
    frame = typed(pd.read_parquet(animals), ANIMALS)
    declared = json.loads(verdict.read_text(encoding="utf-8"))["runs"]
    for name, table in tables_of(frame, assays, declared).items():
        write_parquet(table, out / f"{name}.parquet")


def tables_of(
    animals: pd.DataFrame, assays: Mapping[str, Mapping], declared: list[dict]
) -> dict[str, pd.DataFrame]:
    """Every table of one drop's animals.

    Parameters
    ----------
    animals : DataFrame
        Columns of ANIMALS.
    assays : mapping
        Settings of the assays with animals.
    declared : list of dict
        The runs as drop.yaml declares them.
    """
    made = forced_swim.analyse(animals, assays) | pca.analyse(animals, assays)
    for name, kind, analyse in (
        ("forced_swim", "forced_swim", forced_swim.analyse),
        ("pca", "pca_depletion", pca.analyse),
    ):
        main = "forced_swim" if name == "forced_swim" else "pca_antagonism"
        others = [analyse(animals, assays, readout)[main] for readout in READOUTS[kind][1:]]
        made[f"{name}_readouts"] = pd.concat(others, ignore_index=True)
    described = {(entry["run"], entry["assay"]): entry for entry in declared}
    groups = pd.concat([made["forced_swim"], made["pca_antagonism"]], ignore_index=True)
    rows = [
        _described(mine, assays[assay], described[run, assay], groups)
        for (run, assay), mine in animals.groupby(["run", "assay"], sort=True)
    ]
    made["animal_runs"] = typed(pd.DataFrame(rows), ANIMAL_RUNS)
    return {name: typed(made[name], columns) for name, columns in PER_DROP.items()}


def _described(rows: pd.DataFrame, assay: Mapping, entry: dict, groups: pd.DataFrame) -> dict:
    """A run with animals in one row: what it was, and what is recorded of it."""
    first = rows.iloc[0]
    mine = groups[(groups["run"] == first["run"]) & (groups["assay"] == first["assay"])]
    used = rows[~rows["excluded"].astype(bool)]
    cages = len(mine) and (mine["n_units"] < mine["n"]).any()
    scorers = set(used["scorer"]) - {""}
    length = assay.get("test_length")
    return {
        **{name: first[name] for name in ("drop", "run", "assay", "species", "simulated")},
        "kind": assay["kind"],
        "date": entry["date"],
        "operator": entry.get("operator") or "",
        "control_group": assay["control_group"],
        "challenge_group": assay.get("challenge_group") or "",
        "test_length_s": parse(str(length), "s") if length else None,
        "trend": assay.get("trend"),
        "n_groups": used["group"].nunique(),
        "n_animals": rows["animal"].nunique(),
        "n_excluded": rows["animal"].nunique() - used["animal"].nunique(),
        "unit": "cage" if cages else "animal",
        "n_scorers": len(scorers) or None,
        **{
            f"{name}s" if name != "sex" else "sexes": "; ".join(sorted(set(used[name]) - {""}))
            for name in ("readout", "strain", "sex")
        },
        "weight_lowest": used["weight"].min(),
        "weight_highest": used["weight"].max(),
        "note": entry.get("note") or "",
        **{f"arrive_{key}": (entry.get("arrive") or {}).get(key) or "" for key in ARRIVE},
    }
