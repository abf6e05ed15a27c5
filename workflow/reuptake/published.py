"""Measured potencies beside published ones: where they lie far apart. A note, no verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.formatting import significant

if TYPE_CHECKING:
    import pandas as pd

FAR_FROM_PUBLISHED = 10.0
SAME = ["compound", "target", "species", "modality", "quantity"]


def read_affinities(reference: Path) -> pd.DataFrame:
    """Published affinities, as text: a published value keeps the digits it was published with."""
    import pandas as pd

    return pd.read_csv(Path(reference) / "affinities.csv", dtype="str", keep_default_na=False)


def published_values(affinities: pd.DataFrame) -> dict[tuple, list[str]]:
    """Published values by compound, target, species, modality and quantity, as written."""
    return {
        key: [value for value in part["value_nM"] if value]
        for key, part in affinities.groupby(SAME, sort=False)
    }


def far_from_published(qualifier: str, value_nM: float, published: Iterable) -> str:
    """Words where every published value lies over ten-fold from the value, or beyond its bound.

    Laboratories differ by that much, and the published value may be the one that is off.

    Parameters
    ----------
    qualifier, value_nM
        Of the measured value.
    published : iterable of float or str
        In nM.
    """
    folds = [value_nM / float(each) for each in published] if qualifier and value_nM > 0 else []
    if folds and min(folds) > FAR_FROM_PUBLISHED and qualifier in ("=", ">"):
        return f"{significant(min(folds))}-fold above what is published"
    if folds and max(folds) < 1 / FAR_FROM_PUBLISHED and qualifier in ("=", "<"):
        return f"{significant(1 / max(folds))}-fold below what is published"
    return ""


def note_of(row: Mapping, published: dict[tuple, list[str]]) -> str:
    """The note on a row of potency.csv; nothing published can support simulated data."""
    if row["simulated"]:
        return ""
    values = published.get(tuple(row[name] for name in SAME), [])
    return far_from_published(row["qualifier"], row["value_nM"], values)
