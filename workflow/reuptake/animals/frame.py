"""From checked readings to the typed table of animals."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from reuptake.animals.columns import ANIMALS
from reuptake.tables import typed


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
        rows.append(row | {"below_loq": below, "flags": flags})
    frame = pd.DataFrame(rows).assign(
        drop=drop, run=run, assay=assay, species=species or "", simulated=simulated
    )
    return typed(frame, ANIMALS)
