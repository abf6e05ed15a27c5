"""All accepted drops: wells.csv, plates.csv and curves.csv, and the data dictionary."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reuptake.pooling import (
    compound_names,
    join_flags,
    range_jumps,
    refuse_unaccepted,
    repeated_curves,
)
from reuptake.stages import accept
from reuptake.tables import (
    CONSTANTS,
    CURVES,
    ISOTHERMS,
    PLATES,
    WELLS,
    data_dictionary,
    replacing,
    typed,
    write_csv,
)

_TABLES = {"wells": WELLS, "plates": PLATES, "curves": CURVES}
_OF_CONSTANTS = {"constants": CONSTANTS, "isotherms": ISOTHERMS}


def run(accepted: Path, per_drop: Path, measuring: list[str], section: dict, tables: Path) -> None:
    """Pool the drops' tables in the order of their names; `measuring` have constants."""
    drops = accept.names(accepted)
    pooled = {}
    for names, columns_of in (
        (drops, _TABLES),
        ([drop for drop in drops if drop in measuring], _OF_CONSTANTS),
    ):
        for name, columns in columns_of.items():
            paths = [per_drop / drop / f"{name}.parquet" for drop in names]
            pooled[name] = _pool(paths, columns)
    pooled["curves"] = refuse_unaccepted(pooled["curves"], set(drops))
    wells, curves = pooled["wells"], pooled["curves"]
    written = pd.unique(pd.concat([wells["compound"], curves["compound"]]))
    names = compound_names([name for name in written if name], section["compounds"])
    for frame in (wells, curves):
        frame["compound"], notes = _named(frame["compound"], names)
        if frame is curves:
            frame["flags"] = [join_flags(*f) for f in zip(frame["flags"], notes, strict=True)]
    curves["flags"] = [
        join_flags(*f) for f in zip(curves["flags"], range_jumps(curves), strict=True)
    ]
    mark_repeats(curves, wells)
    for name, frame in pooled.items():
        write_csv(frame, tables / f"{name}.csv")
    with replacing(tables / "README.md") as temporary:
        temporary.write_text(data_dictionary(), encoding="utf-8")


def mark_repeats(curves: pd.DataFrame, wells: pd.DataFrame) -> None:
    """Name in each curve the earlier one with the same counts, and flag it."""
    repeats = repeated_curves(wells)
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


def _pool(paths: list[Path], columns) -> pd.DataFrame:
    frames = [frame for path in paths if len(frame := pd.read_parquet(path))]
    return typed(pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(), columns)


def _named(written: pd.Series, names: dict) -> tuple[pd.Series, list[str]]:
    pairs = [names.get(name, (name, "")) for name in written]
    return pd.Series([p[0] for p in pairs], index=written.index, dtype="str"), [p[1] for p in pairs]
