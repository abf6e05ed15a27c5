"""All accepted drops: wells.csv, plates.csv and curves.csv, and the data dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.parquet import ParquetFile

from reuptake.crew import spread
from reuptake.pooling import (
    Repeats,
    compound_names,
    fingerprints,
    join_flags,
    range_jumps,
    refuse_unaccepted,
)
from reuptake.stages import accept
from reuptake.tables import (
    CONSTANTS,
    CURVES,
    ISOTHERMS,
    PLATES,
    WELLS,
    csv_text,
    data_dictionary,
    replacing,
    typed,
    write_csv,
    write_texts,
)

# of an archive's wells only so many drops are held in memory
DROPS_AT_ONCE = 50


def run(
    accepted: Path,
    per_drop: Path,
    measuring: list[str],
    section: dict,
    tables: Path,
    processes: int = 1,
) -> None:
    """Pool the drops' tables in the order of their names; `measuring` have constants."""
    accepted_drops = accept.names(accepted)
    drops = [per_drop / drop for drop in accepted_drops]
    with_constants = [per_drop / drop for drop in accepted_drops if drop in measuring]
    names = compound_names([name for name in _compounds(drops) if name], section["compounds"])
    wells = spread(_part_of_wells, _parts(drops, names), processes)
    for name, columns, places in (
        ("plates", PLATES, drops),
        ("constants", CONSTANTS, with_constants),
        ("isotherms", ISOTHERMS, with_constants),
    ):
        write_csv(_pool(places, name, columns), tables / f"{name}.csv")
    curves = refuse_unaccepted(_pool(drops, "curves", CURVES), set(accepted_drops))
    curves["compound"], notes = _named(curves["compound"], names)
    curves["flags"] = [
        join_flags(*f) for f in zip(curves["flags"], notes, range_jumps(curves), strict=True)
    ]
    repeats = Repeats()
    write_texts(_noted(wells, repeats), tables / "wells.csv")
    mark_repeats(curves, repeats.found)
    write_csv(curves, tables / "curves.csv")
    with replacing(tables / "README.md") as temporary:
        temporary.write_text(data_dictionary(), encoding="utf-8")


def mark_repeats(curves: pd.DataFrame, repeats: Mapping[tuple, str]) -> None:
    """Name in each curve the earlier one with the same counts, and flag it."""
    names = ["drop", "run", "plate", "assay", "role", "compound"]
    keys = zip(*(curves[name] for name in names), strict=True)
    curves["repeat_of"] = pd.Series(
        [repeats.get(key, "") for key in keys], index=curves.index, dtype="str"
    )
    curves["flags"] = [
        join_flags(
            flags, f"same counts as {other}: left out of the answers, counted once" if other else ""
        )
        for flags, other in zip(curves["flags"], curves["repeat_of"], strict=True)
    ]


def _parts(drops: list[Path], names: dict) -> list[tuple[list[Path], dict, bool]]:
    """A few drops, the compounds, and whether it is the first part; one, if there is no drop."""
    starts = range(0, max(len(drops), 1), DROPS_AT_ONCE)
    return [(drops[start : start + DROPS_AT_ONCE], names, start == 0) for start in starts]


def _noted(parts: Iterable[tuple[str, list]], repeats: Repeats) -> Iterator[str]:
    """The text of each part, of whose curves `repeats` takes note."""
    for text, curves in parts:
        repeats.note(curves)
        yield text


def _part_of_wells(task: tuple[list[Path], dict, bool]) -> tuple[str, list[tuple[tuple, bytes]]]:
    """The wells of some drops as text, with or without a header, and their curves."""
    drops, names, header = task
    wells = _pool(drops, "wells", WELLS)
    wells["compound"], _ = _named(wells["compound"], names)
    return csv_text(wells, header), list(fingerprints(wells))


def _pool(drops: list[Path], name: str, columns) -> pd.DataFrame:
    """One table of several drops, below each other."""
    parts = [_read(drop / f"{name}.parquet") for drop in drops]
    parts = [part for part in parts if part.num_rows]
    if not parts:
        return typed(pd.DataFrame(), columns)
    return typed(pa.concat_tables(parts, promote_options="permissive").to_pandas(), columns)


def _read(file: Path, columns: list[str] | None = None) -> pa.Table:
    """One small file: threads would cost more than they save."""
    return ParquetFile(file).read(columns=columns, use_threads=False)


def _compounds(drops: list[Path]) -> set[str]:
    """Every name of a compound in the drops' wells, as it is written there."""
    found: set[str] = set()
    for drop in drops:
        found.update(_read(drop / "wells.parquet", ["compound"])["compound"].unique().to_pylist())
    return found


def _named(written: pd.Series, names: dict) -> tuple[pd.Series, np.ndarray]:
    """The compounds that are meant, and the note on each spelling."""
    codes, spellings = pd.factorize(written)
    pairs = np.array([names.get(name, (name, "")) for name in spellings], dtype=object)
    meant, notes = pairs.reshape(-1, 2)[codes].T
    return pd.Series(meant, index=written.index, dtype="str"), notes
