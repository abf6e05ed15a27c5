"""The result tables as figures and report read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from reuptake import parts
from reuptake.curves.plates import CONTROLS, KEY
from reuptake.tables import TABLES, Column, read_csv

# with their wells and those of the controls, some tens of megabytes
CURVES_AT_ONCE = 4_000

INDEX = (
    Column("file", "text", "name of the figure, without .svg or .png"),
    Column(
        "kind",
        "text",
        "selectivity, heatmap, curves, forest, profiles, depletion, isotherms, plates, runcharts,"
        " forced_swim, agreement, pca_depletion, pca_dose_response or diagram",
    ),
    Column("compound", "text", "compound that the figure is of"),
    Column("modality", "text", "binding, uptake or response"),
    Column("drop", "text", "drop of a plates or isotherms figure or of a run with animals"),
    Column("run", "text", "run with animals"),
    Column("assay", "text", "its assay"),
    Column("caption", "text", "what the figure shows"),
    Column("simulated", "boolean", "true where any number behind it is simulated"),
)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every result table in `folder` but the wells, with its types."""
    return {
        name: read_csv(Path(folder) / f"{name}.csv", columns)
        for name, columns in TABLES.items()
        if name != "wells"
    }


def wells_in(file: Path) -> parts.Parts:
    """All wells, some drops at a time."""
    return parts.Parts(Path(file))


def read_index(folder: Path) -> pd.DataFrame:
    """The index of a folder of figures."""
    return read_csv(Path(folder) / "index.csv", INDEX)


def series_of(frame: pd.DataFrame) -> pd.Series:
    """The target, with its species where that is not human."""
    human = frame["species"].str.lower().isin(["human", ""])
    return frame["target"].where(human, frame["target"] + ", " + frame["species"])


def points_of(curves: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """The wells of each curve, with those controls of its plate that are its own.

    Parameters
    ----------
    curves, wells : DataFrame
        The result tables.

    Returns
    -------
    DataFrame
        ``curve`` (row of `curves`), ``well`` (index in `wells`), ``concentration_nM`` (0 vehicle,
        inf full block), signal, excluded; curve by curve. Wells without a signal are left out.
    """
    numbered = curves[KEY].assign(curve=np.arange(len(curves)))
    columns = [*KEY, "concentration_nM", "signal", "excluded"]
    wells = wells.loc[wells["signal"].notna(), columns]
    wells = wells.assign(excluded=wells["excluded"].fillna(False).astype(bool), well=wells.index)
    own = wells[wells["role"].isin(["sample", "reference"]) & (wells["concentration_nM"] > 0)]
    controls = wells[wells["role"].isin(list(CONTROLS))]
    level = controls["role"].map(CONTROLS)
    # a control of a response belongs to its compound, one without a compound to the plate
    named = controls["compound"].where(controls["role"].isin(["vehicle", "full_block"]), "")
    controls = controls.assign(concentration_nM=level, named=named)
    controls = controls.drop(columns=["role", "compound"])
    plate = [name for name in KEY if name not in ("compound", "role")]
    shared = controls.merge(numbered, on=plate)
    shared = shared[(shared["named"] == "") | (shared["named"] == shared["compound"])]
    kept = ["curve", "well", "concentration_nM", "signal", "excluded"]
    joined = pd.concat([own.merge(numbered, on=KEY)[kept], shared[kept]])
    return joined.sort_values("curve", kind="stable", ignore_index=True)


def rows_by_drop(frame: pd.DataFrame) -> Callable[[pd.Series], np.ndarray]:
    """Finds which rows of a frame are of the drops that a column names."""
    places = frame.groupby("drop").indices

    def rows(drops: pd.Series) -> np.ndarray:
        found = [places[drop] for drop in drops.unique() if drop in places]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=int)

    return rows


def points_of_parts(curves: pd.DataFrame, wells: Iterable[pd.DataFrame], points: Callable):
    """Yield what `points` (such as :func:`points_of`) finds, with the rows of all `curves`.

    Parameters
    ----------
    curves : DataFrame
        The result table, or some rows of it.
    wells : iterable of DataFrame
        The result table in parts, each of whole drops.
    points : callable
        Of some curves and their wells, with a column ``curve``.
    """
    rows_of = rows_by_drop(curves)
    for part in wells:
        here = rows_of(part["drop"])
        if len(here):
            found = points(curves.iloc[here], part)
            yield found.assign(curve=here[found["curve"]])


@contextmanager
def points_by_compound(
    curves: pd.DataFrame, wells: Iterable[pd.DataFrame], points: Callable
) -> Iterator[Iterator[tuple[np.ndarray, pd.DataFrame]]]:
    """The points of curves, some compounds at a time, in the order of their names.

    Parameters
    ----------
    curves, wells, points
        As of :func:`points_of_parts`.

    Yields
    ------
    iterator
        Of the rows of `curves` that some compounds have, and their points in this order.
    """
    some = parts.batches(curves["compound"], CURVES_AT_ONCE)
    number = curves["compound"].map({name: i for i, names in enumerate(some) for name in names})
    number = number.to_numpy()
    found = points_of_parts(curves, wells, points)
    with parts.sorted_out((part, number[part["curve"]]) for part in found) as rows_of:
        yield ((np.flatnonzero(number == i), rows_of(i)) for i in range(len(some)))
