"""The curves of a compound that has many: on pages of their own, so that its page opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reuptake.report.elements import is_simulated, wells_page_of

CURVES_A_PAGE = 200
_CURVE = ["drop", "run", "assay", "plate", "role", "compound"]


@dataclass(frozen=True)
class WellsPage:
    """The curves of one page, their wells, and the SHA-256 of their drops' files."""

    path: str
    title: str
    curves: pd.DataFrame
    wells: pd.DataFrame
    seals: Mapping[str, Mapping[str, str]]


def page_of_curves(curves: pd.DataFrame, compound: str) -> pd.Series:
    """The page on which each curve stands with its wells; empty for the compound's own page.

    Curves are counted in the order of their drops, so that a new drop lengthens the last page
    and leaves the others as they are.

    Parameters
    ----------
    curves : DataFrame
        All curves of the compound, measured and simulated.
    compound : str
    """
    if len(curves) <= CURVES_A_PAGE:
        return pd.Series("", index=curves.index)
    ordered = curves.assign(simulated=is_simulated(curves)).sort_values(["simulated", *_CURVE])
    rank = ordered.groupby("simulated").cumcount().to_numpy() // CURVES_A_PAGE
    simulated = ordered["simulated"].to_numpy()
    # simulated data begin a page of their own
    first = np.where(simulated, rank[~simulated].max(initial=-1) + 1, 0)
    numbers = pd.Series(rank + first + 1, index=ordered.index)
    return numbers.map(lambda number: wells_page_of(compound, number)).reindex(curves.index)


def wells_pages(
    curves: pd.DataFrame, wells: pd.DataFrame, seals: Mapping[str, Mapping[str, str]]
) -> list[WellsPage]:
    """The further pages of a compound's curves.

    Parameters
    ----------
    curves : DataFrame
        With ``wells_page`` (:func:`page_of_curves`).
    wells : DataFrame
        Their wells.
    seals : mapping
        SHA-256 by drop and file.
    """
    found = []
    placed = wells.merge(curves[[*_CURVE, "wells_page"]], on=_CURVE)
    of_page = dict(list(placed.groupby("wells_page")))
    for path, mine in curves[curves["wells_page"] != ""].groupby("wells_page"):
        drops = sorted(set(mine["drop"]))
        sealed = {drop: dict(seals.get(drop, {})) for drop in drops}
        found.append(WellsPage(path, title(mine), mine, of_page.get(path, placed.iloc[:0]), sealed))
    return found


def page_of_experiments(experiments: pd.DataFrame, curves: pd.DataFrame) -> pd.Series:
    """The page on which the first curve of each experiment stands.

    Parameters
    ----------
    experiments : DataFrame
        Experiments of one compound.
    curves : DataFrame
        Its curves with ``wells_page`` (:func:`page_of_curves`).
    """
    key = ["target", "assay", "experiment"]
    first = curves.drop_duplicates(key).set_index(key)["wells_page"].to_dict()
    places = zip(*(experiments[name] for name in key), strict=True)
    return pd.Series([first.get(place, "") for place in places], experiments.index, dtype="str")


def title(curves: pd.DataFrame) -> str:
    """``drop-0001 to drop-0050``: the drops that a page's curves come from."""
    first, last = curves["drop"].min(), curves["drop"].max()
    return first if first == last else f"{first} to {last}"
