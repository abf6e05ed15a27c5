"""All accepted drops: their wells, plates.csv and curves.csv, and the data dictionary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from reuptake import parts
from reuptake.crew import Crew
from reuptake.drops.seal import sha256
from reuptake.pooling import (
    Repeats,
    compound_names,
    fingerprints,
    join_flags,
    range_jumps,
    refuse_unaccepted,
)
from reuptake.settings.sections import digest, fingerprint
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
    write_parquet,
    write_texts,
)

# of an archive's wells only so many drops are held in memory
DROPS_AT_ONCE = 50
_POOLED = {"wells": WELLS, "plates": PLATES, "curves": CURVES}


def run(
    accepted: Path,
    per_drop: Path,
    measuring: list[str],
    section: dict,
    tables: Path,
    wells: Path,
    cache: Path,
    processes: int = 1,
) -> None:
    """Pool the drops' tables in the order of their names; `measuring` have constants.

    The wells are also written to `wells`, as parquet, some drops a part.

    Of some drops at a time the tables are kept in `cache` as they are pooled, so that a new drop
    costs the last of these parts.
    """
    accepted_drops = accept.names(accepted)
    drops = [per_drop / drop for drop in accepted_drops]
    with_constants = [per_drop / drop for drop in accepted_drops if drop in measuring]
    names = compound_names([name for name in _compounds(drops) if name], section["compounds"])
    some_drops = _parts(drops, names, cache)
    with Crew(processes) as crew:
        for part in some_drops:
            if not part.is_kept:
                crew.do(_keep, part)
        for name, columns in (("constants", CONSTANTS), ("isotherms", ISOTHERMS)):
            files = [drop / f"{name}.parquet" for drop in with_constants]
            write_csv(_pool(files, columns), tables / f"{name}.csv")
    write_csv(_pool([part.plates for part in some_drops], PLATES), tables / "plates.csv")
    curves = _pool([part.curves for part in some_drops], CURVES)
    curves = refuse_unaccepted(curves, set(accepted_drops))
    curves["compound"], notes = _named(curves["compound"], names)
    curves["flags"] = [
        join_flags(*f) for f in zip(curves["flags"], notes, range_jumps(curves), strict=True)
    ]
    repeats = Repeats()
    write_texts(_noted(some_drops, repeats), tables / "wells.csv")
    parts.join((part.wells for part in some_drops), wells)
    mark_repeats(curves, repeats.found)
    write_csv(curves, tables / "curves.csv")
    with replacing(tables / "README.md") as temporary:
        temporary.write_text(data_dictionary(), encoding="utf-8")
    for file in set(cache.iterdir()) - {file for part in some_drops for file in part.files}:
        file.unlink()


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


@dataclass(frozen=True)
class _Part:
    """Some drops, and where their pooled tables are kept."""

    drops: list[Path]
    names: dict[str, tuple[str, str]]
    header: bool
    stem: Path

    @property
    def text(self) -> Path:
        """Their part of wells.csv."""
        return Path(f"{self.stem}.csv")

    @property
    def wells(self) -> Path:
        return Path(f"{self.stem}-wells.parquet")

    @property
    def fingerprints(self) -> Path:
        """The curves in these wells (:func:`reuptake.pooling.fingerprints`)."""
        return Path(f"{self.stem}.json")

    @property
    def plates(self) -> Path:
        return Path(f"{self.stem}-plates.parquet")

    @property
    def curves(self) -> Path:
        return Path(f"{self.stem}-curves.parquet")

    @property
    def files(self) -> tuple[Path, ...]:
        return self.text, self.wells, self.fingerprints, self.plates, self.curves

    @property
    def is_kept(self) -> bool:
        return all(file.is_file() for file in self.files)


def _parts(drops: list[Path], names: dict, cache: Path) -> list[_Part]:
    """A few drops each, in their order; one part, if there is no drop."""
    renamed = {name: meant for name, (meant, _) in sorted(names.items()) if meant != name}
    made_by = [fingerprint("collect"), renamed]
    out = []
    for start in range(0, max(len(drops), 1), DROPS_AT_ONCE):
        some = drops[start : start + DROPS_AT_ONCE]
        sums = [sha256(drop / f"{name}.parquet") for drop in some for name in _POOLED]
        key = digest([*made_by, start == 0, sums])
        out.append(_Part(some, names, start == 0, cache / key))
    return out


def _keep(part: _Part) -> None:
    """Pool the tables of a part and keep them."""
    wells, plates, curves = (
        _pool([drop / f"{name}.parquet" for drop in part.drops], columns)
        for name, columns in _POOLED.items()
    )
    wells["compound"], _ = _named(wells["compound"], part.names)
    write_texts([csv_text(wells, part.header)], part.text)
    write_parquet(wells, part.wells)
    found = [[*curve, digest.hex()] for curve, digest in fingerprints(wells)]
    with replacing(part.fingerprints) as temporary:
        temporary.write_text(json.dumps(found), encoding="utf-8")
    write_parquet(plates, part.plates)
    write_parquet(curves, part.curves)


def _noted(some_drops: list[_Part], repeats: Repeats) -> Iterator[str]:
    """The text of each part, of whose curves `repeats` takes note."""
    for part in some_drops:
        curves = json.loads(part.fingerprints.read_text(encoding="utf-8"))
        repeats.note((tuple(curve), bytes.fromhex(found)) for *curve, found in curves)
        with part.text.open(encoding="utf-8", newline="") as file:
            yield file.read()


def _pool(files: list[Path], columns) -> pd.DataFrame:
    """One table that stands in several files, below each other."""
    read = [parts.read(file) for file in files]
    read = [table for table in read if table.num_rows]
    if not read:
        return typed(pd.DataFrame(), columns)
    return typed(pa.concat_tables(read, promote_options="permissive").to_pandas(), columns)


def _compounds(drops: list[Path]) -> set[str]:
    """Every name of a compound in the drops' wells, as it is written there."""
    found: set[str] = set()
    for drop in drops:
        written = parts.read(drop / "wells.parquet", ["compound"])["compound"]
        found.update(written.unique().to_pylist())
    return found


def _named(written: pd.Series, names: dict) -> tuple[pd.Series, np.ndarray]:
    """The compounds that are meant, and the note on each spelling."""
    codes, spellings = pd.factorize(written)
    pairs = np.array([names.get(name, (name, "")) for name in spellings], dtype=object)
    meant, notes = pairs.reshape(-1, 2)[codes].T
    return pd.Series(meant, index=written.index, dtype="str"), notes
