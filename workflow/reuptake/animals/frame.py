"""From checked readings to the typed table of animals, and to one value an animal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd

from reuptake.animals.columns import ANIMALS
from reuptake.tables import typed

if TYPE_CHECKING:
    from reuptake.drops.check import CheckedDrop

_FIRST = ("group", "role", "treatment", "dose_mg_per_kg", "sex", "block", "cage")


def frame_of(
    levels, *, drop: str, run: str, assay: str, species: str = "", simulated: bool = False
) -> pd.DataFrame:
    """The animals of a run, columns of ANIMALS.

    Parameters
    ----------
    levels : list of (AnimalReading, bool, str)
        Readings with their value, whether they lie below the limit, and their flags.
    drop, run, assay, species : str
    simulated : bool
    """
    names = {column.name for column in ANIMALS}
    rows = []
    for reading, below, flags in levels:
        row = {key: value for key, value in asdict(reading).items() if key in names}
        if reading.excluded:
            row["reason"] = reading.reason or "no reason given in the file"
        rows.append(row | {"below_loq": below, "flags": flags})
    frame = pd.DataFrame(rows).assign(
        drop=drop, run=run, assay=assay, species=species or "", simulated=simulated
    )
    return typed(frame, ANIMALS)


def animals_of(checked: CheckedDrop, assays: Mapping[str, Mapping]) -> pd.DataFrame:
    """The animals of all runs of a checked drop, columns of ANIMALS."""
    drop = checked.drop
    frames = [
        frame_of(
            found,
            drop=drop.drop,
            run=run.run,
            assay=run.assay,
            species=assays[run.assay]["species"],
            simulated=drop.simulated,
        )
        for run, found in checked.animals
    ]
    return pd.concat(frames, ignore_index=True) if frames else typed(pd.DataFrame(), ANIMALS)


def one_per_animal(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean over scorers of each animal that is not excluded altogether."""
    kept = rows[~rows["excluded"].astype(bool) & rows["value"].notna()]
    grouped = kept.groupby("animal", sort=False)
    out = grouped.agg(
        **{name: (name, "first") for name in _FIRST},
        value=("value", "mean"),
        below_loq=("below_loq", "any"),
        n_scores=("value", "size"),
        notes=("flags", lambda s: "; ".join(dict.fromkeys(x for x in s if x))),
    )
    return out.reset_index()
